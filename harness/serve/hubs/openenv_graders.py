"""Two checks of OpenEnv's validation that its policy reserves and nobody has built, as graders of a third party.

    statistical.adversarial_floor    what the best lazy text earns leaves `floor_margin` below the greatest reward
    statistical.gameability_gap      lazy texts earn no more than `floor_margin` above an empty answer

They are found by the entry point `openenv.validation.graders` where both packages are installed, and play the running
server by its own protocol with the texts of `holdfast env audit`. openenv 0.10 runs no checks of this level by itself:
call `run(subject)`, or a runner that does. A server whose episodes have no value is an error of the check, not its
environment's. Read from openenv 0.10: validation/graders, validation/policies/severity-v2.json.
"""

import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

ROWS = 12
"""Tasks that are played."""


class _Audited:
    """What both checks share: the reward of every lazy text on the running server."""

    level = 4
    requires_capabilities: frozenset[str] = frozenset()
    requires_provider: frozenset[Any] = frozenset()
    depends_on: Sequence[str] = ("runtime.startup",)
    check_id = ""

    def applies_to(self, manifest: Any) -> bool:
        """Every environment has a reward."""
        return True

    def run(self, subject: Any) -> Any:
        """The check's result: skipped without a running server."""
        from openenv.validation.report import CheckResult
        from openenv.validation.types import CheckStatus

        begun = time.monotonic()
        if subject.running is None:
            return CheckResult(
                check_id=self.check_id, status=CheckStatus.SKIP, evidence=["no server runs"], duration_s=0
            )
        low, high = subject.manifest.reward.range
        earned = _earned(str(subject.running.base_url), float(low), float(high))
        spent = time.monotonic() - begun
        if earned is None:
            evidence = ["episodes of lazy texts have no reward"]
            return CheckResult(check_id=self.check_id, status=CheckStatus.ERROR, evidence=evidence, duration_s=spent)
        measured, good, finding = self.judge(
            earned, float(low), float(high), float(subject.manifest.reward.floor_margin)
        )
        return CheckResult(
            check_id=self.check_id,
            status=CheckStatus.PASS if good else CheckStatus.FAIL,
            measured=measured,
            evidence=[finding],
            remediation=None if good else "Let the reward ask for what such a text lacks.",
            duration_s=spent,
        )

    def judge(
        self, earned: dict[str, float], low: float, high: float, margin: float
    ) -> tuple[dict[str, float], bool, str]:
        """(what was measured, whether it holds, the evidence)."""
        raise NotImplementedError


class AdversarialFloor(_Audited):
    """The best lazy text stays well below the greatest reward."""

    check_id = "statistical.adversarial_floor"

    def judge(
        self, earned: dict[str, float], low: float, high: float, margin: float
    ) -> tuple[dict[str, float], bool, str]:
        """The floor, and the cheapest text that earns it."""
        name, floor = max(earned.items(), key=lambda one: one[1])
        return {"floor": floor, "gap": high - floor}, high - floor >= margin, f"{name} earns {floor:.3f} of {high:g}"


class GameabilityGap(_Audited):
    """No lazy text earns much more than nothing at all."""

    check_id = "statistical.gameability_gap"

    def judge(
        self, earned: dict[str, float], low: float, high: float, margin: float
    ) -> tuple[dict[str, float], bool, str]:
        """How much more than an empty answer the best lazy text earns."""
        name, best = max(earned.items(), key=lambda one: one[1])
        gap = best - earned["empty"]
        return (
            {"empty": earned["empty"], "best": best, "gap": gap},
            gap <= margin,
            f"{name} earns {gap:.3f} more than ''",
        )


@lru_cache(maxsize=4)
def _earned(url: str, low: float, high: float) -> dict[str, float] | None:
    """The mean reward of each lazy text on the first tasks of a server; None where an episode had no value."""
    from holdfast.benchmarks.environments.shared.audit import LAZY, play
    from holdfast.environment import make_environment

    made = make_environment(f"openenv:{url}", items=ROWS, range=[low, high])
    rows = list(made.tasks(""))[:ROWS]
    found: dict[str, float] = {}
    for name, write in LAZY.items():
        values = [play(made, row, lambda question, row=row, write=write: write(row, question)).value for row in rows]  # type: ignore[misc]
        if not rows or None in values:
            return None
        found[name] = low + (high - low) * sum(value or 0.0 for value in values) / len(values)
    return found
