"""verl: `reward.custom_reward_function.path=pkg://holdfast.rewards.adapters.verl` (or this file's path).

`name` is `compute_score` (the reward and its options are `reward_kwargs`), a reward's name, `compute_score_batch` for
the batch manager, or `compute_number` for the prime manager, which knows no dicts. verl calls from a thread pool and
has no "skip": a sample that cannot be judged gets score 0.0 with `judged` 0.0 (verl logs every key), so that it can be
counted and alarmed on. Read from and run with verl 0.9.1: verl/experimental/reward_loop/reward_manager,
verl/workers/reward_manager, verl/trainer/ppo/reward.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.rewards.adapters import flagged, judged, named

_INFRASTRUCTURE = ("reward_router_address", "reward_model_tokenizer")


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: Mapping[str, Any] | None = None,
    *,
    reward: str | Mapping[str, Any] = "math",
    **options: Any,
) -> dict[str, Any]:
    """One sample, as verl's naive, dapo, gdpo and rate-limited managers call it."""
    infos = [{**(extra_info or {}), "data_source": data_source}]
    return flagged(judged(reward, [solution_str], [ground_truth], None, infos, _own(options))[0])


def compute_number(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: Mapping[str, Any] | None = None,
    **named_words: Any,
) -> float:
    """One sample as a bare number, for the prime manager, which scores in processes of its own (load it by `pkg://`)."""
    return float(compute_score(data_source, solution_str, ground_truth, extra_info, **named_words)["score"])


def compute_score_batch(
    data_sources: Sequence[str],
    solution_strs: Sequence[str],
    ground_truths: Sequence[Any],
    extra_infos: Sequence[Mapping[str, Any] | None] | None = None,
    *,
    reward: str | Mapping[str, Any] = "math",
    **options: Any,
) -> list[dict[str, Any]]:
    """A batch, as verl's batch manager calls it (`reward.reward_manager.name=batch`)."""
    given_infos = extra_infos if extra_infos is not None else [None] * len(solution_strs)
    infos = [{**(info or {}), "data_source": source} for info, source in zip(given_infos, data_sources, strict=True)]
    scores = judged(reward, list(solution_strs), list(ground_truths), None, infos, _own(options))
    return [flagged(score) for score in scores]


def _own(options: Mapping[str, Any]) -> dict[str, Any]:
    """The reward's own options: what verl adds for reward models is not for us."""
    return {key: value for key, value in options.items() if key not in _INFRASTRUCTURE}


__getattr__ = named(compute_score)
