"""When the guard glances, and when it looks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

LookReason = Literal["schedule", "drift"]

GROWTH, LEAST = 1.25, 0.25
"""A look follows when a skill's old answers have moved by a quarter more than at the last look, and by a quarter of a
nat: the number of looks that drift calls for grows with its logarithm only."""


@dataclass
class Schedule:
    """Looks at every `every`-th step; glances at each of the first steps, then ever rarer, at most `every`/8 apart."""

    every: int
    seen: dict[str, float] = field(default_factory=dict)
    """Drift of each skill when it was last looked at; nats per answer."""
    last: int = 0
    """Step of the last glance."""

    def due(self, step: int) -> bool:
        """Whether to glance (a look always begins with a glance)."""
        gap = max(1, min(self.every // 8, step // 5))
        return step % self.every == 0 or step - self.last >= gap

    def look(self, step: int, drift: Mapping[str, float]) -> LookReason | None:
        """Whether to look, and why, now that a glance has shown the drift."""
        self.last = step
        moved = any(nats > GROWTH * max(0.0, self.seen.get(task, 0.0)) + LEAST for task, nats in drift.items())
        if step % self.every and not moved:
            return None
        self.seen = dict(drift)
        return "drift" if step % self.every else "schedule"

    def resume(self, step: int, drift: Mapping[str, float]) -> None:
        """Go on after `step`, where the last glance showed `drift`."""
        self.last, self.seen = step, dict(drift)
