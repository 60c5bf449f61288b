"""Texts with drafts are the texts without, token for token: related models, batch sizes, stop strings, limits."""

import copy
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from holdfast.benchmarks.decoding import drafts as drafts_module
from holdfast.benchmarks.decoding.drafts import Drafter, Request
from holdfast.benchmarks.decoding.shared_prefix import keeps_every_token
from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.evaluate import evaluate
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.suites.eval_config import EvalConfig
from holdfast.runs.measurement import Measurement

SKILLS = ["tiny_addition", "tiny_repeat", "tiny_reverse", "tiny_upper"]


@pytest.fixture(scope="module")
def base() -> LoadedModel:
    return load("tiny", dtype="float32")


def tuned(base: LoadedModel, noise: float, seed: int = 0) -> LoadedModel:
    """The model with every weight moved a little, as a training moves it."""
    model = copy.deepcopy(base.model)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            scale = noise * float(parameter.std()) if parameter.numel() > 1 else 0.0
            parameter.add_(torch.randn(parameter.shape, generator=generator) * scale)
    return LoadedModel(model, base.tokenizer, f"tuned {noise}")


def _texts(measurement: Measurement) -> dict[tuple[str, str, int], tuple[Any, ...]]:
    return {
        row.key: (row.completion, row.tokens, row.finish_reason, row.score)
        for task in measurement.tasks
        for row in measurement.rows(task)
    }


def _pair(
    base: LoadedModel, model: LoadedModel, suite: Sequence[Any], tmp_path: Path, **settings: Any
) -> tuple[dict[Any, Any], dict[Any, Any], dict[str, Any]]:
    """Texts without and with drafts, and what the drafts did."""
    how = Settings(progress=False, **settings)
    before, cache = tmp_path / "before", tmp_path / "cache"
    measure(base, suite, before, cache=cache, settings=how)
    plain = measure(model, suite, tmp_path / "plain", settings=replace(how, draft="off"), drafts=before)
    drafted = measure(model, suite, tmp_path / "drafted", settings=how, drafts=before, cache=cache)
    assert not (tmp_path / "plain" / "drafts.json").exists()
    return _texts(plain), _texts(drafted), json.loads((tmp_path / "drafted" / "drafts.json").read_text())


OTHERS = [(b, n) for b in (1, 8, 32) for n in (0.0001, 0.02, 0.2) if (b, n) != (8, 0.02)]


@pytest.mark.parametrize(
    ("batch", "noise"), [(8, 0.02), *(pytest.param(*other, marks=pytest.mark.slow) for other in OTHERS)]
)
def test_every_text_is_the_same(base: LoadedModel, tmp_path: Path, batch: int, noise: float) -> None:
    limit = 24 if batch > 1 else 6
    plain, drafted, tally = _pair(base, tuned(base, noise), SKILLS, tmp_path, batch_size=batch, limit=limit)
    assert drafted == plain
    assert tally["exact"] and 0 < tally["epsilon"] < 1e-2
    assert tally["answers"] == len(plain) and tally["tokens"] == sum(row[1] for row in plain.values())
    if noise == 0.0001:
        assert tally["decoded"] <= 0.2 * tally["tokens"], tally


@pytest.mark.parametrize(
    "entry",
    [
        {"task": "tiny_repeat", "stop": ["a"], "stop_chat": True},
        {"task": "tiny_repeat", "stop": ["e ", "on"], "stop_chat": True},
        {"task": "tiny_repeat", "max_tokens": 3},
        {"task": "tiny_repeat", "max_tokens": 1},
    ],
)
@pytest.mark.parametrize("noise", [0.02, pytest.param(0.2, marks=pytest.mark.slow)])
def test_stop_strings_and_limits_apply_to_prefix_and_suffix(
    base: LoadedModel, tmp_path: Path, entry: dict[str, Any], noise: float
) -> None:
    plain, drafted, _ = _pair(base, tuned(base, noise), [entry], tmp_path, batch_size=8, limit=32)
    assert drafted == plain


def test_another_limit_takes_no_drafts_and_says_nothing_false(base: LoadedModel, tmp_path: Path) -> None:
    before, cache = tmp_path / "before", tmp_path / "cache"
    how = Settings(progress=False, limit=8)
    measure(base, ["tiny_addition"], before, cache=cache, settings=replace(how, max_tokens=4))
    drafted = measure(base, ["tiny_addition"], tmp_path / "a", cache=cache, settings=how, drafts=before)
    assert json.loads((tmp_path / "a" / "drafts.json").read_text())["verified"] == 0
    assert drafted.tasks["tiny_addition"].n == 8


