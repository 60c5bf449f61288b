"""What a sweep costs, on one axis for all of its trainings: one held skill, or the mean of them.

The worst skill of each training is another skill each time, and where nothing was lost it is the luckless one of many:
an axis of noise. Here it is the skill that the sweep provably costs most (Holm over skills within a training,
Bonferroni over the trainings), and the mean of the held skills where none is proven to have dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.compare.result import Benchmark, Comparison, Interval


@dataclass(frozen=True, slots=True)
class Axis:
    """The held skill `task`; None: the mean of the held skills."""

    task: str | None

    @property
    def label(self) -> str:
        """The axis' title, such as `change of mmlu`."""
        return "change of the held skills' mean" if self.task is None else f"change of {self.task}"

    @property
    def sentence(self) -> str:
        """What stands across, as a sentence."""
        if self.task is None:
            return "No held skill is proven to have dropped anywhere, so across stands the mean of all of them."
        return f"Across stands {self.task}, the held skill that this sweep provably costs most."

    def value(self, comparison: Comparison) -> float:
        """The change on this axis; 0 where the comparison does not have it."""
        found = self._found(comparison)
        return found[0] if found else 0.0

    def interval(self, comparison: Comparison) -> Interval | None:
        """Its interval; no skill was picked within the training, so none is widened."""
        found = self._found(comparison)
        return found[1] if found else None

    def _found(self, comparison: Comparison) -> tuple[float, Interval] | None:
        if self.task is None:
            macro = comparison.macro
            return None if macro is None else (macro.difference, macro.interval)
        return next(((one.difference, one.interval) for one in comparison.held if one.task == self.task), None)


def axis_of(comparisons: Sequence[Comparison]) -> Axis:
    """The axis of these trainings."""
    skills: dict[str, list[Benchmark]] = {}
    for one in comparisons:
        for benchmark in one.held:
            skills.setdefault(benchmark.task, []).append(benchmark)
    alpha = min((one.alpha for one in comparisons), default=0.05)
    proven = [
        task for task, found in skills.items() if min(one.holm_regressed for one in found) * len(comparisons) <= alpha
    ]
    return Axis(min(proven, key=lambda task: _mean(skills[task]), default=None))


def _mean(found: Sequence[Benchmark]) -> float:
    return sum(one.difference for one in found) / len(found)
