"""OpenRLHF: `--reward.remote_url <this file>`, the reward named by HOLDFAST_REWARD (a name or a YAML file).

OpenRLHF calls `reward_func(queries, prompts, labels)` from a thread, with lists of one. A query is prompt and
completion, decoded back from tokens as one text with its special tokens, the prompt cut on the left where it was too
long. The prompt and the closing special tokens are taken off; a query that does not begin with its prompt cannot be
judged (the prompt's own text must not be taken for an answer). There is no "skip": a sample that cannot be judged is
NaN in `scores` (which dynamic filtering drops with its group), 0.0 in `rewards`, and 0 in `extra_logs["judged"]`. Read
from and run with OpenRLHF 0.11.2: openrlhf/utils/agent.py, openrlhf/trainer/ppo_utils/samples_generator.py.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.errors import UsageError
from holdfast.rewards.adapters import named, reward_of
from holdfast.sample import Sample, Score

_CLOSING = re.compile(r"(?:<\|[^<>|\s]{1,40}\|>|<｜[^<>｜\n]{1,40}｜>|</s>|<eos>|<end_of_turn>|<pad>)\s{0,8}\Z")
"""A special token that ends a turn, in the spellings of today's chat templates."""
_TAIL = 64
_UNREAD = "the query does not begin with its prompt"
_LEAST = 8
"""Characters of a cut prompt that must be seen to know where it ends."""
_TRIES = 1000


def reward_func(
    queries: Sequence[str],
    prompts: Sequence[str],
    labels: Sequence[Any],
    *,
    reward: str | Mapping[str, Any] | None = None,
    **_ignored: Any,
) -> dict[str, Any]:
    """Tensors `rewards`, `scores` and `extra_logs`, one entry per query."""
    import torch

    columns = score_lists(queries, prompts, labels, reward=reward)
    return {
        "rewards": torch.tensor(columns["rewards"], dtype=torch.float32),
        "scores": torch.tensor([float("nan") if v is None else v for v in columns["scores"]], dtype=torch.float32),
        "extra_logs": {"judged": torch.tensor(columns["judged"], dtype=torch.float32)},
    }


def score_lists(
    queries: Sequence[str],
    prompts: Sequence[str],
    labels: Sequence[Any],
    *,
    reward: str | Mapping[str, Any] | None = None,
) -> dict[str, list[Any]]:
    """The same as plain lists, with None in `scores`."""
    samples = samples_of(queries, prompts, labels)
    scores = scores_of(samples, reward_of(reward).score_batch([sample for sample in samples if sample is not None]))
    return {
        "rewards": _numbers(scores),
        "scores": [score.value for score in scores],
        "judged": [float(score.value is not None) for score in scores],
        "outcomes": [str(score.outcome) for score in scores],
        "reasons": [score.reason for score in scores],
    }


def samples_of(queries: Sequence[str], prompts: Sequence[str], labels: Sequence[Any]) -> list[Sample | None]:
    """What is to be judged; None for a query whose completion cannot be told. Raises UsageError for odd lengths."""
    if not len(queries) == len(prompts) == len(labels):
        raise UsageError(f"{len(queries)} queries, {len(prompts)} prompts and {len(labels)} labels")
    texts = [completion_of(query, prompt) for query, prompt in zip(queries, prompts, strict=True)]
    rows = zip(texts, labels, prompts, strict=True)
    return [None if text is None else Sample(text, label, prompt) for text, label, prompt in rows]


def scores_of(samples: Sequence[Sample | None], judged: Sequence[Score]) -> list[Score]:
    """The scores of `samples_of`'s samples, those that were judged and those that could not be told."""
    found = iter(judged)
    return [Score.unjudgeable(_UNREAD) if sample is None else next(found) for sample in samples]


def http_answer(scores: Sequence[Score]) -> dict[str, Any]:
    """The JSON answer to OpenRLHF's remote reward call.

    Numbers only: OpenRLHF makes tensors of `scores`, and a null there ends the training.
    """
    values = _numbers(scores)
    return {"rewards": values, "scores": values, "extra_logs": {"judged": [float(s.value is not None) for s in scores]}}


def _numbers(scores: Sequence[Score]) -> list[float]:
    return [0.0 if score.value is None else score.value for score in scores]


def completion_of(query: str, prompt: str) -> str | None:
    """The completion's text in a query; None where the prompt is not found at its front."""
    if not query.startswith(prompt):
        start = _overlap(prompt, query)
        if start == 0:
            return None
        prompt = query[:start]
    end = len(query)
    while found := _CLOSING.search(query, max(len(prompt), end - _TAIL), end):
        end = found.start()
    return query[len(prompt) : end]


def _overlap(prompt: str, query: str) -> int:
    """The length of the longest end of the prompt with which the query begins, at least _LEAST characters; else 0."""
    tail = prompt[-_LEAST:]
    longest = at = 0
    for _ in range(_TRIES):
        at = query.find(tail, at, len(prompt)) + 1
        end = at - 1 + len(tail)
        if at == 0:
            break
        longest = end if prompt.endswith(query[:end]) else longest
    return longest


__getattr__ = named(reward_func)
