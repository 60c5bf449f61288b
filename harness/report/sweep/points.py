"""A sweep's points: what each training gained on its targets against what it cost the held skills."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast.compare.result import Benchmark, Comparison, Interval
from holdfast.errors import DataError
from holdfast.files import read_json
from holdfast.report.sweep.axis import Axis, axis_of
from holdfast.stats.multiple import holm


@dataclass(frozen=True, slots=True)
class Point:
    """One training of a sweep."""

    name: str
    comparison: Comparison
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What this job varies: `{"trainer": "sft", "data.replay.ratio": "0.3"}`."""

    @property
    def gain(self) -> float | None:
        """Mean change of the targets; None without a target."""
        targets = self.comparison.targets
        return sum(b.difference for b in targets) / len(targets) if targets else None

    @property
    def gain_interval(self) -> Interval | None:
        """The target's interval; None unless there is exactly one target."""
        targets = self.comparison.targets
        return targets[0].interval if len(targets) == 1 else None

    @property
    def worst(self) -> Benchmark | None:
        """The held skill that changed for the worst."""
        return min(self.comparison.held, key=lambda b: b.difference, default=None)

    @property
    def cost(self) -> float:
        """The worst held skill's change; 0 when nothing is held."""
        return self.worst.difference if self.worst else 0.0

    @property
    def p_regressed(self) -> float:
        """Evidence that any held skill dropped: the smallest p, Holm-adjusted within this point."""
        macro = self.comparison.macro
        return min([b.holm_regressed for b in self.comparison.held] + ([macro.holm_regressed] if macro else []) + [1.0])


@dataclass(frozen=True, slots=True)
class Effect:
    """The average over all points that share a parameter's value."""

    parameter: str
    value: str
    points: int
    gain: float | None
    mean_cost: float | None
    """Mean change of the held skills (macro)."""
    worst_cost: float


def read_sweep(directory: Path) -> list[Point]:
    """The finished jobs below a sweep's folder: `<job>/report.json`, parameters from the folders' names
    (`trainer=sft,seed=0`). Raises DataError when there is none."""
    found = sorted(Path(directory).glob("*/report.json"))
    if not found:
        raise DataError(f"{directory} holds no finished job (looked for */report.json)")
    points = []
    for file in found:
        parts = [part.partition("=") for part in file.parent.name.split(",")]
        parameters = {key: value for key, equals, value in parts if equals}
        points.append(Point(file.parent.name, Comparison.from_json(read_json(file)), parameters))
    return points


@dataclass(frozen=True, slots=True)
class Missing:
    """A job of a sweep that is not among its points."""

    name: str
    status: str
    """`killed`, `failed`, or `unfinished` (it is running, or the sweep itself was ended)."""
    why: str
    rerun: str
    """The command that runs this job alone."""


def missing_jobs(directory: Path) -> list[Missing]:
    """The jobs below a sweep's folder that have no report: what became of them, and how to run each alone."""
    found = []
    for plan in sorted(Path(directory).glob("*/job.json")):
        job = plan.parent
        outcome = read_json(job / "outcome.json") if (job / "outcome.json").is_file() else {}
        if outcome.get("status") == "finished" or (job / "report.json").is_file():
            continue
        reason = outcome.get("error") or (f"signal {outcome['signal']}" if "signal" in outcome else "")
        found.append(Missing(job.name, outcome.get("status", "unfinished"), reason, f"holdfast train from={plan}"))
    return found


def axis(points: Sequence[Point]) -> Axis:
    """What the sweep costs, on one axis."""
    return axis_of([point.comparison for point in points])


def pareto(points: Sequence[Point]) -> list[bool]:
    """Which points no other beats in gain without paying more on the sweep's axis (or in cost without gaining less)."""
    x_axis = axis(points)
    known = [(point.gain or 0.0, x_axis.value(point.comparison)) for point in points]
    return [not any(_beats(other, own) for other in known) for own in known]


def _beats(other: tuple[float, float], own: tuple[float, float]) -> bool:
    return other[0] >= own[0] and other[1] >= own[1] and other != own


def holm_over_points(points: Sequence[Point]) -> list[float]:
    """Each point's p for "some held skill dropped", Holm-adjusted once more over the points of the sweep."""
    return [float(p) for p in holm([point.p_regressed for point in points])] if points else []


def without_regression(points: Sequence[Point]) -> list[bool]:
    """Which trainings have no proven regression, allowing for all of the sweep: what headline, page and JSON go by."""
    alphas = [point.comparison.alpha for point in points]
    return [p > alpha for p, alpha in zip(holm_over_points(points), alphas, strict=True)]


def best_of(points: Sequence[Point]) -> Point | None:
    """The training that gained most among those without a proven regression; None where there is none."""
    clean = [p for p, kept in zip(points, without_regression(points), strict=True) if kept and p.gain is not None]
    return max(clean, key=lambda point: point.gain or 0.0, default=None)


def effects(points: Sequence[Point]) -> list[Effect]:
    """Per parameter that varies, per value: the plain averages of its points (other parameters as they fell)."""
    names = list(dict.fromkeys(name for point in points for name in point.parameters))
    made = []
    for name in names:
        values = list(dict.fromkeys(point.parameters.get(name, "") for point in points))
        if len(values) > 1:
            made += [
                _effect(name, value, [p for p in points if p.parameters.get(name, "") == value]) for value in values
            ]
    return made


def _effect(name: str, value: str, group: Sequence[Point]) -> Effect:
    gains = [point.gain for point in group if point.gain is not None]
    macros = [point.comparison.macro.difference for point in group if point.comparison.macro]
    gain = sum(gains) / len(gains) if gains else None
    mean = sum(macros) / len(macros) if macros else None
    return Effect(name, value, len(group), gain, mean, sum(point.cost for point in group) / len(group))


def as_json(points: Sequence[Point]) -> dict[str, Any]:
    """The sweep in numbers (score units), one entry per point."""
    x_axis = axis(points)
    entries = [
        {
            "name": point.name,
            "parameters": dict(point.parameters),
            "gain": point.gain,
            "mean_held": point.comparison.macro.difference if point.comparison.macro else None,
            "cost": x_axis.value(point.comparison) if point.worst else None,
            "worst_held": point.cost if point.worst else None,
            "worst_task": point.worst.task if point.worst else None,
            "decision": str(point.comparison.decision),
            "pareto": best,
            "p_regressed_holm": p,
        }
        for point, best, p in zip(points, pareto(points), holm_over_points(points), strict=True)
    ]
    found, clean = best_of(points), without_regression(points)
    return {
        "schema": 1,
        "kind": "frontier",
        "axis": x_axis.task or "mean of the held skills",
        "best": found.name if found else None,
        "without_regression": [point.name for point, kept in zip(points, clean, strict=True) if kept],
        "points": entries,
    }
