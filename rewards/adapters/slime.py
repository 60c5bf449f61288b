"""slime and miles: `--custom-rm-path holdfast.rewards.adapters.slime.custom_rm` (the reward named by HOLDFAST_REWARD).

The same path gets one Sample, or a list of them when `--group-rm` is on. Both want a number or, with `--reward-key`, a
dict; there is no "skip": what cannot be judged is `score` 0.0 with `judged` 0.0, so use `--reward-key score`. Read from
slime/rollout/rm_hub/__init__.py and miles/rollout/rm_hub/__init__.py (mid-2026).
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from holdfast.rewards.adapters import flagged, judged, named


async def custom_rm(args: Any, sample: Any, *, reward: Any = None, **ignored: Any) -> Any:
    """A dict for one sample, a list of dicts for several; a plain number when `args.reward_key` is not set."""
    several = isinstance(sample, Sequence)
    samples = list(sample) if several else [sample]
    scores = await asyncio.to_thread(
        judged,
        reward,
        [item.response for item in samples],
        [item.label for item in samples],
        [item.prompt for item in samples],
        [dict(getattr(item, "metadata", None) or {}) for item in samples],
    )
    values = [flagged(score) if getattr(args, "reward_key", None) else flagged(score)["score"] for score in scores]
    return values if several else values[0]


__getattr__ = named(custom_rm)
