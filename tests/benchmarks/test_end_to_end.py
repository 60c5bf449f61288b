"""Before and after see the same items; subsets, caches and locks between processes."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.paths import ROOT, shared

from holdfast.benchmarks.engine.backends import lm_eval_models
from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.suites.suite import load_suite

HOW = Settings(batch_size=4, limit=4, max_tokens=8, progress=False)


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    import torch

    torch.set_num_threads(1)
    return load("tiny")


def test_the_core_suite_is_the_same_items_before_and_after(tiny: LoadedModel, tmp_path: Path) -> None:
    suite = load_suite(["gsm8k", "mmlu", "math500"])
    before = measure(tiny, suite, tmp_path / "before", data_root=shared(), settings=HOW)
    after = measure(tiny, suite, tmp_path / "after", data_root=shared(), settings=HOW)
    for name in suite.names:
        assert [row.doc_hash for row in before.rows(name)] == [row.doc_hash for row in after.rows(name)]


def test_subsets_nest_and_spread_over_the_categories(tiny: LoadedModel, tmp_path: Path) -> None:
    sizes = {}
    for limit in (57, 114):
        how = replace(HOW, limit=limit, batch_size=32, max_length=128, max_tokens=None)
        found = measure(tiny, ["mmlu"], tmp_path / str(limit), data_root=shared(), settings=how)
        sizes[limit] = {row.doc_id: row.category for row in found.rows("mmlu")}
    assert set(sizes[57]) < set(sizes[114])
    assert len(set(sizes[114].values())) >= 50


def test_a_changed_reward_rescores_without_generating(
    tiny: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def suite(reward: object) -> list[object]:
        return [{"task": "tiny_upper", "reward": reward}]

    cache = tmp_path / "cache"
    strict = measure(tiny, suite("exact_match"), tmp_path / "run", cache=cache, settings=HOW)
    assert len(list((cache / "scores").glob("*.jsonl"))) == 1
    monkeypatch.setattr(lm_eval_models.HFEngine, "run", lambda *_: pytest.fail("generated again"))
    loose = suite({"reward": "exact_match", "ignore_case": True})
    again = measure(tiny, loose, tmp_path / "run", cache=cache, settings=HOW)
    assert [row.completion for row in strict.rows("tiny_upper")] == [row.completion for row in again.rows("tiny_upper")]
    assert again.tasks["tiny_upper"].reward["options"] == {"ignore_case": True}


_JOB = """
import sys, torch
torch.set_num_threads(1)
from pathlib import Path
from holdfast.benchmarks.engine.backends import lm_eval_models
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.backends.models import load
from holdfast.benchmarks.engine.settings import Settings
count, run = 0, lm_eval_models.HFEngine.run
def counting(self, items, emit):
    global count
    count += len(items)
    run(self, items, emit)
lm_eval_models.HFEngine.run = counting
measure(load("tiny"), ["tiny_json", "tiny_upper"], Path(sys.argv[1]), cache=Path(sys.argv[2]),
        settings=Settings(batch_size=4, limit=40, progress=False))
print(count)
"""


@pytest.mark.slow
def test_jobs_at_the_same_time_measure_once(tmp_path: Path) -> None:
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", _JOB, str(tmp_path / name), str(tmp_path / "cache")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )
        for name in ("a", "b")
    ]  # fmt: skip
    outputs = [job.communicate(timeout=300) for job in jobs]
    assert sum(int(out.split()[-1]) for out, _ in outputs) == 80, outputs
    results = [json.loads((tmp_path / name / "results.json").read_text())["tasks"] for name in ("a", "b")]
    assert results[0] == results[1]
