"""The verdict in the training's own run of each tracker. W&B, Trackio and MLflow are tried where they are installed."""

import importlib
import importlib.util
import json
import logging
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from helpers.trl_scripts import SUITE, sft

from holdfast.trainers.callback import BeforeAfter
from holdfast.trainers.run.tracking import trackers
from holdfast.trainers.run.tracking.tracker_content import COLUMNS, NAME, content_of, facts

HERE = [name for name in ("tensorboard", "mlflow", "wandb", "trackio") if importlib.util.find_spec(name)]


def read_tensorboard(place: Path) -> dict[str, float]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found: dict[str, float] = {}
    for folder in {file.parent for file in place.rglob("events.out.tfevents.*")}:
        events = EventAccumulator(str(folder))
        events.Reload()
        found |= {tag: events.Scalars(tag)[-1].value for tag in events.Tags()["scalars"]}
    return found


def read_mlflow(place: Path) -> dict[str, float]:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{place}/mlflow.db")
    (run,) = client.search_runs([one.experiment_id for one in client.search_experiments()])
    assert run.data.tags["holdfast.verdict"]
    table = json.loads(Path(client.download_artifacts(run.info.run_id, f"{NAME}.json")).read_text())
    assert tuple(table["columns"]) == COLUMNS and len(table["data"]) == 2
    listed = {Path(one.path).name for one in client.list_artifacts(run.info.run_id, "holdfast")}
    assert listed >= {"report.html", "report.md", "report.json"}
    return dict(run.data.metrics)


def read_wandb(place: Path) -> dict[str, float]:
    import wandb

    assert wandb.run is not None
    found = {key: wandb.run.summary[key] for key in wandb.run.summary.keys()}  # noqa: SIM118
    folder = Path(wandb.run.dir).parent
    assert wandb.run.summary[NAME]["ncols"] == len(COLUMNS), "the table"
    wandb.finish()
    assert list(folder.rglob("*.table.json"))
    assert found["holdfast/verdict"]
    return found


def read_trackio(_place: Path) -> dict[str, float]:
    import sqlite3

    from trackio.utils import TRACKIO_DIR  # read from the environment once, when trackio is imported

    file = max(Path(TRACKIO_DIR).glob("*.db"), key=lambda one: one.stat().st_mtime)
    with sqlite3.connect(file) as database:
        rows = [json.loads(row[0]) for row in database.execute("select metrics from metrics order by id")]
    found = {key: value for row in rows for key, value in row.items()}
    assert NAME in found, "the table"
    assert list(Path(TRACKIO_DIR).glob("artifacts/**/blobs/**/*")), "the report"
    return found


READ = {"tensorboard": read_tensorboard, "mlflow": read_mlflow, "wandb": read_wandb, "trackio": read_trackio}


def open_run(tracker: str) -> None:
    """What a training's own callback does when it begins."""
    if tracker == "wandb":
        importlib.import_module("wandb").init(project="p", mode="offline")
    elif tracker == "trackio":
        importlib.import_module("trackio").init(project="p", name="r", embed=False)
    elif tracker == "mlflow":
        importlib.import_module("mlflow").start_run()


