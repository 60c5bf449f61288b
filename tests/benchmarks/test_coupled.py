"""Coupled sampling: the same noise for every model, and each model's own probabilities exactly."""

import copy
import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from transformers import GenerationConfig, RepetitionPenaltyLogitsProcessor
from transformers.generation import logits_process
from transformers.generation.utils import GenerationMixin

from holdfast.benchmarks.decoding.coupled import gumbel, noise_key
from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.items import seed_of
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.lm_eval_fence.coupled_sampling import WARPERS, CoupledSampling, refuse_other_rules
from holdfast.benchmarks.lm_eval_fence.recording_hf import RecordingHFLM
from holdfast.errors import UsageError

DRAWS = 10_000
PART = 2_000
"""Draws at a time through a model."""
LOGITS = torch.tensor([2.0, 1.5, 1.0, 0.2, 0.0, -0.5, -1.0, -3.0])


def _keys(count: int) -> Any:
    return torch.tensor([noise_key(7, "t", f"h{i}", 0, 0) for i in range(count)])


@pytest.mark.parametrize("position", [0, 1, 50])
@pytest.mark.parametrize(
    ("sampling", "probabilities"),
    [
        ({}, torch.softmax(LOGITS, 0)),
        ({"temperature": 0.5}, torch.softmax(LOGITS / 0.5, 0)),
        ({"temperature": 2.0}, torch.softmax(LOGITS / 2, 0)),
        ({"top_k": 3}, torch.softmax(torch.where(torch.arange(8) < 3, LOGITS, -torch.inf), 0)),
        ({"top_p": 0.7}, torch.softmax(torch.where(torch.arange(8) < 3, LOGITS, -torch.inf), 0)),
        ({"min_p": 0.3}, torch.softmax(torch.where(2 + np.log(0.3) <= LOGITS, LOGITS, -torch.inf), 0)),
        ({"epsilon_cutoff": 0.2}, torch.softmax(torch.where(torch.arange(8) < 2, LOGITS, -torch.inf), 0)),
        (
            {"temperature": 0.5, "top_k": 4, "top_p": 0.9},
            torch.softmax(torch.tensor([4.0, 3, 2] + [-torch.inf] * 5), 0),
        ),
    ],
)
def test_ten_thousand_draws_have_the_models_probabilities(
    sampling: dict[str, Any], probabilities: torch.Tensor, position: int
) -> None:
    processor = CoupledSampling(_keys(DRAWS), 4, sampling, GenerationConfig())
    ids = torch.zeros((DRAWS, 4 + position), dtype=torch.long)
    drawn = processor(ids, LOGITS.expand(DRAWS, -1)).argmax(dim=1)
    counts = torch.bincount(drawn, minlength=8).numpy()
    possible = probabilities.numpy() > 0
    assert counts[~possible].sum() == 0
    expected = probabilities.numpy()[possible].astype(float)
    assert stats.chisquare(counts[possible], expected / expected.sum() * DRAWS).pvalue > 1e-4


def _after(context: torch.Tensor, model: Any, penalty: float, warped: dict[str, Any]) -> torch.Tensor:
    """The probabilities of the next token as transformers' own sampling has them."""
    with torch.no_grad():
        scores = model(context).logits[:, -1].float()
    scores = RepetitionPenaltyLogitsProcessor(penalty)(context, scores)
    for name, value in warped.items():
        scores = getattr(logits_process, WARPERS[name][0])(value)(context, scores)
    return torch.softmax(scores[0], 0)


@pytest.mark.parametrize(
    "sampling",
    [
        {"temperature": 3.0, "top_k": 12, "repetition_penalty": 1.4},
        pytest.param({"temperature": 3.0, "top_k": 0}, marks=pytest.mark.slow),
        pytest.param({"temperature": 3.0, "top_k": 0, "top_p": 0.8}, marks=pytest.mark.slow),
        pytest.param({"temperature": 3.0, "top_k": 0, "min_p": 0.02}, marks=pytest.mark.slow),
        pytest.param({"temperature": 3.0, "top_k": 0, "typical_p": 0.9}, marks=pytest.mark.slow),
        pytest.param({"temperature": 3.0, "top_k": 0, "top_h": 0.5}, marks=pytest.mark.slow),
        pytest.param({"temperature": 3.0, "top_k": 0, "repetition_penalty": 1.4}, marks=pytest.mark.slow),
    ],
)
def test_generate_draws_what_transformers_would(sampling: dict[str, Any]) -> None:
    """10,000 answers of one token, through the engine's own model: every processor before and every warper."""
    loaded = load("tiny", dtype="float32")
    engine = RecordingHFLM(pretrained=loaded.model, tokenizer=loaded.tokenizer, batch_size=1)
    context = torch.tensor([loaded.tokenizer("Answer: 12 + 3")["input_ids"]])
    keys, parts = _keys(DRAWS).tolist(), []
    for start in range(0, DRAWS, PART):
        engine._prompts, engine.noise_keys = ["p"] * PART, {"p": keys[start : start + PART]}
        parts.append(engine._to_the_budget(context.expand(PART, -1), 1, {"do_sample": True, **sampling})[:, -1])
    drawn = torch.cat(parts)
    warped = {k: v for k, v in sampling.items() if k in WARPERS and v not in WARPERS[k][1]}
    order = {name: warped[name] for name in WARPERS if name in warped}
    expected = _after(context, loaded.model, sampling.get("repetition_penalty", 1.0), order).numpy().astype(float)
    counts = torch.bincount(drawn, minlength=len(expected)).numpy()
    assert counts[expected == 0].sum() == 0
    often = expected * DRAWS >= 5
    seen, wanted = (np.append(x[often], x[~often].sum()) for x in (counts, expected / expected.sum() * DRAWS))
    kept = wanted > 0
    assert stats.chisquare(seen[kept], wanted[kept]).pvalue > 1e-4


