"""lm-eval's own command line on its own task files, their data read from local rows: real ones of GSM8K, MMLU, IFEval
and of BBH and MGSM as far as they are in its package; ARC's and HellaSwag's are stand-ins in their shape."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from helpers.paths import shared

_LOCAL = """
include: {yaml}
task: {name}
tag: []
dataset_path: json
dataset_name: null
dataset_kwargs: {{data_files: {files}}}
training_split: {train}
validation_split: {validation}
test_split: {test}
fewshot_split: {fewshot}
num_fewshot: {shots}
"""
YAML = {
    "our_gsm8k": "gsm8k/gsm8k.yaml",
    "our_mmlu": "mmlu/default/mmlu_astronomy.yaml",
    "our_ifeval": "ifeval/ifeval.yaml",
    "our_arc": "arc/arc_challenge.yaml",
    "our_hellaswag": "hellaswag/hellaswag.yaml",
    "our_bbh": "bbh/zeroshot/navigate.yaml",
    "our_mgsm": "mgsm/direct/mgsm_direct_de.yaml",
}
SHOTS = {"our_gsm8k": 2, "our_mmlu": 5}
_NEEDS_NLTK = ("length_constraints:number_sentences", "change_case:capital_word_frequency")


def write_tasks(folder: Path, names: Sequence[str], rows: int) -> Path:
    """A folder of task files that include lm-eval's, over at most `rows` rows each."""
    import lm_eval

    tasks = folder / "tasks"
    tasks.mkdir()
    for name in names:
        splits = {"test": _ROWS[name](rows)} | ({"train": _EXAMPLES[name]()} if name in _EXAMPLES else {})
        files = {}
        for split, docs in splits.items():
            files[split] = str(tasks / f"{name}.{split}.jsonl")
            Path(files[split]).write_text("".join(json.dumps(doc) + "\n" for doc in docs))
        shown = "train" if "train" in splits else "null"
        made = _LOCAL.format(
            yaml=Path(lm_eval.__file__).parent / "tasks" / YAML[name], name=name, files=json.dumps(files), test="test",
            train="null", validation="null", fewshot=shown, shots=SHOTS.get(name, 0),
        )  # fmt: skip
        (tasks / f"{name}.yaml").write_text(made)
    return tasks


def command(tasks: Path, names: Sequence[str], out: Path, chat: bool, budget: int, batch: int) -> list[str]:
    """The words of lm-eval's command line for the embedded model."""
    from holdfast.benchmarks.tiny import model_path

    words = [sys.executable, "-m", "lm_eval", "run", "--model", "hf", "--device", "cpu", "--log_samples"]
    words += ["--model_args", f"pretrained={model_path()},dtype=float32", "--tasks", ",".join(names)]
    words += ["--include_path", str(tasks), "--output_path", str(out), "--batch_size", str(batch)]
    words += ["--gen_kwargs", f"max_gen_toks={budget}"]
    return [*words, *(["--apply_chat_template", "--fewshot_as_multiturn", "true"] if chat else [])]


def environment(folder: Path) -> dict[str, str]:
    """One thread, no network, a cache of its own."""
    own = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    return {**os.environ, **own, "TOKENIZERS_PARALLELISM": "false"}


def run(
    folder: Path, tasks: Path, names: Sequence[str], *, chat: bool, budget: int = 16, batch: int = 8
) -> dict[str, list[dict[str, Any]]]:
    """The sample rows of each task as lm-eval wrote them."""
    words = command(tasks, names, folder / "out", chat, budget, batch)
    done = subprocess.run(words, env=environment(folder), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    found = {}
    for name in names:
        file = next((folder / "out").rglob(f"samples_{name}_*.jsonl"))
        found[name] = [json.loads(line) for line in file.read_text().splitlines()]
    return found


def _gsm8k(rows: int) -> list[dict[str, Any]]:
    return _read("gsm8k", "test.jsonl")[:rows]


def _read(*place: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in shared(*place).read_text(encoding="utf-8").splitlines()]


def _mmlu(split: str, rows: int) -> list[dict[str, Any]]:
    import csv

    with shared("mmlu", split, f"astronomy_{split}.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))[:rows]
    return [{"question": one[0], "choices": one[1:5], "answer": "ABCD".index(one[5])} for one in lines]


def _ifeval(rows: int) -> list[dict[str, Any]]:
    kept = [row for row in _read("ifeval", "input_data.jsonl") if not {*row["instruction_id_list"]} & {*_NEEDS_NLTK}]
    names = sorted({key for row in kept for one in row["kwargs"] for key in one})
    return [
        {**row, "kwargs": [{name: one.get(name) for name in names} for one in row["kwargs"]]} for row in kept[:rows]
    ]


def _arc(rows: int) -> list[dict[str, Any]]:
    things = ("iron", "wood", "glass", "water", "paper", "gold", "sand", "ice")
    made = []
    for number in range(rows):
        texts = [things[(number + step) % len(things)] + " " * 0 for step in range(4 if number % 3 else 3)]
        labels = list("ABCD" if number % 2 else "1234")[: len(texts)]
        question = f"Which of these did number {number} use to build a small boat?"
        made.append(
            {"question": question, "choices": {"text": texts, "label": labels}, "answerKey": labels[number % 3]}
        )
    return made


def _hellaswag(rows: int) -> list[dict[str, Any]]:
    return [
        {
            "activity_label": "Washing dishes [title]",
            "ctx_a": f"Person {number} stands at the sink.",
            "ctx_b": "she",
            "endings": [
                f"takes plate {number}.",
                "  runs  away [step] fast.",
                "sings.",
                f"counts to {number} and then stops.",
            ],
            "label": str(number % 4),
        }
        for number in range(rows)
    ]


def _bbh(rows: int) -> list[dict[str, Any]]:
    """The real rows that its package holds as examples, and further ones after their pattern."""
    import lm_eval
    import yaml

    text = (Path(lm_eval.__file__).parent / "tasks" / "bbh" / "fewshot" / "navigate.yaml").read_text()
    real = list(yaml.safe_load(text)["fewshot_config"]["samples"])
    made = [
        {"input": one["input"].replace("Take", f"Take {number} step. Take", 1), "target": one["target"]}
        for number in range(rows)
        for one in real
    ]
    return [*real, *made][:rows]


def _mgsm(rows: int) -> list[dict[str, Any]]:
    return [
        {
            "question": f"Anna hat {number + 3} Äpfel und kauft {number} dazu. Wie viele hat sie?",
            "answer": None,
            "answer_number": 2 * number + 3,
            "equation_solution": None,
        }
        for number in range(rows)
    ]


_ROWS = {
    "our_gsm8k": _gsm8k,
    "our_mmlu": lambda rows: _mmlu("test", rows),
    "our_ifeval": _ifeval,
    "our_arc": _arc,
    "our_hellaswag": _hellaswag,
    "our_bbh": _bbh,
    "our_mgsm": _mgsm,
}
_EXAMPLES = {"our_gsm8k": lambda: _read("gsm8k", "train.jsonl")[:20], "our_mmlu": lambda: _mmlu("dev", 5)}
