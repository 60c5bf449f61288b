"""A run of lm-eval itself with the tiny model: its GSM8K grader over sums, and its samples file."""

import json
import os
import subprocess
import sys
from pathlib import Path

from helpers.paths import shared

TASK = """
include: {gsm8k}
task: sums
dataset_path: json
dataset_name: null
dataset_kwargs: {{data_files: {{test: {data}}}}}
training_split: null
fewshot_split: null
num_fewshot: 0
doc_to_text: "{{{{question}}}}"
"""


def samples_file(folder: Path, sums: int = 40, questions: int = 20) -> Path:
    """The `--log_samples` file of `python -m lm_eval` on sums, differences and GSM8K questions, graded as its `gsm8k`.

    The tiny model can add, hardly subtract, and only babbles about the questions.
    """
    import lm_eval

    from holdfast.benchmarks.tiny import model_path

    tasks = folder / "tasks"
    tasks.mkdir()
    (tasks / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in _rows(sums, questions)))
    gsm8k = Path(lm_eval.__file__).parent / "tasks" / "gsm8k" / "gsm8k.yaml"
    (tasks / "sums.yaml").write_text(TASK.format(gsm8k=gsm8k, data=tasks / "rows.jsonl"))
    words = ["run", "--model", "hf", "--model_args", f"pretrained={model_path()},dtype=float32", "--device", "cpu"]
    words += ["--tasks", "sums", "--include_path", str(tasks), "--apply_chat_template", "--log_samples"]
    words += ["--output_path", str(folder / "out"), "--batch_size", "32", "--gen_kwargs", "max_gen_toks=24"]
    settings = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "lm_eval", *words], env={**os.environ, **settings}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return next((folder / "out").rglob("samples_sums_*.jsonl"))


def _rows(sums: int, questions: int) -> list[dict[str, str]]:
    from holdfast.benchmarks.tiny.skills import generate

    skills = [row for skill in ("addition", "subtraction") for row in generate(skill, "eval", sums, seed=1)]
    made = [{"question": str(row["prompt"]), "answer": f"#### {row['reference']}"} for row in skills]
    lines = shared("gsm8k", "test.jsonl").read_text(encoding="utf-8").splitlines()[:questions]
    real = [json.loads(line) for line in lines]
    return made + [{"question": row["question"], "answer": row["answer"]} for row in real]
