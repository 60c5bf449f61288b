"""verifiers 0.4.0's own v1 Task scores real traces with our reward, in an environment of its own.

HOLDFAST_VERIFIERS_PYTHON may name the Python of an environment that has verifiers and holdfast; else one is made.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT, shared

from holdfast import Reward, Sample

pytestmark = pytest.mark.slow

SCRIPT = r"""
import asyncio, json, sys
import verifiers.v1 as vf
from holdfast.rewards.adapters import verifiers as adapter

class Data(vf.TaskData):
    answer: object = None

Task = adapter.make_task(sys.argv[1])

async def scored(row):
    task = Task(Data(prompt=row["prompt"], answer=row["reference"]))
    asked = vf.MessageNode(message=vf.UserMessage(content=row["prompt"]))
    told = vf.MessageNode(parent=0, message=vf.AssistantMessage(content=row["completion"]), sampled=True)
    trace = vf.Trace.model_construct(task=task.data, nodes=[asked, told], rewards={}, metrics={}, calls=[], errors=[])
    await task.score(trace)
    return [trace.rewards["holdfast_reward"].value, trace.metrics["holdfast_judged"]]

async def main(rows):
    return await asyncio.gather(*(scored(row) for row in rows))

print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    named = os.environ.get("HOLDFAST_VERIFIERS_PYTHON")
    if named:
        return named
    folder = tmp_path_factory.mktemp("verifiers")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    path = str(folder / "bin/python")
    install = [path, "-m", "pip", "install", "-q", "verifiers==0.4.0", "-e", str(ROOT)]
    made = subprocess.run(install, capture_output=True, text=True)
    if made.returncode:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no verifiers here: {made.stderr[-300:]}")
    return path


def _scored(python: str, rows: list[dict[str, object]], reward: str, folder: Path) -> list[list[float]]:
    script = folder / "scored.py"
    script.write_text(SCRIPT)
    run = subprocess.run(
        [python, str(script), reward], input=json.dumps(rows), capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr[-2000:]
    found: list[list[float]] = json.loads(run.stdout.splitlines()[-1])
    return found


def test_a_v1_task_gives_the_direct_verdicts(python: str, tmp_path: Path) -> None:
    lines = shared("gsm8k", "example_model_solutions.jsonl").open(encoding="utf-8")
    rows: list[dict[str, object]] = [
        {"prompt": row["question"], "completion": row[model]["solution"], "reference": row["ground_truth"]}
        for row in [json.loads(line) for line in lines][:1000]
        for model in ("6b_finetuning", "175b_verification")
    ]
    samples = [Sample(str(row["completion"]), row["reference"]) for row in rows]
    direct = [[score.value, 1.0] for score in Reward("numeric").score_batch(samples)]
    assert _scored(python, rows, "numeric", tmp_path) == direct


def test_what_cannot_be_judged_is_told_apart(python: str, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"prompt": "p", "completion": "The answer is 1", "reference": "no number"}]
    assert _scored(python, rows, "numeric", tmp_path) == [[0.0, 0.0]]
