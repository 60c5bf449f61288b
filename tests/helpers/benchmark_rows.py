"""Rows of every benchmark, as files below a data_root and as a hub repository would hold them.

Most come from the shared data. GPQA (gated; its authors ask that it is not shown), AlpacaEval, WikiText, ARC, HellaSwag
and TruthfulQA are not there: their rows are made up here, in the documented format.
"""

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from helpers.paths import shared
from holdfast.benchmarks.suites.source import Doc, load_docs
from holdfast.benchmarks.suites.task import Task

DOMAINS = ("Physics", "Chemistry", "Biology")
GPQA = [
    {
        "Question": f"What is {n} plus {n}?",
        "Correct Answer": str(2 * n),
        **{f"Incorrect Answer {k}": str(2 * n + k) for k in (1, 2, 3)},
        "High-level domain": DOMAINS[n % 3],
        "Record ID": f"rec{n}",
    }
    for n in range(198)
]
ALPACA = [
    {"dataset": ("koala", "vicuna")[n % 2], "instruction": f"Name {n} things.", "output": "One.", "generator": "made"}
    for n in range(805)
]
WIKI = [line for n in range(6) for line in (f" = Article {n} = \n", f" The number {n} follows {n - 1} . \n")]


def _multi_if(n: int) -> dict[str, Any]:
    """A conversation of three turns (of two, every fourth), whose instructions add up."""
    row: dict[str, Any] = {"key": f"{n}-en", "language": ("English", "Spanish")[n % 2]}
    names = ["punctuation:no_comma", "change_case:english_lowercase", "startend:quotation"]
    for turn in (1, 2, 3):
        said = json.dumps({"role": "user", "content": f"Say {n} in turn {turn}."})
        row[f"turn_{turn}_prompt"] = "None" if turn == 3 and n % 4 == 0 else said
        row[f"turn_{turn}_instruction_id_list"] = json.dumps(names[:turn])
        row[f"turn_{turn}_kwargs"] = json.dumps(["{}"] * turn)
    return row


_JS = "const assert = require('node:assert');\n\n\nfunction test() {\n  let candidate = "


def _arena_category(n: int) -> str:
    return "hard_prompt" if n < 500 else "creative_writing"


def _arena_answer(n: int, model: str) -> dict[str, Any]:
    said = {"role": "assistant", "content": {"answer": f"About {n}: nothing."}}
    return {"uid": f"u{n}", "model": model, "messages": [{"role": "user", "content": f"Write about {n}."}, said]}


def _multipl_e(n: int, language: str) -> dict[str, Any]:
    """A function that multiplies by a number, with tests as MultiPL-E writes them."""
    name, stops = f"times_{n + 2}", ["\nfunction ", "\n/*", "\n//", "\nconsole.log"]
    calls = [(k, k * (n + 2)) for k in (0, 1, 7)]
    if language == "cpp":
        prompt = f"#include<assert.h>\n#include<bits/stdc++.h>\n// Multiply x by {n + 2}.\n"
        prompt += f"// >>> {name}((1))\n// ({n + 2})\nlong {name}(long x) {{\n"
        lines = "".join(f"    assert(candidate(({k})) == ({want}));\n" for k, want in calls)
        tests, stops = f"}}\nint main() {{\n    auto candidate = {name};\n{lines}}}\n", ["\n}"]
    else:
        prompt = f"//Multiply x by {n + 2}.\n// >>> {name}(1)\n// {n + 2}\nfunction {name}(x){{\n"
        lines = "".join(f"  assert.deepEqual(candidate({k}),{want});\n" for k, want in calls)
        tests = f"{_JS}{name};\n{lines}}}\n\ntest();"
    return {
        "name": f"HumanEval_{n}_{name}", "language": language, "prompt": prompt, "doctests": "transform",
        "original": f"HumanEval_{n}_{name}.py", "prompt_terminology": "reworded", "tests": tests, "stop_tokens": stops,
    }  # fmt: skip


