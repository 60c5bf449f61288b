"""The verdict where people look: before, after and the change of every benchmark in the tracker that a training reports
to (W&B, Trackio, TensorBoard, MLflow), in the training's own run.

A tracker may have closed its run when the training ended; what opens it again is remembered while it is open. Gain and
worst held skill are two numbers of each run: a sweep's runs, one against the other, are its frontier.
"""

import importlib
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from holdfast.compare import Comparison
from holdfast.files import read_json, write_json

log = logging.getLogger("holdfast")
FILE = "trackers.json"
Known = dict[str, Any]
"""What opens a tracker's run again."""


def facts(comparison: Comparison) -> dict[str, float]:
    """The numbers, in points."""
    found: dict[str, float] = {}
    for one in comparison.benchmarks:
        found[f"holdfast/before/{one.task}"] = 100 * one.before
        found[f"holdfast/after/{one.task}"] = 100 * one.after
        found[f"holdfast/change/{one.task}"] = 100 * one.difference
    if comparison.targets:
        found["holdfast/gain"] = 100 * sum(one.difference for one in comparison.targets) / len(comparison.targets)
    if comparison.held:
        found["holdfast/worst_held"] = 100 * min(one.difference for one in comparison.held)
    return found


def remember(args: Any, out: Path) -> None:
    """Write down the runs that are open, when a training begins: the trackers' own callbacks have opened them."""
    known = {name: _OPEN[name](args) for name in args.report_to or () if name in _OPEN}
    if known:
        write_json(out / FILE, known)


def send(comparison: Comparison, out: Path, step: int) -> None:
    """Write a comparison into the runs that `out` remembers. A tracker that cannot be reached is told, and is no
    failure of the training."""
    if not (out / FILE).is_file():
        return
    known: Mapping[str, Known] = read_json(out / FILE)
    for name, run in known.items():
        try:
            _SEND[name](run, facts(comparison), _verdict(comparison), step)
        except Exception as error:  # noqa: BLE001  # another's service: whatever it is, the report is written
            log.warning("the verdict could not be written to %s (%s: %s)", name, type(error).__name__, error)


def _verdict(comparison: Comparison) -> str:
    return f"{comparison.decision}: {comparison.sentence}"


def _of(name: str) -> Any:
    return importlib.import_module(name)


def _open_wandb(_args: Any) -> Known:
    run = _of("wandb").run
    return {} if run is None else {"id": run.id, "project": run.project, "entity": run.entity or None, "dir": run.dir}


def _open_trackio(_args: Any) -> Known:
    run = _of("trackio").context_vars.current_run.get()
    return {} if run is None else {"name": run.name, "project": run.project}


def _open_mlflow(_args: Any) -> Known:
    mlflow = _of("mlflow")
    run = mlflow.active_run()
    return {} if run is None else {"run_id": run.info.run_id, "uri": mlflow.get_tracking_uri()}


def _open_tensorboard(args: Any) -> Known:
    folders = sorted((Path(args.output_dir) / "runs").glob("*"), key=lambda folder: folder.stat().st_mtime)
    given = os.environ.get("TENSORBOARD_LOGGING_DIR")
    return {"folder": given or (str(folders[-1]) if folders else str(args.output_dir))}


def _to_wandb(run: Known, numbers: Mapping[str, float], verdict: str, _step: int) -> None:
    wandb = _of("wandb")
    current = wandb.run
    if current is None and run:
        current = wandb.init(id=run["id"], project=run["project"], entity=run["entity"], resume="allow")
    if current is None:
        return
    current.summary.update({**numbers, "holdfast/verdict": verdict})


def _to_trackio(run: Known, numbers: Mapping[str, float], verdict: str, _step: int) -> None:
    trackio = _of("trackio")
    trackio.init(project=run["project"], name=run["name"], resume="allow", embed=False)
    trackio.log({**numbers, "holdfast/verdict": verdict})
    trackio.finish()


def _to_mlflow(run: Known, numbers: Mapping[str, float], verdict: str, step: int) -> None:
    client = _of("mlflow").MlflowClient(tracking_uri=run["uri"])
    for name, value in numbers.items():
        client.log_metric(run["run_id"], name, value, step=step)
    client.set_tag(run["run_id"], "holdfast.verdict", verdict)


def _to_tensorboard(run: Known, numbers: Mapping[str, float], verdict: str, step: int) -> None:
    writer = _of("torch.utils.tensorboard").SummaryWriter(log_dir=run["folder"])
    for name, value in numbers.items():
        writer.add_scalar(name, value, step)
    writer.add_text("holdfast/verdict", verdict, step)
    writer.close()


_OPEN: dict[str, Callable[[Any], Known]] = {
    "wandb": _open_wandb,
    "trackio": _open_trackio,
    "mlflow": _open_mlflow,
    "tensorboard": _open_tensorboard,
}
_SEND: dict[str, Callable[[Known, Mapping[str, float], str, int], None]] = {
    "wandb": _to_wandb,
    "trackio": _to_trackio,
    "mlflow": _to_mlflow,
    "tensorboard": _to_tensorboard,
}
