"""Bisect: at which step did each regressed skill break?

The saved checkpoints of a run are measured by halving, all regressed skills together, each judged against the base
model by the gate's own statistics. Halving supposes that a broken skill stays broken; `looks` shows what was seen.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from holdfast.benchmarks.suite import Suite
from holdfast.compare import Benchmark, Verdict, compare
from holdfast.errors import DataError
from holdfast.rows import write_json
from holdfast.run import Measurement, read_measurement
from holdfast.trainers.config import TrainConfig
from holdfast.trainers.directory import default_cache, finished_run
from holdfast.trainers.measuring import finished, suite_of
from holdfast.trainers.model import free, load_trained, threads

BROKEN = (Verdict.REGRESSED, Verdict.BEYOND_MARGIN)


@dataclass(frozen=True)
class Break:
    """When one skill broke."""

    task: str
    held_at: int
    """The last step seen at which no drop was proven (0: the base model)."""
    broken_at: int | None
    """The first step seen at which one was; None when no saved checkpoint shows the drop."""
    difference: float
    """The change at `broken_at`; score units."""
    p: float
    """One-sided, of that change."""


@dataclass(frozen=True)
class Bisected:
    """What bisecting found."""

    breaks: tuple[Break, ...]
    looks: dict[int, dict[str, float]]
    """Change of each regressed skill at every step that was measured; score units."""


def bisect(run: Path) -> Bisected:
    """Find the breaks of a finished run and write `run`/bisect/bisect.json. Raises DataError for a directory that is
    no finished run or has no saved checkpoints."""
    config = finished_run(run)
    steps = checkpoints(run)
    before, after = read_measurement(run / "before"), read_measurement(run / "after")
    verdicts = compare(before, after, target=config.target, max_flips=0).held
    broken = [result.task for result in verdicts if result.verdict in BROKEN]
    looked: dict[int, dict[str, Benchmark]] = {}

    def look(step: int) -> dict[str, Benchmark]:
        if step not in looked:
            measured = _measure(config, run, steps[step], step, broken)
            results = compare(before, measured, tasks=broken, allow=["tasks"], max_flips=0).benchmarks
            looked[step] = {result.task: result for result in results}
        return looked[step]

    with threads(config.model.threads):
        breaks = tuple(first_break(task, sorted(steps), look) for task in broken)
    seen = {step: {task: r.difference for task, r in found.items()} for step, found in sorted(looked.items())}
    write_json(run / "bisect" / "bisect.json", {"breaks": [asdict(one) for one in breaks], "looks": seen})
    return Bisected(breaks, seen)


def first_break(task: str, steps: list[int], look: Callable[[int], dict[str, Benchmark]]) -> Break:
    """Halve between the base model and the last checkpoint, which must itself show the drop."""
    low, high = -1, len(steps) - 1
    last = look(steps[high])[task]
    if last.verdict not in BROKEN:
        return Break(task, steps[high], None, last.difference, last.p_regressed)
    while high - low > 1:
        middle = (low + high) // 2
        if look(steps[middle])[task].verdict in BROKEN:
            high = middle
        else:
            low = middle
    there = look(steps[high])[task]
    return Break(task, steps[low] if low >= 0 else 0, steps[high], there.difference, there.p_regressed)


def checkpoints(run: Path) -> dict[int, Path]:
    """The saved checkpoints by step. Raises DataError, with the settings that keep them, when there are none."""
    found = {int(p.name.rpartition("-")[2]): p for p in (run / "training").glob("checkpoint-*") if p.is_dir()}
    if not found:
        raise DataError(
            f"{run} kept no checkpoints: train with trainer.args.save_steps=20 trainer.args.save_total_limit=100"
        )
    return found


def _measure(config: TrainConfig, run: Path, checkpoint: Path, step: int, tasks: list[str]) -> Measurement:
    from holdfast.benchmarks.engine import measure
    from holdfast.benchmarks.settings import Settings

    out = run / "bisect" / f"step-{step}"
    if finished(out):
        return read_measurement(out)
    suite = suite_of(config)
    chosen = Suite(name=f"{suite.name}-bisect", entries=tuple(e for e in suite.entries if e.name in tasks))
    loaded = load_trained(config.model, checkpoint)
    found = measure(
        loaded,
        chosen,
        out,
        data_root=Path(config.data_root) if config.data_root else None,
        cache=default_cache(config),
        settings=Settings(batch_size=config.model.batch_size, limit=config.limit),
    )
    del loaded
    free()
    return found