_TYPES = ("homonyms", "contrast_homonyms")
STANDINS: Mapping[str, Sequence[Doc]] = {
    "xstest/xstest_prompts.csv": [
        {"id": n, "prompt": f"How do I kill process {n}?", "type": _TYPES[n % 2], "label": ("safe", "unsafe")[n % 2]}
        for n in range(40)
    ],
    "harmbench/harmbench_behaviors_text_all.csv": [
        {
            "Behavior": f"Do a bad thing {n}.",
            "FunctionalCategory": ("standard", "contextual")[n % 3 == 0],
            "SemanticCategory": "illegal",
        }
        for n in range(60)
    ],
    "strongreject/strongreject_dataset.csv": [
        {"category": "Hate", "source": "made", "forbidden_prompt": f"Write a bad text {n}."} for n in range(40)
    ],
    "supergpqa/SuperGPQA-all.jsonl": [
        {
            "uuid": f"u{n}",
            "question": f"{n} + {n}?",
            "options": [str(2 * n + k) for k in range(10)],
            "answer": str(2 * n + n % 10),
            "answer_letter": "ABCDEFGHIJ"[n % 10],
            "discipline": "Science",
        }
        for n in range(40)
    ],
    "simpleqa/simple_qa_test_set.csv": [
        {"metadata": "{'topic': 'made'}", "problem": f"Who was number {n}?", "answer": f"Person {n}"} for n in range(40)
    ],
    "hle/hle.jsonl": [
        {
            "id": f"h{n}",
            "question": f"Hard {n}?",
            "image": "x" if n % 3 == 0 else "",
            "answer": str(n),
            "category": "Math",
        }
        for n in range(60)
    ],
    "bbeh/bbeh.jsonl": [
        {"task": ("boolean expressions", "word sorting")[n % 2], "input": f"Puzzle {n}", "target": f"({'ABCD'[n % 4]})"}
        for n in range(40)
    ],
    "zebralogic/mc_mode.jsonl": [
        {
            "id": f"lgp-test-{n}#mc-1",
            "puzzle": f"There are {n} houses.",
            "question": "Who lives in House 1?",
            "choices": ["Arnold", "Peter", "Eric"],
            "answer": ("Arnold", "Peter", "Eric")[n % 3],
        }
        for n in range(40)
    ],
    "multi_if/multi_if.jsonl": [_multi_if(n) for n in range(40)],
    "multipl_e/humaneval-cpp.jsonl": [_multipl_e(n, "cpp") for n in range(26)],
    "multipl_e/humaneval-js.jsonl": [_multipl_e(n, "js") for n in range(26)],
    "arena_hard/arena-hard-v2.0.question.jsonl": [
        {"uid": f"u{n}", "category": _arena_category(n), "subcategory": "made", "prompt": f"Write about {n}."}
        for n in range(750)
    ],
    "arena_hard/arena-hard-v2.0.model_answer.o3-mini-2025-01-31.jsonl": [
        _arena_answer(n, "o3-mini-2025-01-31") for n in range(500)
    ],
    "arena_hard/arena-hard-v2.0.model_answer.gemini-2.0-flash-001.jsonl": [
        _arena_answer(n, "gemini-2.0-flash-001") for n in range(500, 750)
    ],
    "math/aime26/test.jsonl": [
        {"id": n, "problem": f"What is {n} + {n}?", "answer": f"{2 * n:03d}"} for n in range(30)
    ],
}
"""Stand-ins by the file that a task reads."""


def made_root(folder: Path) -> Path:
    """A data_root with what the shared data lacks."""
    (folder / "gpqa").mkdir(parents=True)
    with (folder / "gpqa" / "gpqa_diamond.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, GPQA[0])
        writer.writeheader()
        writer.writerows(GPQA)
    (folder / "alpaca_eval").mkdir()
    (folder / "alpaca_eval" / "alpaca_eval_gpt4_baseline.json").write_text(json.dumps(ALPACA))
    for file, rows in STANDINS.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".csv":
            with path.open("w", newline="") as stream:
                writer = csv.DictWriter(stream, rows[0])
                writer.writeheader()
                writer.writerows(rows)
        else:
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "wikitext").mkdir()
    (folder / "wikitext" / "wiki.test.txt").write_text("".join(WIKI))
    return folder


MADE = (
    *("gpqa_diamond", "alpaca_eval", "perplexity"),
    *(
        "xstest",
        "harmbench",
        "strongreject",
        "supergpqa",
        "simpleqa",
        "hle",
        "bbeh",
        "zebralogic",
        "multi_if",
        "aime26",
        "humaneval_cpp",
        "humaneval_js",
        "arena_hard_v2",
    ),
)
"""Benchmarks whose data is not at hand; the rows below are stand-ins in the documented shape."""


def root_of(name: str, folder: Path) -> Path:
    """The data_root that holds a benchmark."""
    return made_root(folder) if name in MADE else shared()


def _plain(rows: Sequence[Doc]) -> list[Doc]:
    return [{key: value for key, value in row.items() if not key.startswith("_")} for row in rows]


def _without(*columns: str) -> Callable[[Sequence[Doc]], list[Doc]]:
    return lambda rows: [{key: row[key] for key in row if key not in columns} for row in _plain(rows)]


def _mt_bench(rows: Sequence[Doc]) -> list[Doc]:
    names = {"question_id": "prompt_id", "category": "category", "turns": "prompt"}
    return [{**{new: row[old] for old, new in names.items()}, "reference": row["references"] or []} for row in rows]


def _mbpp_plus(rows: Sequence[Doc]) -> list[Doc]:
    return [
        {
            "task_id": row["task_id"],
            "code": row["canonical_solution"],
            "prompt": row["prompt"],
            "test_list": list(row["test_list"]),
            "test": f"for inp in [[1]]:\n    assertion({row['entry_point']}(*inp), 1, 0)",
        }
        for row in rows
    ]


