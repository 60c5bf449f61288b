"""Folders of runs as `train`, `eval` and `score` leave them, small and made without a model."""

from pathlib import Path
from typing import Any

from helpers.made_runs import flipped, made_rows, made_run
from holdfast.compare import compare
from holdfast.files import write_json
from holdfast.report import write
from holdfast.report.view.entries import Entry, TaskNumbers


def training(
    out: Path, created: str, lost: int = 0, model: str = "org/base", data: str = "my.jsonl", **more: Any
) -> None:
    """A finished training: before, after, report; `lost` of 60 held items were lost."""
    tables = {"gsm8k": flipped(60, 20, 0, 20), "mmlu": flipped(60, 50, lost, 0)}
    before = made_run(out / "before", {task: made_rows(task, pair[0]) for task, pair in tables.items()}, model)
    after = made_run(out / "after", {task: made_rows(task, pair[1]) for task, pair in tables.items()}, str(out / "x"))
    write(compare(before, after, target=("gsm8k",), margin=0.15), out)
    config = {"suite": "quick", "model": {"path": model}, "data": {"path": data}, "trainer": {"name": "sft"}}
    write_json(out / "manifest.json", {"created": created, "kind": "train", "config": config, **more})
    write_json(out / "outcome.json", {"status": "finished", "steps": 200})


def failed(out: Path, created: str) -> None:
    """A training that ended before it had measured its result."""
    made_run(out / "before", {"mmlu": made_rows("mmlu", [1.0, 0.0])}, "org/base")
    config = {"model": {"path": "org/base"}, "data": {"path": "my.jsonl"}, "trainer": {"name": "grpo"}}
    write_json(out / "manifest.json", {"created": created, "kind": "train", "config": config})
    write_json(out / "outcome.json", {"status": "failed", "phase": "train", "error": "DataError: no number at step 3"})


def evaluation(out: Path, created: str, model: str, right: int = 30) -> None:
    """A model measured alone."""
    made_run(out, {"mmlu": made_rows("mmlu", flipped(60, right, 0, 0)[0])}, model)
    write_json(out / "manifest.json", {"created": created, "config": {"model": model}, "suite": "quick"})


def folder(root: Path) -> Path:
    """Two trainings (one with measured checkpoints), a failed one, two checkpoints evaluated alone."""
    training(root / "sft" / "good", "2026-11-01T10:00:00Z")
    training(root / "sft" / "bad", "2026-11-02T10:00:00Z", lost=30, data="other.jsonl")
    looks = [{"step": 100, "tasks": {"mmlu": {"score": 0.6}, "gsm8k": {"score": 0.5}}}]
    write_json(root / "sft" / "bad" / "trajectory.json", {"schema": 1, "looks": looks})
    failed(root / "broken", "2026-11-03T10:00:00Z")
    evaluation(root / "c1", "2026-11-04T10:00:00Z", "org/other/checkpoint-10", 30)
    evaluation(root / "c2", "2026-11-05T10:00:00Z", "org/other/checkpoint-20", 40)
    return root


def many(count: int, tasks: int = 6) -> list[Entry]:
    """Entries of a long project, without files."""
    made = []
    for number in range(count):
        numbers = {
            f"task_{i}": TaskNumbers(
                0.4 + (number * 7 + i * 13) % 50 / 100, 500, 0.02, 0.5, -0.01, -0.03, 0.01, "HELD", "held"
            )
            for i in range(tasks)
        }
        day = f"2026-{1 + number // 28 % 12:02d}-{1 + number % 28:02d}T{number % 24:02d}:00:00Z"
        made.append(
            Entry(
                f"runs/sweep-{number // 20}/job-{number}",
                "training",
                (f"org/model-{number % 7}",),
                f"data-{number % 11}.jsonl",
                "sft",
                "quick",
                day,
                ("PASS", "REGRESSED", "INCONCLUSIVE")[number % 3],
                "A sentence that says what was decided, and why.",
                tasks=numbers,
                looks=((0, {"task_0": 0.5}), (100, {"task_0": 0.4 + number % 20 / 100})) if number % 10 == 0 else (),
            )
        )
    return made
