"""Composite rewards: rewards made of rewards. Each is itself a registered reward, so they nest.

`of` maps a name to a reward: its registered name, or `{reward: name, weight: …, reference: column, **options}`. Every
part's value appears in `Score.parts` under its name, a part's own parts under `name/part`. `reference` lets a part read
its ground truth from a column of its own.

    reward: gate
    of:
      format: {reward: format_tags}
      answer: {reward: math, reference: answer}
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

from holdfast.errors import UsageError, suggestion
from holdfast.registry import register
from holdfast.reward import Reward
from holdfast.sample import Outcome, Sample, Score

Of = Mapping[str, Any]
_ROUNDING = 1e-9
Missing = Literal["none", "skip"]


def _check(of: Of, **_options: Any) -> None:
    parts = _parts(of)
    if not parts:
        raise UsageError("a composite reward needs at least one part in `of`")
    for config in of.values():
        _weight(config)


def _check_one(of: Of, low: float = 0.0, high: float = 1.0, **numbers: float) -> None:
    _check(of)
    if len(of) != 1:
        raise UsageError(f"this composite takes one part, not {len(of)}: {', '.join(map(str, of))}")
    if not low <= high or not all(map(math.isfinite, numbers.values())):
        raise UsageError(f"the numbers of a composite must be finite and low <= high: {low}, {high}, {numbers}")


def _version(options: Mapping[str, Any]) -> str:
    return "2(" + ",".join(f"{name}={part.name}@{part.version}" for name, part in _parts(options["of"]).items()) + ")"


def _needs_reference(options: Mapping[str, Any]) -> bool:
    """Only the parts that read the default column need it."""
    return any(part.needs_reference and part.reference == "reference" for part in _parts(options["of"]).values())


def _surroundings(options: Mapping[str, Any]) -> dict[str, Any]:
    described = {name: part.describe() for name, part in _parts(options["of"]).items()}
    return {
        name: description["surroundings"] for name, description in described.items() if "surroundings" in description
    }


_COMPOSITE: Any = {
    "scope": "batch",
    "check": _check,
    "version": _version,
    "needs_reference": _needs_reference,
    "surroundings": _surroundings,
}


@register("weighted_sum", **_COMPOSITE, safe_options=("of", "missing"))
def weighted_sum(samples: Sequence[Sample], *, of: Of, missing: Missing = "none") -> list[Score]:
    """The sum of its parts, each times its `weight` (default 1).

    A part that cannot be judged leaves the whole without a value (`missing="none"`). With `missing="skip"` it is left
    out, and the other weights are scaled up to make the same total of sizes. Where only parts of weight 0 were
    judged, the whole has no value either.
    """
    weights = {name: _weight(config) for name, config in of.items()}
    scored = {name: part.score_batch(_own_samples(part, samples)) for name, part in _parts(of).items()}
    return [_sum({name: scores[i] for name, scores in scored.items()}, weights, missing) for i in range(len(samples))]


@register("gate", **_COMPOSITE, safe_options=("of",))
def gate(samples: Sequence[Sample], *, of: Of) -> list[Score]:
    """The product of its parts, in order: a part of 0 decides, and the later ones are not run.

    `{format, answer}` therefore pays for a right answer in the right format only, and a sandbox behind a format check
    runs only what passed it. A part that cannot be judged leaves the whole without a value.
    """
    collected: list[dict[str, Score]] = [{} for _ in samples]
    open_ones = list(range(len(samples)))
    for name, part in _parts(of).items():
        scores = part.score_batch(_own_samples(part, [samples[i] for i in open_ones]))
        for index, score in zip(open_ones, scores, strict=True):
            collected[index][name] = score
        open_ones = [i for i, score in zip(open_ones, scores, strict=True) if score.value]
    return [_product(parts) for parts in collected]


def _check_route(of: Of, default: str | None, **_options: Any) -> None:
    _check(of)
    if default is not None and default not in of:
        raise UsageError(f"default {default!r} of reward 'route' is no part{suggestion(default, of)}")


@register("route", **_COMPOSITE | {"check": _check_route}, safe_options=("of", "by", "default"))
def route(samples: Sequence[Sample], *, of: Of, by: str = "task", default: str | None = None) -> list[Score]:
    """The part that the row's column `by` names: math rows to math, code rows to code, in one mixture.

    A row that names no part goes to `default`, or is unjudgeable without one.
    """
    parts = _parts(of)
    names = [_route_of(sample, by, parts, default) for sample in samples]
    scores: dict[int, Score] = {}
    for name, part in parts.items():
        members = [i for i, chosen in enumerate(names) if chosen == name]
        judged = part.score_batch(_own_samples(part, [samples[i] for i in members]))
        scores |= {i: _renamed(name, score) for i, score in zip(members, judged, strict=True)}
    missing = {i: _unrouted(samples[i], by, parts) for i in range(len(samples)) if i not in scores}
    return [(scores | missing)[i] for i in range(len(samples))]


@register("clip", **_COMPOSITE | {"check": _check_one}, safe_options=("of", "low", "high"))
def clip(samples: Sequence[Sample], *, of: Of, low: float = 0.0, high: float = 1.0) -> list[Score]:
    """Its one part's value, kept between `low` and `high`.

    A part that cannot be judged stays without a value.
    """
    name, scores = _single_part(of, samples)
    return [_with_value(name, score, min(max(score.value or 0.0, low), high)) for score in scores]


@register("scale", **_COMPOSITE | {"check": _check_one}, safe_options=("of", "factor", "offset"))
def scale(samples: Sequence[Sample], *, of: Of, factor: float = 1.0, offset: float = 0.0) -> list[Score]:
    """Its one part's value times `factor` plus `offset`.

    With factor 2 and offset -1, 0/1 becomes -1/1. A part that cannot be judged stays without a value.
    """
    name, scores = _single_part(of, samples)
    return [_with_value(name, score, (score.value or 0.0) * factor + offset) for score in scores]


@register("group_normalized", **_COMPOSITE | {"check": _check_one, "scope": "group"}, safe_options=("of", "std"))
def group_normalized(samples: Sequence[Sample], *, of: Of, std: bool = True) -> list[Score]:
    """Its one part's value minus the mean over the completions of the prompt, divided by their standard deviation.

    Completions that cannot be judged take no part. Where all values are equal each becomes 0. Follows GRPO's
    advantage (DeepSeekMath, arXiv 2402.03300); `std=False` follows Dr. GRPO (arXiv 2503.20783).
    """
    name, scores = _single_part(of, samples)
    values = [score.value for score in scores if score.value is not None]
    mean = math.fsum(values) / len(values) if values else 0.0
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values)) if values and std else 1.0
    if spread <= _ROUNDING * max(1.0, abs(mean)):
        spread = 0.0  # equal but for the last bits: divided, they would be as far apart as right and wrong
    return [_with_value(name, score, ((score.value or 0.0) - mean) / spread if spread else 0.0) for score in scores]


def _parts(of: Of) -> dict[str, Reward]:
    """The parts as Rewards. Raises UsageError for what is no mapping of names to rewards."""
    if not isinstance(of, Mapping):
        raise UsageError(f"`of` maps names to rewards; it is {of!r:.80}")
    return _built(json.dumps(_plain_config(of), sort_keys=False))


def _plain_config(value: Any) -> Any:
    """Hydra's containers and made rewards as plain configs."""
    if isinstance(value, Reward):
        return {"reward": value.name, "reference": value.reference, **_plain_config(value.options)}
    if isinstance(value, Mapping):
        return {str(key): _plain_config(inner) for key, inner in value.items()}
    return (
        [_plain_config(inner) for inner in value]
        if isinstance(value, Sequence) and not isinstance(value, str)
        else value
    )


