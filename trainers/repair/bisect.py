"""Bisect: at which step did each regressed skill break?

The saved checkpoints of a run are measured by halving (its end is measured already), all regressed skills together,
each judged against the base model by the gate's own statistics. Halving supposes that what is broken stays broken. A
training need not do that, and a small drop is seen at one checkpoint and missed at the next: `monotone` says whether
the looks that were made agree with a single break, `clear_at` up to where half of the drop was ruled out, and `scan`
measures every checkpoint.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.benchmarks.suites.suite import Suite
from holdfast.compare import Benchmark, compare
from holdfast.errors import DataError
from holdfast.files import read_json, write_json
from holdfast.logs import notice
from holdfast.runs.layout import BisectLook, BisectRecord, BreakRecord
from holdfast.runs.measurement import Measurement, read_measurement
from holdfast.trainers.models.model import threads
from holdfast.trainers.repair.finished_run import BROKEN, FinishedRun, load_finished_run
from holdfast.trainers.run.checkpoint_eval import finished, measured, suite_of
from holdfast.trainers.run.checkpoints import saved

Look = Callable[[int], Mapping[str, Benchmark]]
"""The regressed skills at a step, against the base model."""


@dataclass(frozen=True)
class BisectResult:
    """The result of bisecting a run."""

    finished_run: FinishedRun
    record: BisectRecord


def bisect(
    run: Path, *, scan: bool = False, base: str | None = None, secrets: Mapping[str, str] | None = None
) -> BisectResult:
    """Find the breaks of a finished run and write `run`/bisect/bisect.json. Killed, it goes on where it was.

    `scan`: measure every checkpoint, not only those that halving asks for. `base`: where the base model lies now.
    `secrets`: those of the run's settings, by their dotted keys, for its manifest masks them.
    Raises DataError for a directory that is no finished run or has no saved checkpoints.
    """
    finished_run = load_finished_run(run, base, secrets)
    began = time.perf_counter()
    steps = checkpoints(run) if finished_run.broken else {}
    end = int(read_json(run / "training.json")["steps"])
    order = sorted({*steps, end}) if steps else []
    looked: dict[int, Mapping[str, Benchmark]] = {}

    def look(step: int) -> Mapping[str, Benchmark]:
        if step not in looked:
            measured_in = run / "after" if step == end else _measured(finished_run, steps[step], step)
            looked[step] = _judged(finished_run, read_measurement(measured_in))
        return looked[step]

    _tell_cost(finished_run, len(set(order) - {end}), scan)
    with threads(finished_run.config.model.threads):
        for step in order if scan and finished_run.broken else ():
            look(step)
        found = [first_break(one.task, order, look) for one in finished_run.broken]
    breaks = [_break_record(one, looked) for one in found]
    record: BisectRecord = {
        "schema": 1,
        "breaks": breaks,
        "looks": {str(step): {task: _look_record(b) for task, b in at.items()} for step, at in sorted(looked.items())},
        "checkpoints": order,
        "seconds": round(time.perf_counter() - began, 3),
    }
    write_json(run / "bisect" / "bisect.json", record)
    finished_run.write_report()
    return BisectResult(finished_run, record)


@dataclass(frozen=True)
class Break:
    """Between which steps one skill broke."""

    task: str
    held_at: int
    """The last step seen at which no drop was proven (0: the base model)."""
    broken_at: int | None
    """The first step seen at which one was; None when no saved checkpoint shows the drop."""
    there: Benchmark
    """The skill at `broken_at`, or at the last checkpoint."""


def first_break(task: str, steps: Sequence[int], look: Look) -> Break:
    """Halve between the base model and the last step, which must itself show the drop."""
    low, high = -1, len(steps) - 1
    last = look(steps[high])[task]
    if last.verdict not in BROKEN:
        return Break(task, steps[high], None, last)
    while high - low > 1:
        middle = (low + high) // 2
        if look(steps[middle])[task].verdict in BROKEN:
            high = middle
        else:
            low = middle
    return Break(task, steps[low] if low >= 0 else 0, steps[high], look(steps[high])[task])


def checkpoints(run: Path) -> dict[int, Path]:
    """The saved checkpoints by step. Raises DataError, with the settings that keep them, when there are none."""
    found = dict(saved(run / "training"))
    if not found:
        raise DataError(
            f"{run} kept no checkpoints: train with checkpoints=10 (evenly spaced), or with"
            " trainer.args.save_steps=20 trainer.args.save_total_limit=100"
        )
    return found


def _break_record(one: Break, looked: Mapping[int, Mapping[str, Benchmark]]) -> BreakRecord:
    """A break with all that was seen of the skill, at whichever skill's looks."""
    seen = {step: at[one.task] for step, at in sorted(looked.items())}
    broken = [step for step, at in seen.items() if at.verdict in BROKEN]
    first = one.broken_at if one.broken_at is None else min([one.broken_at, *broken])
    there = seen[first] if first is not None else one.there
    before = [step for step in seen if first is None or step < first]
    again = [step for step in seen if first is not None and step > first and step not in broken]
    half = there.difference / 2
    clear = [step for step in before if seen[step].interval.low > half]
    return {
        "task": one.task,
        "held_at": max(before, default=0),
        "clear_at": max(clear, default=0),
        "broken_at": first,
        "difference": there.difference,
        "p": there.p_regressed,
        "interval": [there.interval.low, there.interval.high],
        "monotone": not again,
        "recovered_at": again,
        "sentence": _sentence(one.task, max(before, default=0), first, there, again),
    }


