"""The directory of a callback's run: which training it belongs to, and what may be kept of it."""

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast.errors import UsageError
from holdfast.files import digest, read_json, write_json
from holdfast.runs.manifest import manifest

log = logging.getLogger("holdfast")

STAMP = "holdfast.BeforeAfter"
"""Where a checkpoint's trainer_state.json says which measurement its training began with."""
RESULTS = ("after", "trackers.json", "report.json", "report.md", "report.html", "training.json", "outcome.json")
_MAY_CHANGE = (
    "output_dir",
    "logging_dir",
    "run_name",
    "resume_from_checkpoint",
    "local_rank",
    "deepspeed",
    "report_to",
)
_ROWS = 256
"""Rows that tell one data set from another."""


def identity(args: Any, suite: Any, settings: Mapping[str, Any], dataset: Any) -> dict[str, Any]:
    """What makes a training the one that it is: arguments, rows, suite and how it is measured."""
    given = {key: value for key, value in args.to_dict().items() if key not in _MAY_CHANGE and "token" not in key}
    return {**given, "suite": suite.name, "tasks": list(suite.names), **settings, "rows": rows_hash(dataset)}


def rows_hash(dataset: Any) -> str | None:
    """Hash of the number of rows and of 256 of them, evenly spaced; None for a stream. Rows that are others each time
    they are read (a random transform) are told, and known by their number alone."""
    if dataset is None or not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
        return None
    count = len(dataset)
    first, again = (_digest(dataset, count) for _ in range(2))
    if first == again:
        return first
    log.warning("the training rows change each time they are read: a resumed training cannot be told from another's")
    return digest([count, "changing"])


def _digest(dataset: Any, count: int) -> str:
    step = max(1, count // _ROWS)
    return digest([count, *(json.dumps(dataset[n], sort_keys=True, default=str) for n in range(0, count, step))])


def open_new(out: Path, identity_fields: Mapping[str, Any], overwrite: bool) -> None:
    """Begin a training in `out`. A killed one of the same kind is taken up: its measurement before is kept, if it is
    this model's. Raises UsageError for a directory that holds another training's results, or a finished one."""
    if overwrite:
        _remove(out, ("before", "manifest.json", *RESULTS))
    manifest_path = out / "manifest.json"
    if manifest_path.is_file():
        refuse_other(out, identity_fields)
    finished = [name for name in ("report.json", "after/results.json") if (out / name).is_file()]
    if finished:
        raise UsageError(f"{out} holds a finished run ({finished[0]}); choose another out=, or overwrite=True")
    _remove(out, RESULTS)  # what a killed run left of its measurement after
    if not manifest_path.is_file():
        write_json(manifest_path, manifest(dict(identity_fields), kind="callback"))


def _remove(out: Path, parts: Sequence[str]) -> None:
    for part in parts:
        if (out / part).is_dir():
            shutil.rmtree(out / part)
        else:
            (out / part).unlink(missing_ok=True)


def refuse_other(out: Path, identity_fields: Mapping[str, Any]) -> None:
    """Raise UsageError when `out` belongs to a training with other settings or rows, naming the first difference."""
    if not (out / "manifest.json").is_file():
        return
    recorded: Mapping[str, Any] = read_json(out / "manifest.json").get("config") or {}
    current = json.loads(json.dumps(identity_fields, default=str))
    for key in sorted(recorded.keys() & current.keys()):
        if recorded[key] != current[key]:
            what = "other training rows" if key == "rows" else f"{key}={recorded[key]!r}, not {current[key]!r}"
            raise UsageError(f"{out} holds a run with {what}; choose another out=, or overwrite=True")


def stamp(state: Any, out: Path) -> None:
    """Let every checkpoint of this training say which measurement it began with."""
    engine = read_json(out / "before" / "state.json").get("engine")
    state.stateful_callbacks[STAMP] = {"args": {}, "attributes": {out.name: engine}}


def stamped(state: Any, out: Path) -> str | None:
    """The measurement that the checkpoint's training began with; None where the checkpoint does not say."""
    known = (getattr(state, "stateful_callbacks", None) or {}).get(STAMP)
    return known["attributes"].get(out.name) if isinstance(known, Mapping) else None