@lru_cache(maxsize=256)
def _built(config: str) -> dict[str, Reward]:
    found = {}
    for name, part in json.loads(config).items():
        settings = {key: value for key, value in part.items() if key != "weight"} if isinstance(part, dict) else part
        found[name] = Reward.from_config(settings)
    return found


def _weight(config: Any) -> float:
    weight = config.get("weight", 1.0) if isinstance(config, Mapping) else 1.0
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
        raise UsageError(f"a weight must be a finite number, not {weight!r}")
    return float(weight)


def _own_samples(part: Reward, samples: Sequence[Sample]) -> list[Sample]:
    """The samples with the part's own reference column. Raises UsageError naming the columns there are."""
    if part.reference == "reference":
        return list(samples)
    for sample in samples:
        if part.needs_reference and part.reference not in sample.info:
            raise UsageError(
                f"reward {part.name!r} needs the column {part.reference!r}{suggestion(part.reference, sample.info)}"
            )
    return [replace(sample, reference=sample.info.get(part.reference)) for sample in samples]


def _single_part(of: Of, samples: Sequence[Sample]) -> tuple[str, list[Score]]:
    name, part = next(iter(_parts(of).items()))
    return name, part.score_batch(_own_samples(part, samples))


def _sum(scores: Mapping[str, Score], weights: Mapping[str, float], missing: Missing) -> Score:
    judged = {name: score for name, score in scores.items() if score.value is not None}
    total = sum(map(abs, weights.values()))
    share = sum(abs(weights[name]) for name in judged)
    if len(judged) < len(scores) and (missing == "none" or not share):
        return _without_value(scores)
    factor = total / share if len(judged) < len(scores) else 1.0
    value = factor * sum(weights[name] * (score.value or 0.0) for name, score in judged.items())
    return _made_of(value, scores)


