"""The verdict where people look: before, after and the change of every benchmark in the tracker that a training reports
to (W&B, Trackio, TensorBoard, MLflow), in the training's own run, with a table and the report as an artifact.

A tracker may have closed its run when the training ended; what opens it again is remembered while it is open. The
numbers are written first, for a table or an artifact may be refused, and a run that is opened here is closed again.
Gain and worst held skill are two numbers of each run: a sweep's runs, one against the other, are its frontier.
"""

import contextlib
import importlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from holdfast.compare import Comparison
from holdfast.files import read_json, write_json
from holdfast.masking import without_address_secrets
from holdfast.trainers.run.tracking.tracker_content import COLUMNS, NAME, Content, content_of

log = logging.getLogger("holdfast")
FILE = "trackers.json"
Known = dict[str, Any]
"""What opens a tracker's run again."""


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
            _SEND[name](run, content_of(comparison, out, step))
        except Exception as error:  # noqa: BLE001  # another's service: whatever it is, the report is written
            log.warning("the verdict could not be written to %s (%s: %s)", name, type(error).__name__, error)


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
    return {} if run is None else {"run_id": run.info.run_id, "uri": without_address_secrets(mlflow.get_tracking_uri())}


def _open_tensorboard(args: Any) -> Known:
    folders = sorted((Path(args.output_dir) / "runs").glob("*"), key=lambda folder: folder.stat().st_mtime)
    given = os.environ.get("TENSORBOARD_LOGGING_DIR")
    return {"folder": given or (str(folders[-1]) if folders else str(args.output_dir))}


def _to_wandb(run: Known, content: Content) -> None:
    wandb = _of("wandb")
    with _wandb_run(wandb, run) as current:
        if current is None:
            return
        current.summary.update({**content.numbers, "holdfast/verdict": content.verdict})
        current.log({NAME: wandb.Table(columns=list(COLUMNS), data=content.rows)})
        if content.files:
            report = wandb.Artifact(f"holdfast-report-{current.id}", type="report")
            for file in content.files:
                report.add_file(str(file), name=file.name)
            current.log_artifact(report)


@contextlib.contextmanager
def _wandb_run(wandb: Any, run: Known) -> Iterator[Any]:
    """The training's run: the one that is open, which its owner closes, or itself opened again."""
    if wandb.run is not None or not run:
        yield wandb.run
        return
    current = wandb.init(id=run["id"], project=run["project"], entity=run["entity"], resume="allow")
    try:
        yield current
    finally:
        current.finish()


def _to_trackio(run: Known, content: Content) -> None:
    trackio, pandas = _of("trackio"), _of("pandas")  # which trackio brings along
    trackio.init(project=run["project"], name=run["name"], resume="allow", embed=False)
    try:
        trackio.log({**content.numbers, "holdfast/verdict": content.verdict})
        trackio.log({NAME: trackio.Table(dataframe=pandas.DataFrame(content.rows, columns=list(COLUMNS)))})
        if content.files:
            report = trackio.Artifact(f"holdfast-report-{run['name']}", type="report")
            for file in content.files:
                report.add_file(str(file), name=file.name)
            trackio.log_artifact(report)
    finally:
        trackio.finish()


def _to_mlflow(run: Known, content: Content) -> None:
    mlflow = _of("mlflow")
    current = mlflow.get_tracking_uri()  # with the secrets that are masked in what is remembered
    client = mlflow.MlflowClient(current if without_address_secrets(current) == run["uri"] else run["uri"])
    for name, value in content.numbers.items():
        client.log_metric(run["run_id"], name, value, step=content.step)
    client.set_tag(run["run_id"], "holdfast.verdict", content.verdict)
    client.log_dict(
        run["run_id"], {"columns": list(COLUMNS), "data": content.rows}, f"{NAME}.json"
    )  # as log_table does
    for file in content.files:
        client.log_artifact(run["run_id"], str(file), "holdfast")


def _to_tensorboard(run: Known, content: Content) -> None:
    writer = _of("torch.utils.tensorboard").SummaryWriter(log_dir=run["folder"])
    try:
        for name, value in content.numbers.items():
            writer.add_scalar(name, value, content.step)
        writer.add_text("holdfast/verdict", content.verdict, content.step)
        writer.add_text(NAME, content.markdown, content.step)
    finally:
        writer.close()


_OPEN: dict[str, Callable[[Any], Known]] = {
    "wandb": _open_wandb,
    "trackio": _open_trackio,
    "mlflow": _open_mlflow,
    "tensorboard": _open_tensorboard,
}
_SEND: dict[str, Callable[[Known, Content], None]] = {
    "wandb": _to_wandb,
    "trackio": _to_trackio,
    "mlflow": _to_mlflow,
    "tensorboard": _to_tensorboard,
}
