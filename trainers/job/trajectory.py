"""What each saved checkpoint had gained and lost: `measure_checkpoints=true`, told in the report beside the losses."""

from pathlib import Path
from typing import Any

from holdfast.compare import Comparison, compare
from holdfast.files import write_json
from holdfast.process.distributed import is_main
from holdfast.runs.measurement import Measurement
from holdfast.trainers.run.checkpoint_eval import measured
from holdfast.trainers.run.checkpoints import saved
from holdfast.trainers.settings.config import TrainConfig


def trajectory(config: TrainConfig, out: Path, before: Measurement) -> list[dict[str, Any]]:
    """Measure every saved checkpoint into `out`/checkpoints/step-<n>, as far as that is not done, and write
    trajectory.json: per step and task the change against `before` with its interval, in score units.

    Returns log entries for the report: `checkpoint/<task>` in points.
    """
    looks = []
    for step, path in saved(out / "training").items():
        folder = out / "checkpoints" / f"step-{step}"
        after = measured(config, folder, path, together=True, drafts=out / "before")
        looks.append(_look_record(step, compare(before, after, target=tuple(config.target), max_flips=0)))
    if is_main():
        write_json(out / "trajectory.json", {"schema": 1, "looks": looks})
    return [_entry(look) for look in looks]


def _look_record(step: int, comparison: Comparison) -> dict[str, Any]:
    tasks = {
        one.task: {
            "score": one.after,
            "difference": one.difference,
            "interval": [one.interval.low, one.interval.high],
            "verdict": str(one.verdict),
        }
        for one in comparison.benchmarks
    }
    return {"step": step, "tasks": tasks}


def _entry(look: dict[str, Any]) -> dict[str, Any]:
    return {"step": look["step"]} | {f"checkpoint/{t}": 100 * v["difference"] for t, v in look["tasks"].items()}
