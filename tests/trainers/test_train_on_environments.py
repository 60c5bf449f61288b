"""TRL's GRPO on environments of other hubs, by config alone: the skill rises and the held suite is gated.

The embedded model sorts a third of the time and can be rewarded for it. Of reasoning-gym's generators it earns a part
of the points for a word spelled backward (a letter at its place counts), which is enough to learn from; sums as
reasoning-gym asks for them it gets right too seldom, and training did not raise them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.environment_server import environment_server
from helpers.foreign import foreign_python
from helpers.paths import ROOT

from holdfast.benchmarks.suites.source import load_docs
from holdfast.benchmarks.suites.task import find_task
from holdfast.benchmarks.tiny.skills import generate

pytestmark = pytest.mark.slow


def trained(tmp_path: Path, environment: str, measured: str, words: Sequence[str] = ()) -> dict[str, Any]:
    """The report of `holdfast train experiment=tiny_grpo` on an environment; the gate must have passed."""
    out = tmp_path / "run"
    suite = f"suite=[{measured},tiny_upper,tiny_repeat]"
    command = ["train", "experiment=tiny_grpo", f"environment={environment}", suite, "target=[skill]", "gate=true"]
    command += ["limit=120", f"out={out}", "model.threads=1", *words]
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "holdfast", *command], capture_output=True, text=True, env=environ, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    assert "skill" in json.loads((out / "manifest.json").read_text())["environments"]
    return report


def verdict_of(report: dict[str, Any]) -> str:
    """Of the trained skill."""
    return str(next(one["verdict"] for one in report["benchmarks"] if one["task"] == "skill"))


def gained(out: Path) -> float:
    """Points that the trained skill rose by."""
    means = [
        json.loads((out / "run" / part / "results.json").read_text())["tasks"]["skill"]["mean"]
        for part in ("before", "after")
    ]
    return 100 * float(means[1] - means[0])


@pytest.mark.timeout(3600)
def test_an_openenv_server(tmp_path: Path) -> None:
    folder = tmp_path / "sort"
    folder.mkdir()
    task = find_task("tiny_sort")
    docs = load_docs(task.source, None, task.name)
    rows = {
        "train": [(row["prompt"], row["reference"]) for row in generate("sort", "train", 2000)],
        "test": [(str(task.prompt(doc)), str(task.reference(doc))) for doc in docs],
    }
    for split, pairs in rows.items():
        lines = [json.dumps({"prompt": prompt, "reference": reference}) + "\n" for prompt, reference in pairs]
        (folder / f"{split}.jsonl").write_text("".join(lines))
    with environment_server(f"rows:{folder}", "reward=exact_match") as url:
        name = f'env:"openenv:{url}"'
        report = trained(
            tmp_path,
            f"{{{name},split:train,items:600,max_tokens:16}}",
            f"{{{name},split:test,name:skill,items:120,max_tokens:16}}",
        )
    assert verdict_of(report) == "IMPROVED" and gained(tmp_path) > 5


@pytest.mark.timeout(3600)
def test_a_generator_of_reasoning_gym(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_REASONING_GYM_PYTHON", foreign_python("reasoning-gym", "reasoning_gym"))
    words = "config:{min_word_len:3,max_word_len:5}"
    name = f'env:"reasoning_gym:spell_backward",system:"",answer:text,max_tokens:8,{words}'
    report = trained(
        tmp_path,
        f"{{{name},split:train,items:600}}",
        f"{{{name},split:test,name:skill,items:120}}",
        ["trainer.args.max_steps=160"],
    )
    assert verdict_of(report) == "IMPROVED" and gained(tmp_path) > 1
