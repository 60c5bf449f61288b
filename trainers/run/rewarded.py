"""Does the reward pay for the target? A reward that rises while what one trains for falls is said in a sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.compare import Comparison

LEAST = 10
"""Log entries with a reward below which nothing is said."""


def reward_findings(log: Sequence[Mapping[str, Any]], comparison: Comparison) -> tuple[str, ...]:
    """One sentence for every target that fell, where the reward rose from the training's first fifth to its last."""
    rewards = [float(entry["reward"]) for entry in log if isinstance(entry.get("reward"), int | float)]
    if len(rewards) < LEAST:
        return ()
    fifth = len(rewards) // 5
    first, last = sum(rewards[:fifth]) / fifth, sum(rewards[-fifth:]) / fifth
    if last <= first:
        return ()
    return tuple(
        f"the reward rose from {first:.3g} to {last:.3g} in training while {one.task} fell by"
        f" {-100 * one.difference:.1f} points: it pays for something else than {one.task} measures"
        for one in comparison.targets
        if one.difference < 0 and one.interval is not None and one.interval.high < 0
    )