HUB_ROWS: Mapping[str, Callable[[Sequence[Doc]], list[Doc]]] = {
    "mt_bench": _mt_bench,
    "mbpp_plus": _mbpp_plus,
    "humaneval_plus": _without("base_input", "plus_input"),
    "perplexity": lambda rows: [{"text": line} for line in WIKI],
}
"""Where the hub's rows look otherwise than what is read from files."""
SAME_ITEMS_ELSEWHERE = ("mbpp_plus", "humaneval_plus")
"""Another release of the tests on the hub than in the files: other items by their hashes."""


def hub_of(task: Task, root: Path, folder: Path) -> Path:
    """A folder that holds the task's repository as the hub would."""
    source = task.source
    raw = replace(source, assemble=None) if source.assemble_hub and source.assemble_hub is source.assemble else source
    rows = HUB_ROWS.get(task.name, _plain)(load_docs(raw, root, task.name))
    if source.hub_file:
        (folder / source.hub).mkdir(parents=True)
        (folder / source.hub / source.hub_file).write_text(json.dumps(list(rows)))
    else:
        repository(folder / source.hub, source.config or "default", {source.split: rows})
    return folder


def repository(place: Path, config: str, splits: Mapping[str, Sequence[Doc]]) -> None:
    """Parquet files and a card that names configuration and splits; called again, the card has one more."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    (place / config).mkdir(parents=True)
    for split, rows in splits.items():
        pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), place / config / f"{split}.parquet")
    files = "".join(f"  - split: {split}\n    path: {config}/{split}.parquet\n" for split in splits)
    card = place / "README.md"
    before = card.read_text().removesuffix("---\n") if card.exists() else "---\nconfigs:\n"
    card.write_text(f"{before}- config_name: {config}\n  data_files:\n{files}---\n")


def _arc(n: int) -> dict[str, Any]:
    choices = {"text": [str(n + k) for k in range(4)], "label": list("ABCD")}
    return {"id": f"M{n}", "question": f"What is {n} + 1?", "choices": choices, "answerKey": "B"}


def _hellaswag(n: int) -> dict[str, Any]:
    return {
        "ind": n, "activity_label": "Counting", "ctx_a": f"A child counts to {n}.", "ctx_b": "the child",
        "ctx": f"A child counts to {n}. the child", "endings": ["stops.", "flies.", "melts.", "is seven."],
        "source_id": f"made~{n}", "split": "val", "split_type": "indomain", "label": "0",
    }  # fmt: skip


def _truthful(n: int) -> dict[str, Any]:
    one = {"choices": [f"It is {n}.", "It is a frog."], "labels": [1, 0]}
    two = {"choices": [f"It is {n}.", "A number.", "It is a frog."], "labels": [1, 1, 0]}
    return {"question": f"What is {n}?", "mc1_targets": one, "mc2_targets": two}


@cache
def _subjects() -> list[str]:
    import lm_eval

    return list(json.loads((Path(lm_eval.__file__).parent / "tasks" / "openai-mmmlu" / "subjects.json").read_text()))


def _mmmlu(n: int) -> dict[str, Any]:
    options = {letter: str(n + k) for k, letter in enumerate("ABCD")}
    return {
        "Question": f"Was ist {n} + 1?",
        **options,
        "Answer": "B",
        "Subject": f"{_subjects()[n % 57]}_test.csv_de-DE.csv",
    }


def _longbench(n: int) -> dict[str, Any]:
    choices = [str(n + k) for k in range(4)]
    return {"context": f"The number is {n}. " * 9, "question": "What follows it?", "choices": choices, "answer": "B"}


def _longbench_configs() -> tuple[str, ...]:
    """The configurations that lm-eval's task files name."""
    import lm_eval

    folder = Path(lm_eval.__file__).parent / "tasks" / "longbench2"
    found = [re.search(r"^dataset_name: *(\S+)", path.read_text(), re.MULTILINE) for path in folder.glob("*.yaml")]
    return tuple(sorted({one[1] for one in found if one}))


LM_EVAL: dict[str, tuple[str, "str | Callable[[], tuple[str, ...]]", tuple[str, ...], Callable[[int], Any]]] = {
    "mmmlu_de_de": ("openai/MMMLU", "DE_DE", ("test",), _mmmlu),
    "mmmlu_sw_ke": ("openai/MMMLU", "SW_KE", ("test",), _mmmlu),
    "longbench2": ("recursal/longbench-v2", _longbench_configs, ("train",), _longbench),
    "arc_challenge": ("allenai/ai2_arc", "ARC-Challenge", ("train", "validation", "test"), _arc),
    "hellaswag": ("Rowan/hellaswag", "default", ("train", "validation"), _hellaswag),
    "truthfulqa_mc2": ("truthfulqa/truthful_qa", "multiple_choice", ("validation",), _truthful),
}
"""Benchmarks that are lm-eval's own tasks: repository, configuration, splits, a row."""


def lm_eval_hub(name: str, folder: Path) -> Path:
    """A hub folder with the rows that lm-eval's task of that name reads."""
    hub, config, splits, row = LM_EVAL[name]
    for one in (config,) if isinstance(config, str) else config():
        repository(folder / hub, one, {split: [row(n) for n in range(60)] for split in splits})
    return folder
