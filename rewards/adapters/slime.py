"""slime and miles: `--custom-rm-path holdfast.rewards.adapters.slime.custom_rm` (the reward named by HOLDFAST_REWARD).

The same path gets one Sample, or a list of them when `--group-rm` is on. Both want a number or, with `--reward-key`, a
dict. What cannot be judged is `score` 0.0 with `judged` 0.0, and the sample's own `remove_sample` is set, with which
both leave it out of the loss. Read from slime 624b824a: slime/rollout/rm_hub/__init__.py, slime/ray/rollout.py:680;
miles 31f1ca96: miles/rollout/rm_hub/__init__.py, miles/ray/rollout/train_data_conversion.py:96.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.rewards.adapters import flagged, judged, named
from holdfast.sample import Score


async def custom_rm(args: Any, sample: Any, *, reward: Any = None, **_ignored: Any) -> Any:
    """A dict for one sample, a list of dicts for several; a plain number when `args.reward_key` is not set."""
    several = isinstance(sample, Sequence)
    samples = list(sample) if several else [sample]
    scores = await asyncio.to_thread(
        judged,
        reward,
        [item.response for item in samples],
        [item.label for item in samples],
        [item.prompt for item in samples],
        [_info(item) for item in samples],
    )
    keyed = getattr(args, "reward_key", None)
    values = [_value(item, score, keyed) for item, score in zip(samples, scores, strict=True)]
    return values if several else values[0]


def _info(sample: Any) -> dict[str, Any]:
    metadata = getattr(sample, "metadata", None)
    return dict(metadata) if isinstance(metadata, Mapping) else {}


def _value(sample: Any, score: Score, keyed: str | None) -> Any:
    if score.value is None:
        sample.remove_sample = True
    fields = flagged(score)
    return fields if keyed else fields["score"]


__getattr__ = named(custom_rm)