def test_every_warper_of_transformers_is_known_and_in_its_order() -> None:
    source = inspect.getsource(GenerationMixin._get_logits_processor)
    sampling = source[source.index("only applied with sampling strategies") : source.index("Watermarking")]
    assert re.findall(r"\b(\w+Warper)\(", sampling) == [kind for kind, _ in WARPERS.values()]


@pytest.mark.parametrize("name", ["num_beams", "penalty_alpha", "dola_layers", "prompt_lookup_num_tokens"])
def test_rules_that_are_no_draw_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        refuse_other_rules({"coupled": True, name: 4}, GenerationConfig())
    with pytest.raises(UsageError, match=name):
        refuse_other_rules({"coupled": True}, GenerationConfig(**{name: 4}))


def test_noise_is_gumbel_and_independent_over_tokens_positions_and_answers() -> None:
    keys = _keys(400)
    first, second = gumbel(keys, 0, 50).numpy(), gumbel(keys, 1, 50).numpy()
    assert stats.kstest(first.ravel(), "gumbel_r").pvalue > 1e-4
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.03
    assert np.abs(np.corrcoef(first.T) - np.eye(50)).max() < 0.3
    assert (gumbel(keys[:3], 0, 50).numpy() == first[:3]).all(), "neither batch nor vocabulary matters"
    assert (gumbel(keys, 0, 20).numpy() == first[:, :20]).all()


@pytest.mark.parametrize("change", [{"seed": 8}, {"item": "x"}, {"repeat": 1}, {"task": "u"}, {"turn": 1}])
def test_seed_item_repeat_and_turn_have_noise_of_their_own(change: dict[str, Any]) -> None:
    given: dict[str, Any] = {"seed": 7, "task": "t", "item": "h", "repeat": 0, "turn": 0}
    assert noise_key(**{**given, **change}) != noise_key(**given)


def _scores(
    model: LoadedModel, out: Path, draw: int = 0, limit: int = 48, **sampling: Any
) -> dict[Any, tuple[str, float]]:
    drawn = {"temperature": 2.5, **sampling}
    settings = Settings(progress=False, limit=limit, batch_size=16, repeats=2, sampling=drawn, draw=draw)
    found = measure(model, ["tiny_addition", "tiny_capitals"], out, settings=settings)
    return {row.key: (str(row.completion), float(row.score or 0)) for t in found.tasks for row in found.rows(t)}


def test_the_same_weights_say_the_same_and_repeats_differ(tmp_path: Path) -> None:
    model = load("tiny", dtype="float32")
    one, two = (_scores(model, tmp_path / name, limit=16, coupled=True) for name in ("a", "b"))
    assert one == two
    repeats = [(one[key][0], one[(*key[:2], 1)][0]) for key in one if key[2] == 0]
    assert any(first != second for first, second in repeats)


@pytest.mark.slow
def test_a_slightly_changed_model_flips_less_than_with_noise_of_its_own(tmp_path: Path) -> None:
    base = load("tiny", dtype="float32")
    moved = copy.deepcopy(base.model)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in moved.parameters():
            parameter.mul_(1 + 0.01 * torch.randn(parameter.shape, generator=generator))
    tuned = LoadedModel(moved, base.tokenizer, "moved")
    flips = {}
    for name, sampling in (("coupled", {"coupled": True}), ("own", {})):
        x = _scores(base, tmp_path / f"{name}-0", **sampling)
        y = _scores(tuned, tmp_path / f"{name}-1", draw=1, **sampling)
        flips[name] = np.mean([x[key][0] != y[key][0] for key in x])
    assert flips["coupled"] < 0.5 * flips["own"], flips


@pytest.mark.parametrize(
    ("given", "own", "found"),
    [
        ({"coupled": True}, {"temperature": 0.7, "top_p": 0.9}, {"temperature": 0.7, "top_p": 0.9, "coupled": True}),
        ({"coupled": True}, {}, {}),
        ({"coupled": False}, {"temperature": 0.7, "coupled": True}, {"temperature": 0.7}),
        ({"temperature": 1.0}, {"temperature": 0.7, "coupled": True}, {"temperature": 1.0, "coupled": True}),
        ({}, {"temperature": 0.7}, {"temperature": 0.7}),
    ],
)
def test_coupled_alone_keeps_a_tasks_own_sampling(given: Any, own: Any, found: Any) -> None:
    assert Settings(sampling=given).sampling_of(own) == found


def test_where_nothing_is_drawn_coupled_is_refused_and_so_is_another_value(tmp_path: Path) -> None:
    for sampling, message in (({"coupled": True}, "no task"), ({"coupled": 1, "temperature": 1.0}, "true or false")):
        with pytest.raises(UsageError, match=message):
            measure(load("tiny"), ["tiny_upper"], tmp_path, settings=Settings(limit=2, sampling=sampling))


def test_an_independent_draw_is_none_for_coupled_answers() -> None:
    drawn = {"do_sample": True, "temperature": 1.0}
    assert seed_of(drawn, 3, 1) != 3 == seed_of({**drawn, "coupled": True}, 3, 1)


def test_other_backends_refuse(tmp_path: Path) -> None:
    from holdfast.benchmarks.engine.backends.lm_eval_models import BackendEngine

    with pytest.raises(UsageError, match="needs a model in memory"):
        BackendEngine.check(object(), {"coupled": True})  # type: ignore[arg-type]