def _sentence(task: str, held_step: int, broken: int | None, there: Benchmark, again: Sequence[int]) -> str:
    size = f"{100 * there.difference:+.1f} points, p = {there.p_regressed:.1e}"
    if broken is None:
        return f"{task}: no saved checkpoint proves the drop, not even step {held_step} ({size})"
    where = (
        f"between step {held_step} and step {broken}"
        if held_step
        else f"by step {broken}, the first checkpoint looked at"
    )
    sentence = f"{task} broke {where} ({size})"
    if again:
        steps = ", ".join(map(str, again))
        sentence += f"; but no drop is proven at step {steps}: it came and went, or the items are too few to tell"
    return sentence


def _look_record(one: Benchmark) -> BisectLook:
    flips = one.forgetting
    return {
        "difference": one.difference,
        "interval": [one.interval.low, one.interval.high],
        "p": one.p_regressed,
        "verdict": str(one.verdict),
        "lost": flips.lost if flips else None,
        "gained": flips.gained if flips else None,
        "n": one.n,
    }


def _judged(finished_run: FinishedRun, measured: Measurement) -> Mapping[str, Benchmark]:
    """The regressed skills at one checkpoint."""
    tasks = [one.task for one in finished_run.broken]
    before = read_measurement(finished_run.run / "before")
    results = compare(
        before, measured, tasks=tasks, allow=["tasks"], margin=finished_run.comparison.margin, max_flips=0
    )
    return {result.task: result for result in results.benchmarks}


def _measured(finished_run: FinishedRun, checkpoint: Path, step: int) -> Path:
    """Where the regressed skills of a checkpoint are measured, now or before."""
    trajectory, out = finished_run.run / "checkpoints" / f"step-{step}", finished_run.run / "bisect" / f"step-{step}"
    for folder in (trajectory, out):  # what measure_checkpoints=true has measured is not measured again
        if finished(folder):
            return folder
    notice(f"bisect: step {step} …")
    tasks, suite = {one.task for one in finished_run.broken}, suite_of(finished_run.config)
    chosen = Suite(name=f"{suite.name}-bisect", entries=tuple(e for e in suite.entries if e.name in tasks))
    measured(finished_run.config, out, checkpoint, suite=chosen, drafts=finished_run.run / "before")
    return out


def _tell_cost(finished_run: FinishedRun, count: int, scan: bool) -> None:
    """How much is to be measured, before it begins."""
    if not finished_run.broken:
        return
    most = min(count, math.ceil(math.log2(count + 1)) * len(finished_run.broken))
    counted = f"all {count}" if scan else f"at most {most} of {count}"
    seconds = finished_run.seconds("measure after")
    share = sum(one.n for one in finished_run.broken) / max(1, sum(one.n for one in finished_run.comparison.benchmarks))
    each = f", about {seconds * share:.0f} s each" if seconds else ""
    tasks = ", ".join(one.task for one in finished_run.broken)
    notice(f"bisect: {tasks} regressed; {counted} checkpoints are measured{each}")
