"""Coupled draws take drafts: the noise is known, so that a draft is checked as a greedy one is; the texts are those
without."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from holdfast.benchmarks.decoding import drafts as drafts_module
from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.lm_eval_fence.coupled_sampling import CoupledSampling

WARPERS: list[dict[str, Any]] = [
    {"temperature": 1.0},
    {"temperature": 1.5, "top_k": 0},
    {"temperature": 0.7, "top_k": 5},
    {"temperature": 1.2, "top_k": 0, "top_p": 0.8},
    {"temperature": 1.3, "top_k": 20, "top_p": 0.9, "min_p": 0.02},
    {"temperature": 2.0, "top_k": 0, "min_p": 0.05},
]


@pytest.fixture(scope="module")
def base() -> LoadedModel:
    return load("tiny", dtype="float32")


def changed(base: LoadedModel, noise: float) -> LoadedModel:
    model = copy.deepcopy(base.model)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            scale = noise * float(parameter.std()) if parameter.numel() > 1 else 0.0
            parameter.add_(torch.randn(parameter.shape, generator=generator) * scale)
    return LoadedModel(model, base.tokenizer, "changed")


def pair(base: LoadedModel, model: LoadedModel, sampling: dict[str, Any], batch: int, out: Path) -> dict[str, Any]:
    """What drafts did; the texts with them are those without."""
    how = Settings(progress=False, limit=6, repeats=3, batch_size=batch, sampling={**sampling, "coupled": True})
    suite = ["tiny_repeat", {"task": "tiny_reverse", "stop": ["a"], "stop_chat": True}]
    measure(base, suite, out / "before", settings=how)
    plain = measure(model, suite, out / "plain", settings=replace(how, draft="off"))
    drafted = measure(model, suite, out / "drafted", settings=how, drafts=out / "before")
    texts = [
        {row.key: (row.completion, row.tokens, row.finish_reason) for t in found.tasks for row in found.rows(t)}
        for found in (plain, drafted)
    ]
    assert texts[0] == texts[1]
    return dict(json.loads((out / "drafted" / "drafts.json").read_text()))


@pytest.mark.parametrize(
    ("number", "batch", "noise"),
    [
        (4, 8, 0.02),
        *(
            pytest.param(n, b, e, marks=pytest.mark.slow)
            for n in range(6)
            for b, e in ((8, 0.05), (1, 0.02), (32, 1e-4))
        ),
    ],
)
def test_texts_with_drafts_are_the_texts_without(
    number: int, batch: int, noise: float, base: LoadedModel, tmp_path: Path
) -> None:
    told = pair(base, changed(base, noise), WARPERS[number], batch, tmp_path)
    assert told["exact"] and told["accepted"] > 0 and told["answers"] == 36
    if noise < 1e-3:
        assert told["decoded"] <= 0.2 * told["tokens"], told


@pytest.mark.parametrize("safety", [1e6, pytest.param(1e9, marks=pytest.mark.slow)])
def test_answers_decoded_again_have_their_own_noise(
    safety: float, base: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts_module, "_SAFETY", safety)
    told = pair(base, changed(base, 0.1), WARPERS[5], 8, tmp_path)
    assert told["plain"] > 0, told


@pytest.mark.parametrize("sampling", WARPERS)
def test_what_leads_by_more_than_epsilon_no_rounding_changes(sampling: dict[str, Any]) -> None:
    """Logits moved by up to half of ε at random, and by all of it at the edges of the warpers, give the same draw."""
    generator = torch.Generator().manual_seed(0)
    keys = torch.arange(400) * 7919
    choice = CoupledSampling(keys, 0, sampling, SimpleNamespace()).choice
    logits, rows, places = torch.randn(400, 60, generator=generator) * 2, torch.arange(400), torch.arange(400) % 7
    epsilon = 0.02
    best, leads = choice(logits, rows, places, epsilon)
    sure = leads > epsilon
    assert 0.5 < float(sure.float().mean()) < 1
    for _ in range(40):
        moved = logits + (torch.rand(logits.shape, generator=generator) - 0.5) * epsilon
        assert (choice(moved, rows, places, epsilon)[0] == best)[sure].all()
    wider = [logits + (torch.rand(logits.shape, generator=generator) - 0.5) * 4 * epsilon for _ in range(40)]
    assert any((choice(one, rows, places, 0.0)[0] != best)[~sure].any() for one in wider), "the check is idle"


def test_a_choice_is_the_draw_of_generate() -> None:
    keys, logits = torch.arange(50) * 104729, torch.randn(50, 40, generator=torch.Generator().manual_seed(3))
    for sampling in WARPERS:
        for place in (0, 3):
            drawn = CoupledSampling(keys, 2, sampling, SimpleNamespace())
            own = drawn(torch.zeros((50, 2 + place), dtype=torch.long), logits).argmax(dim=-1)
            places = torch.full((50,), place)
            assert (drawn.choice(logits, torch.arange(50), places, 0.0)[0] == own).all()
