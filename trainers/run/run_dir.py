"""A training run on disk: which settings it holds, who works in it, what is finished."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from holdfast.errors import UsageError
from holdfast.files import digest, read_json, write_json
from holdfast.masking import without_secrets
from holdfast.process.distributed import world_size
from holdfast.runs.manifest import manifest
from holdfast.trainers.settings.config import TrainConfig
from holdfast.trainers.settings.contents import contents

PARTS = ("start", "before", "training", "guard", "checkpoint", "checkpoints", "after", "bisect", "mend", "replay")
FILES = (
    "manifest.json",
    "dropped.jsonl",
    "training.json",
    "trajectory.json",
    "trackers.json",
    "outcome.json",
    "run.log",
    "report.json",
    "report.md",
    "report.html",
)

_NOT_IDENTITY = (
    *("out", "cache", "gate", "margin", "dry_run", "overwrite", "target", "data_root", "contamination", "card"),
    *("checkpoints", "measure_checkpoints", "draft", "stop"),
)
"""Settings that may change between a run and its resumption: they change no number that is on disk."""


def identity(config: TrainConfig) -> dict[str, Any]:
    """The settings that make a run what it is."""
    return {key: value for key, value in asdict(config).items() if key not in _NOT_IDENTITY}


def directory_of(config: TrainConfig) -> Path:
    """`out`, or a name made of the settings, so that the same command resumes the same run."""
    return Path(config.out or f"runs/{config.trainer.name}-{digest(identity(config))[:8]}")


def has_begun(config: TrainConfig) -> bool:
    """Whether the run's directory holds this run already.

    Raises UsageError when it holds a run with other settings (naming the first that differs), unless that ended before
    anything was measured.
    """
    out = directory_of(config)
    if not (out / "manifest.json").exists() or config.overwrite or _ended_with_nothing(out):
        return False
    known = read_json(out / "manifest.json")
    _refuse_other(out, known.get("config", {}), without_secrets(identity(config)))
    _refuse_changed(out, known.get("contents"), contents(config))
    return True


def open_run(config: TrainConfig) -> Path:
    """The run's directory with its manifest, new or resumed. Raises what `has_begun` does."""
    out = directory_of(config)
    manifest_path = out / "manifest.json"
    if has_begun(config):
        return out
    if out.exists():
        _clear(out)
    out.mkdir(parents=True, exist_ok=True)
    write_json(manifest_path, manifest(without_secrets(asdict(config)), kind="train", contents=contents(config)))
    return out


def amend_manifest(out: Path, **facts: Any) -> None:
    """Add facts (timings, fingerprints, hashes) to the manifest."""
    write_json(out / "manifest.json", read_json(out / "manifest.json") | facts)


@contextlib.contextmanager
def alone(out: Path) -> Iterator[None]:
    """Hold the run's lock; a killed process loses it. Raises UsageError when another process holds it."""
    from filelock import FileLock, Timeout

    lock = FileLock(str(out.parent / f".{out.name}.lock"), timeout=0)
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock.acquire()
    except Timeout:
        raise UsageError(f"another process is working in {out}; choose another out=") from None
    try:
        yield
    finally:
        lock.release()


def default_cache(config: TrainConfig) -> Path:
    """Where measurements that several runs share are kept."""
    return Path(config.cache or os.environ.get("HOLDFAST_CACHE") or Path.home() / ".cache" / "holdfast")


def _refuse_other(out: Path, recorded: Mapping[str, Any], current: Mapping[str, Any]) -> None:
    old, new = _flat(recorded), _flat(json.loads(json.dumps(current, default=str)))
    plain = _flat(json.loads(json.dumps(identity(TrainConfig()), default=str)))
    for key in sorted(new.keys() | old.keys()):
        if key not in old and key in plain and new[key] == plain[key]:
            continue  # a key that the run's version of Holdfast did not have, at its default
        if key.partition(".")[0] not in _NOT_IDENTITY and old.get(key) != new.get(key):
            raise UsageError(
                f"{out} holds a run with {key}={old.get(key)!r}, not {new.get(key)!r};"
                " choose another out=, or overwrite=true"
            )


def _refuse_changed(out: Path, recorded: Mapping[str, str] | None, now: Mapping[str, str]) -> None:
    """Raise UsageError when a file that the settings name has another content than when the run began."""
    for name, content in (recorded or {}).items():
        if name in now and now[name] != content:
            raise UsageError(
                f"{out} holds a run with the same settings, but the content of {name} has changed since it began;"
                " choose another out=, or overwrite=true"
            )


def keep_rows(out: Path, facts: Mapping[str, Any]) -> None:
    """Write down which rows a training has. Raises UsageError when it began with others: it must not go on with a
    mix of both."""
    recorded = read_json(out / "manifest.json").get("training_rows")
    if recorded is not None and recorded["hash"] != facts["hash"] and any((out / "training").glob("checkpoint-*")):
        raise UsageError(
            f"{out} holds a training that began with other rows ({recorded['count']:,}, now {facts['count']:,}): the "
            "data has changed; choose another out=, or overwrite=true"
        )
    amend_manifest(out, training_rows=dict(facts))


def _ended_with_nothing(out: Path) -> bool:
    """Whether the run failed before anything was measured: there is nothing that other settings could not replace.
    Never among several processes, which may read the directory already."""
    if world_size() > 1:
        return False
    ended = (out / "outcome.json").is_file() and read_json(out / "outcome.json").get("status") == "failed"
    return ended and not any((out / part).exists() for part in PARTS)


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return found


def _clear(out: Path) -> None:
    """Remove what a run of ours leaves, and nothing else."""
    for part in PARTS:
        shutil.rmtree(out / part, ignore_errors=True)
    for name in FILES:
        (out / name).unlink(missing_ok=True)
