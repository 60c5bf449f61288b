"""A program must not escape its 0: by hiding behind a slow machine, a lost sandbox or tests that seem broken."""

import pytest
from helpers import code_attacks_escapes
from helpers.sandboxes import BACKENDS, need

from holdfast.reward import Reward
from holdfast.sample import Sample


def escaped(found: list[tuple[str, str, dict[str, object]]], backend: str) -> list[str]:
    """What got a value above 0, or none at all."""
    reward = Reward("code", backend=backend, timeout=2.0, total_timeout=4.0, memory=256)
    scores = reward.score_batch([Sample(text, reference) for _, text, reference in found])
    return [f"{name}: {s.value} {s.reason}" for (name, _, _), s in zip(found, scores, strict=True) if s.value != 0.0]


def test_the_corpus_is_large_enough() -> None:
    assert len(list(code_attacks_escapes.attacks())) >= 150 and len(list(code_attacks_escapes.outputs())) >= 40


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("part", range(4))
def test_none_escapes_its_0(part: int, backend: str) -> None:
    assert escaped(list(code_attacks_escapes.attacks())[part::4], need(backend)) == []


@pytest.mark.slow
@pytest.mark.bubblewrap
def test_no_output_escapes_a_checker() -> None:
    assert escaped(list(code_attacks_escapes.outputs()), need("bubblewrap")) == []


@pytest.mark.bubblewrap
def test_a_few_of_each_style_stay_at_0() -> None:
    quick = ("disk", "where the tests", "Error", "isolation", "status", "talks")
    chosen = [attack for attack in code_attacks_escapes.attacks() if any(word in attack[0] for word in quick)]
    assert escaped(chosen[::3], need("bubblewrap")) == []