def test_sampled_answers_and_other_tokenizers_take_no_drafts(base: LoadedModel, tmp_path: Path) -> None:
    before = tmp_path / "before"
    sampled = Settings(progress=False, limit=4, sampling={"temperature": 1.0})
    measure(base, ["tiny_addition"], before, settings=sampled)
    measure(tuned(base, 0.1), ["tiny_addition"], tmp_path / "a", settings=sampled, drafts=before)
    assert json.loads((tmp_path / "a" / "drafts.json").read_text())["verified"] == 0
    record = json.loads((before / "results.json").read_text())
    record["model"]["tokenizer"] = "another"
    (before / "results.json").write_text(json.dumps(record))
    measure(tuned(base, 0.1), ["tiny_addition"], tmp_path / "b", settings=sampled, drafts=before)
    assert not (tmp_path / "b" / "drafts.json").exists()


def test_half_precision_drafts_only_on_request(base: LoadedModel, tmp_path: Path) -> None:
    half = LoadedModel(copy.deepcopy(base.model).bfloat16(), base.tokenizer, "half")
    before, cache, how = tmp_path / "before", tmp_path / "cache", Settings(progress=False, limit=8)
    measure(half, ["tiny_addition"], before, cache=cache, settings=how)
    measure(half, ["tiny_addition"], tmp_path / "a", settings=how, drafts=before)
    assert not (tmp_path / "a" / "drafts.json").exists()
    measure(half, ["tiny_addition"], tmp_path / "b", cache=cache, settings=replace(how, draft="before"), drafts=before)
    told = json.loads((tmp_path / "b" / "drafts.json").read_text())
    assert told["exact"] is False and told["verified"] > 0
    assert "drafts" in json.loads((tmp_path / "b" / "results.json").read_text())["model"]["key"]


@pytest.mark.parametrize(
    "drafts",
    [[[], []], [[1] * 40, []], [[5, 6, 7], [8]], [[10**4 % 97] * 3, [2] * 10]],
)
def test_a_wrong_draft_changes_nothing(base: LoadedModel, drafts: list[list[int]]) -> None:
    context = torch.tensor([base.tokenizer("add 12 13")["input_ids"]] * 2)
    ends = frozenset({base.tokenizer.eos_token_id})
    plain = base.model.generate(context, max_new_tokens=12, do_sample=False, eos_token_id=list(ends))
    request = Request(context, torch.ones_like(context), 12, ends, drafts)
    rows = Drafter(base.model).decode(request, lambda numbers: [[] for _ in numbers])
    width = context.shape[1]
    for row, tokens in zip(plain[:, width:].tolist(), rows, strict=True):
        assert row[: len(tokens)] == tokens


def test_models_that_forget_tokens_are_not_draftable(base: LoadedModel) -> None:
    assert keeps_every_token(base.model)
    windowed = copy.deepcopy(base.model)
    windowed.config.layer_types = ["sliding_attention"] * 4
    assert not keeps_every_token(windowed)


def test_eval_drafts_from_the_model_before_and_off_is_off(tmp_path: Path) -> None:
    config = EvalConfig(
        model="tiny", against="tiny", suite=["tiny_upper"], limit=16, dtype="float32", cache=str(tmp_path / "cache")
    )
    evaluate(replace(config, out=str(tmp_path / "off"), draft="off"))
    assert not (tmp_path / "off" / "after" / "drafts.json").exists()
    evaluate(replace(config, out=str(tmp_path / "on")))
    assert (tmp_path / "on" / "after" / "drafts.json").exists()


@pytest.mark.parametrize(
    ("safety", "pad"),
    [
        (1e3, "end"),
        *(
            pytest.param(s, p, marks=pytest.mark.slow)
            for p in ("own", "end")
            for s in (16.0, 1e3, 1e9)
            if (s, p) != (1e3, "end")
        ),
    ],
)
def test_padding_and_the_plain_path_change_nothing(
    base: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, safety: float, pad: str
) -> None:
    """Prompts of many lengths in one batch, padded with a token of its own or the end token; some or all answers are
    decoded again without a draft."""
    monkeypatch.setattr(drafts_module, "_SAFETY", safety)
    words = copy.deepcopy(base.tokenizer)
    words.pad_token = words.eos_token if pad == "end" else words.pad_token
    before = LoadedModel(base.model, words, "before")
    after = LoadedModel(tuned(base, 0.05).model, words, "after")
    plain, drafted, tally = _pair(before, after, ["tiny_reverse", "tiny_capitals"], tmp_path, batch_size=8, limit=24)
    assert drafted == plain
    assert safety < 1e9 or tally["plain"] == len(plain)
