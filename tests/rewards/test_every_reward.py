"""One test over every registered reward: what each must hold whatever it judges."""

import asyncio
import inspect
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import Any

import pytest
from helpers.bounded import bounded
from helpers.paths import ROOT

from holdfast import Outcome, Reward, Sample, Score
from holdfast.registry import lookup, names
from holdfast.scoring.reward_pages import examples, page

BUILT_IN = [name for name in names() if lookup(name).function.__module__.startswith("holdfast.")]

NEEDS_ENGINE: dict[str, str] = {"judge": "an endpoint", "pairwise_judge": "an endpoint", "reward_model": "a model"}
"""Learned rewards are tested against real local servers and models in test_learned*.py."""

JUDGED = [name for name in BUILT_IN if name not in NEEDS_ENGINE]

HOSTILE = {
    "empty": "",
    "blank": " \n\t ",
    "null byte": "a\x00b\x00",
    "lone surrogate": "x \ud800 y \udfff",
    "right-to-left and zero-width": "\u202e321\u202c \u200b\ufeff",
    "combining": "e" + "\u0301" * 5000,
    "all of the basic plane": "".join(chr(i) for i in range(0x20, 0xD800, 7)),
    "one megabyte of a letter": "a" * 1_000_000,
    "one megabyte of brackets": "[" * 1_000_000,
    "one megabyte of boxes": "\\boxed{" * 140_000,
    "one megabyte of tags": "<think>" * 140_000,
    "one megabyte of fences": "```\n" * 250_000,
    "one megabyte of digits": "9" * 1_000_000,
    "unclosed think": "<think> " + "so " * 1000,
}
BOUND_SECONDS = 20
"""A hang is what this catches; the speed of each reward is measured by `make bench`."""


@cache
def _reward(name: str) -> tuple[Reward, Sample]:
    """The reward as its first example binds it, and that example."""
    sample, _, options = examples(lookup(name))[0]
    return Reward(name, **options), sample


def _verdict(score: Score) -> tuple[Any, ...]:
    return score.value, score.outcome, score.extracted, tuple(score.parts.items())


def _verdicts(reward: Reward, samples: list[Sample]) -> list[tuple[Any, ...]]:
    return [_verdict(score) for score in reward.score_batch(samples)]


@pytest.mark.parametrize("name", BUILT_IN)
def test_it_is_documented(name: str) -> None:
    spec = lookup(name)
    text = inspect.getdoc(spec.function) or ""
    assert len(text.splitlines()) >= 2, "a summary line and what the reference must be"
    assert spec.version
    if name not in NEEDS_ENGINE:
        assert (ROOT / "docs" / "rewards" / f"{name}.md").read_text(encoding="utf-8") == page(spec), "run `make docs`"


@pytest.mark.parametrize("name", JUDGED)
def test_its_examples_are_true(name: str) -> None:
    found = examples(lookup(name))
    assert len(found) >= 2, "a passing and a failing example"
    for sample, value, options in found:
        assert Reward(name, **options).score(sample).value == value
    if name != "group_normalized":
        assert len({value for _, value, _ in found}) >= 2


@pytest.mark.parametrize("text", HOSTILE, ids=list(HOSTILE))
@pytest.mark.parametrize("name", JUDGED)
def test_a_hostile_completion_is_judged_within_bounds(name: str, text: str) -> None:
    reward, sample = _reward(name)
    with bounded(BOUND_SECONDS):
        score = reward.score(Sample(HOSTILE[text], sample.reference, sample.prompt, sample.info))
    assert score.outcome is not Outcome.ERROR, score.reason
    assert score.value is not None, "the completion is bad, not the reference"


@pytest.mark.parametrize("name", JUDGED)
def test_an_absurd_reference_is_never_a_zero_by_accident(name: str) -> None:
    """Whatever stands in the reference column, the answer is a Score and no exception."""
    reward, sample = _reward(name)
    for reference in (None, [], {}, 3.5, object, b"\xff", "\ud800", [None], {"x": [1]}, float("nan")):
        score = reward.score(Sample(sample.completion, reference, sample.prompt, sample.info))
        assert score.outcome is not Outcome.ERROR, (reference, score.reason)


@pytest.mark.parametrize("name", JUDGED)
def test_the_same_verdict_single_batched_threaded_looped_and_pickled(name: str) -> None:
    samples = [sample for sample, _, options in examples(lookup(name)) if options == _reward(name)[0].options] * 2
    reward, _ = _reward(name)
    expected = _verdicts(reward, samples)
    if lookup(name).scope != "group":
        assert [_verdict(reward.score(sample)) for sample in samples] == expected
    assert _verdicts(pickle.loads(pickle.dumps(reward)), samples) == expected
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(_verdicts, [reward] * 4, [samples] * 4)) == [expected] * 4
    assert [_verdict(score) for score in asyncio.run(reward.ascore_batch(samples))] == expected


def test_the_same_verdicts_in_a_spawned_process() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for name in JUDGED:
            reward, sample = _reward(name)
            found = pool.submit(Reward.score_batch, reward, [sample]).result()
            assert [_verdict(score) for score in found] == _verdicts(reward, [sample]), name