@pytest.mark.parametrize("tracker", READ)
def test_numbers_table_and_report_stand_in_an_open_run(
    tracker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if tracker not in HERE:
        pytest.skip(f"{tracker} is not installed")
    from helpers.made_runs import made_comparison

    monkeypatch.chdir(tmp_path)
    for name, value in settings(tmp_path).items():
        monkeypatch.setenv(name, value)
    comparison = made_comparison(tmp_path / "run", {"gsm8k": (60, 20, 0, 20), "mmlu": (60, 50, 30, 0)}, margin=0.1)
    for form in ("html", "md", "json"):
        (tmp_path / "run" / f"report.{form}").write_text("{}")
    open_run(tracker)
    trackers.remember(SimpleNamespace(report_to=[tracker], output_dir=str(tmp_path)), tmp_path / "run")
    trackers.send(comparison, tmp_path / "run", 7)
    found, numbers = READ[tracker](tmp_path), facts(comparison)
    assert {key: found[key] for key in numbers} == pytest.approx(numbers)


def settings(place: Path) -> dict[str, str]:
    return {
        "WANDB_MODE": "offline",
        "WANDB_DIR": str(place),
        "TRACKIO_DIR": str(place / "trackio"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{place}/mlflow.db",
    }


@pytest.mark.slow
@pytest.mark.parametrize("tracker", READ)
def test_before_after_and_verdict_stand_in_the_run(
    tracker: str, untrained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if tracker not in HERE:
        pytest.skip(f"{tracker} is not installed")
    monkeypatch.chdir(tmp_path)
    for name, value in settings(tmp_path).items():
        monkeypatch.setenv(name, value)
    mine = BeforeAfter(suite=SUITE, out=tmp_path / "run", limit=4, target=["tiny_upper"])
    sft(untrained, untrained, tmp_path / "trl", mine, report_to=[tracker], logging_steps=1).train()
    assert mine.comparison is not None
    found = READ[tracker](tmp_path)
    numbers = facts(mine.comparison)
    assert {key: found[key] for key in numbers} == pytest.approx(numbers)
    assert {"holdfast/before/tiny_upper", "holdfast/after/tiny_upper", "holdfast/gain", "holdfast/worst_held"} <= set(
        numbers
    )
    assert any("loss" in key for key in found), "the same run"


def test_what_is_sent_is_a_row_for_each_benchmark_and_the_reports_there_are(tmp_path: Path) -> None:
    from helpers.made_runs import made_comparison

    comparison = made_comparison(
        tmp_path, {"gsm8k": (60, 20, 0, 20), "a|b": (60, 50, 30, 0)}, target=("gsm8k",), margin=0.1
    )
    content = content_of(comparison, tmp_path, 7)
    assert [row[0] for row in content.rows] == ["gsm8k", "a|b"] and len(content.rows[0]) == len(COLUMNS)
    assert content.rows[1][4] == pytest.approx(-50.0) and content.files == []
    assert len({line.count("|") for line in content.markdown.splitlines()}) == 1
    (tmp_path / "report.html").write_text("x")
    assert [file.name for file in content_of(comparison, tmp_path, 7).files] == ["report.html"]
    assert content.numbers["holdfast/gain"] == pytest.approx(100 / 3)


class Refusing(ModuleType):
    """A tracker that takes numbers, and neither tables nor artifacts; it writes down what is done to it."""

    def __init__(self, name: str, run: Any = None) -> None:
        super().__init__(name)
        self.done: list[str] = []
        self.numbers: dict[str, float] = {}
        self.run, self.id, self.info = run, "r", SimpleNamespace(run_id="r")
        self.summary = SimpleNamespace(update=self.numbers.update)
        self.context_vars = SimpleNamespace(current_run=SimpleNamespace(get=lambda: SimpleNamespace(**RUN)))
        self.uri = "https://me:hf_unseen@host/mlflow"

    def init(self, **_: Any) -> Any:
        self.done.append("init")
        return self

    def log(self, found: dict[str, float]) -> None:
        self.numbers |= found

    def finish(self) -> None:
        self.done.append("finish")

    close = finish

    def Table(self, **_: Any) -> None:  # noqa: N802
        raise PermissionError("no tables")

    def DataFrame(self, *_: Any, **__: Any) -> None:  # noqa: N802
        pass

    def active_run(self) -> Any:
        return self

    def get_tracking_uri(self) -> str:
        return self.uri

    def MlflowClient(self, uri: str) -> Any:  # noqa: N802
        self.done.append(uri)
        return self

    def SummaryWriter(self, **_: Any) -> Any:  # noqa: N802
        self.done.append("init")
        return self

    def log_metric(self, _run: str, name: str, value: float, step: int) -> None:
        self.numbers[name] = value

    def add_scalar(self, name: str, value: float, _step: int) -> None:
        self.numbers[name] = value

    def set_tag(self, *_: Any) -> None:
        pass

    def add_text(self, *_: Any) -> None:
        raise PermissionError("no texts")

    log_dict = add_text


RUN = {"id": "r", "project": "p", "entity": None, "dir": "d", "name": "n"}


@pytest.mark.parametrize("tracker", READ)
@pytest.mark.parametrize("is_open", [True, False])
def test_the_numbers_come_first_and_what_was_opened_is_closed(
    tracker: str, is_open: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from helpers.made_runs import made_comparison

    comparison = made_comparison(tmp_path / "run", {"gsm8k": (60, 20, 0, 20)}, margin=0.1)
    service = Refusing(tracker, SimpleNamespace(**RUN))
    monkeypatch.setattr(trackers, "_of", lambda _: service)
    trackers.remember(SimpleNamespace(report_to=[tracker], output_dir=str(tmp_path)), tmp_path / "run")
    assert "hf_unseen" not in (tmp_path / "run" / trackers.FILE).read_text()
    service.run = service if is_open else None
    trackers.send(comparison, tmp_path / "run", 7)
    assert service.numbers.items() >= facts(comparison).items()
    theirs = tracker == "wandb" and is_open
    opened = [service.uri] if tracker == "mlflow" else [] if theirs else ["init", "finish"]
    assert service.done == opened
    assert f"the verdict could not be written to {tracker} (PermissionError: no t" in caplog.text


def test_a_tracker_that_is_away_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    comparison: Any = type("Comparison", (), {"benchmarks": (), "targets": (), "held": (), "decision": "PASS"})()
    comparison.sentence = "Nothing fell."
    (tmp_path / trackers.FILE).write_text(json.dumps({"mlflow": {"run_id": "1", "uri": "http://127.0.0.1:9"}}))
    with caplog.at_level(logging.WARNING, "holdfast"):
        trackers.send(comparison, tmp_path, 3)
    assert ("the verdict could not be written to mlflow" in caplog.text) or "mlflow" in HERE
