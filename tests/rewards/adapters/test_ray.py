"""Rewards on a real local Ray cluster: the verdicts of the direct call, in order, whatever dies."""

import json
import math
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.adapter_rows import GONE, code_config, direct
from helpers.adapter_rows import programs as recorded_programs
from helpers.paths import shared
from helpers.sandboxes import need

from holdfast import Reward, Sample, Score
from holdfast.cli import main
from holdfast.rewards.adapters.ray import RewardActor, score_batches, score_dataset
from holdfast.runs.row import read_rows

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=200 * 2**20)
    yield ray
    ray.shutdown()


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    """2,000 recorded completions."""
    lines = shared("gsm8k", "example_model_solutions.jsonl").open(encoding="utf-8")
    return [
        {"prompt": row["question"], "completion": row[model]["solution"], "reference": row["ground_truth"]}
        for row in [json.loads(line) for line in lines][:1000]
        for model in ("6b_finetuning", "175b_verification")
    ]


@pytest.fixture(scope="module")
def samples(rows: list[dict[str, str]]) -> list[Sample]:
    return [Sample(row["completion"], row["reference"], row["prompt"]) for row in rows]


def test_two_thousand_verdicts_on_actors(ray: Any, samples: list[Sample]) -> None:
    batches = [samples[start : start + 100] for start in range(0, len(samples), 100)]
    found = [score for scores in score_batches(batches, Reward("math")) for score in scores]
    assert found == Reward("math").score_batch(samples)


def test_programs_in_the_sandbox_on_actors(ray: Any, tmp_path: Path) -> None:
    config, programs = code_config(tmp_path, need("bubblewrap")), recorded_programs()
    samples = [Sample(completion, reference, prompt) for prompt, completion, reference in programs]
    found = [score for scores in score_batches([samples[:20], samples[20:]], config) for score in scores]
    assert [score.value for score in found] == direct(programs, config)
    gone = Reward("code", backend="docker", hosts=GONE)
    (lost,) = score_batches([samples[:3]], gone)
    assert [(score.value, str(score.outcome)) for score in lost] == [(None, "error")] * 3


def test_two_thousand_verdicts_on_ray_data(ray: Any, rows: list[dict[str, str]], samples: list[Sample]) -> None:
    ray.data.DataContext.get_current().execution_options.preserve_order = True
    renamed = [{"output": row["completion"], "gold": row["reference"], "prompt": row["prompt"]} for row in rows]
    scored = score_dataset(ray.data.from_items(renamed), "numeric", completion="output", reference="gold").take_all()
    expected = {
        (s.completion, s.reference): score
        for s, score in zip(samples, Reward("numeric").score_batch(samples), strict=True)
    }
    assert len(scored) == 2000
    for row in scored:
        score = expected[row["output"], row["gold"]]
        assert (row["outcome"], row["reason"]) == (score.outcome, score.reason)
        assert math.isnan(row["score"]) if score.value is None else row["score"] == score.value


def test_the_command_line_scores_on_ray(ray: Any, rows: list[dict[str, str]], tmp_path: Path) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    local, far = tmp_path / "local.jsonl", tmp_path / "ray.jsonl"
    assert main(["score", str(source), "reward=numeric", f"out={local}"]) == 0
    assert main(["score", str(source), "reward=numeric", "engine=ray", f"out={far}"]) == 0
    assert list(read_rows(far)) == list(read_rows(local))


def test_a_killed_actor_loses_nothing(ray: Any, samples: list[Sample]) -> None:
    class Mortal(RewardActor):
        def process(self) -> int:
            return os.getpid()

    actor = ray.remote(max_restarts=-1, max_task_retries=3)(Mortal).remote("numeric")
    os.kill(ray.get(actor.process.remote()), signal.SIGKILL)
    assert ray.get(actor.score_batch.remote(samples[:50])) == Reward("numeric").score_batch(samples[:50])


class Deadly(Reward):
    """A reward whose process dies at one completion."""

    def score_batch(self, samples: Sequence[Sample]) -> list[Score]:
        if any(sample.text == "die" for sample in samples):
            os._exit(1)
        return super().score_batch(samples)

    def __reduce__(self) -> tuple[Any, ...]:
        return Deadly, (self.name,)


def test_a_batch_that_kills_every_actor_has_no_value_and_the_others_keep_theirs(ray: Any) -> None:
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    batches = [[Sample("1", "1")], [Sample("die", "1"), Sample("1", "1")], [Sample("2", "1"), Sample("1", "1")]]
    found = list(score_batches(batches, Deadly("numeric"), workers=1))
    assert [[score.value for score in scores] for scores in found] == [[1.0], [None, None], [0.0, 1.0]]
    assert found[1][0].outcome == "error"
