"""Attacks on the names, exceptions and values that tests measure with, and on the building of programs."""

import pytest
from helpers import code_attacks_names
from helpers.sandboxes import BACKENDS, need

from holdfast.reward import Reward
from holdfast.sample import Sample


def accepted(found: list[tuple[str, str, dict[str, object]]], backend: str) -> list[str]:
    """What got a value above 0, or none at all: a program must not escape its 0 either."""
    reward = Reward("code", backend=backend, timeout=4.0, total_timeout=8.0)
    scores = reward.score_batch([Sample(text, reference) for _, text, reference in found])
    return [f"{name}: {s.value} {s.reason}" for (name, _, _), s in zip(found, scores, strict=True) if s.value != 0.0]


def test_the_corpus_is_large_enough() -> None:
    assert len(list(code_attacks_names.attacks())) + len(list(code_attacks_names.builds())) >= 150


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_none_is_accepted_and_none_escapes_its_0(backend: str) -> None:
    assert accepted(list(code_attacks_names.attacks()), need(backend)) == []


@pytest.mark.slow
def test_no_build_is_accepted() -> None:
    assert accepted(list(code_attacks_names.builds()), need("bubblewrap")) == []


def test_a_few_of_each_kind_are_refused() -> None:
    assert accepted(list(code_attacks_names.attacks())[::9], need("bubblewrap")) == []