def _product(scores: Mapping[str, Score]) -> Score:
    if any(score.value is None for score in scores.values()):
        return _without_value(scores)
    return _made_of(math.prod(score.value or 0.0 for score in scores.values()), scores)


def _made_of(value: float, scores: Mapping[str, Score]) -> Score:
    outcome = Outcome.of(value)
    if value <= 0 and any(score.outcome is Outcome.TIMEOUT for score in scores.values()):
        outcome = Outcome.TIMEOUT
    extracted = next(
        (score.extracted for score in reversed(list(scores.values())) if score.extracted is not None), None
    )
    return Score(value, outcome, _reasons(scores), extracted, _flat(scores))


def _without_value(scores: Mapping[str, Score]) -> Score:
    """A whole that cannot be judged, for the first reason among its parts."""
    first = next(score for score in scores.values() if score.value is None)
    return Score(None, first.outcome, _reasons(scores), None, _flat(scores))


def _with_value(name: str, score: Score, value: float) -> Score:
    """The part's score with another value; one without a value keeps none."""
    if score.value is None:
        return _without_value({name: score})
    return replace(_made_of(value, {name: score}), extracted=score.extracted)


def _renamed(name: str, score: Score) -> Score:
    return replace(score, reason=f"{name}: {score.reason}", parts=_flat({name: score}))


def _reasons(scores: Mapping[str, Score]) -> str:
    return "; ".join(f"{name}: {score.reason}" for name, score in scores.items())


def _flat(scores: Mapping[str, Score]) -> dict[str, float | None]:
    parts: dict[str, float | None] = {}
    for name, score in scores.items():
        parts[name] = score.value
        parts |= {f"{name}/{inner}": value for inner, value in score.parts.items()}
    return parts


def _route_of(sample: Sample, by: str, parts: Mapping[str, Reward], default: str | None) -> str | None:
    named = sample.info.get(by)
    return named if isinstance(named, str) and named in parts else default


def _unrouted(sample: Sample, by: str, parts: Mapping[str, Reward]) -> Score:
    return Score.unjudgeable(
        f"column {by!r} is {sample.info.get(by)!r:.60}{suggestion(str(sample.info.get(by)), parts)}"
    )


_ANSWER = {"answer": {"reward": "exact_match"}}
EXAMPLES = {
    "weighted_sum": [
        (Sample("Paris", "Paris"), 1.0, {"of": {"answer": {"reward": "exact_match", "weight": 1.0}}}),
        (Sample("Rome", "Paris"), 0.0, {"of": _ANSWER}),
    ],
    "gate": [(Sample("Paris", "Paris"), 1.0, {"of": _ANSWER}), (Sample("Rome", "Paris"), 0.0, {"of": _ANSWER})],
    "route": [
        (Sample("Paris", "Paris", info={"task": "answer"}), 1.0, {"of": _ANSWER}),
        (Sample("Rome", "Paris", info={"task": "answer"}), 0.0, {"of": _ANSWER}),
    ],
    "clip": [(Sample("Paris", "Paris"), 1.0, {"of": _ANSWER}), (Sample("Rome", "Paris"), 0.0, {"of": _ANSWER})],
    "scale": [
        (Sample("Paris", "Paris"), 1.0, {"of": _ANSWER}),
        (Sample("Rome", "Paris"), -1.0, {"of": _ANSWER, "factor": 2.0, "offset": -1.0}),
    ],
    "group_normalized": [
        (Sample("Paris", "Paris"), 0.0, {"of": _ANSWER}),
        (Sample("Rome", "Paris"), 0.0, {"of": _ANSWER}),
    ],
}
