"""An offline folder of benchmark data: fetched from the hub at the pinned revisions, verified by checksums."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from holdfast.benchmarks.lm_eval_fence import index
from holdfast.benchmarks.lm_eval_fence.local_data import repositories
from holdfast.benchmarks.suites.source import Source, checksum, load_docs, local_files, prepared_path
from holdfast.benchmarks.suites.suite import Suite
from holdfast.benchmarks.suites.task import Task
from holdfast.errors import DataError
from holdfast.files import write_json, write_whole

MANIFEST = "holdfast-data.json"


@dataclass(frozen=True)
class Status:
    """What is known of one source of one task."""

    task: str
    split: str
    origin: str
    licence: str
    state: str
    """`ok`, `fetched`, `generated`, or what is wrong."""
    rows: int = 0
    sha256: str = ""
    files: tuple[str, ...] = ()
    """Of a hub repository that is to be fetched: its files, each with its size."""

    @property
    def fine(self) -> bool:
        """Whether the task can be measured from this."""
        return self.state in ("ok", "fetched", "generated")


def sources_of(suite: Suite) -> Iterator[tuple[Task, Source]]:
    """Every source a suite reads: items and few-shot examples."""
    for entry in suite.entries:
        if entry.task is not None:
            yield entry.task, entry.task.source
            if entry.task.fewshot_source is not None and (entry.task.fewshot or entry.task.chat_fewshot):
                yield entry.task, entry.task.fewshot_source


def fetch(suite: Suite, data_root: Path) -> list[Status]:
    """Bring a suite's data below `data_root`/holdfast, one JSONL per task and split, with a manifest of checksums.

    What is there and whole is not fetched again; what cannot be fetched is said, and the rest goes on."""
    found = [_fetched(task, source, data_root) for task, source in sources_of(suite)]
    listed = _manifest(data_root)
    for one in found:
        if one.state == "fetched":
            listed[f"{one.task}/{one.split}"] = {"sha256": one.sha256, "rows": one.rows, "origin": one.origin}
    write_json(data_root / MANIFEST, listed)
    return found + [_repository(name, data_root, download=True) for name in repositories_of(suite)]


def planned(suite: Suite, data_root: Path) -> list[Status]:
    """What `fetch` would bring, with size and licence as the hub states them; nothing is downloaded."""
    here = {(one.task, one.split): one for one in verify(suite, data_root)}
    statuses = []
    for task, source in sources_of(suite):
        _, size, files = _stated(source.hub) if source.hub else ("", "read from files below data_root only", ())
        statuses.append(replace(_status(task, source, size), files=files))
    for name in repositories_of(suite):
        licence, size, files = _stated(name)
        statuses.append(Status(name, "", name, licence, size, files=files))
    return [one for one in statuses if not here[one.task, one.split].fine]


def repositories_of(suite: Suite) -> list[str]:
    """The hub repositories of a suite's lm-eval tasks."""
    configs = [
        config
        for entry in suite.entries
        if entry.task is None
        for config in index.configs_of(entry.lm_eval, entry.overrides.get("include_path"))
    ]
    return repositories(configs)


def verify(suite: Suite, data_root: Path) -> list[Status]:
    """Check a suite's data below `data_root`: there, whole, and what was pinned."""
    return [_verified(task, source, data_root) for task, source in sources_of(suite)] + [
        _repository(name, data_root) for name in repositories_of(suite)
    ]


def _repository(name: str, data_root: Path, download: bool = False) -> Status:
    """A data set of lm-eval's tasks, as a copy `data_root`/hub/<owner>/<name> of its repository."""
    copy = data_root / "hub" / name
    if copy.is_dir() and any(copy.iterdir()):
        return Status(name, "", name, "see its card", "ok")
    if not download:
        return Status(name, "", name, "see its card", f"absent: no {copy}")
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(name, repo_type="dataset", local_dir=copy)
    except (OSError, ValueError) as error:
        return Status(name, "", name, "see its card", _one_line(error))
    return Status(name, "", name, "see its card", "fetched")


@lru_cache(maxsize=256)
def _stated(name: str) -> tuple[str, str, tuple[str, ...]]:
    """What the hub says of a repository: licence, size in all, files with their sizes."""
    from huggingface_hub import HfApi

    try:
        info = HfApi().dataset_info(name, files_metadata=True, timeout=10)
    except (OSError, ValueError, RuntimeError) as error:
        return "see its card", f"size not known: {_one_line(error)}", ()
    licence = str(getattr(info.card_data, "license", None) or "not stated")
    held = sorted((file.rfilename, file.size or 0) for file in info.siblings or ())
    files = tuple(f"{path} ({size / 1e6:,.2f} MB)" for path, size in held)
    return licence, f"{len(held)} files, {sum(size for _, size in held) / 1e6:,.1f} MB", files


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]:.160}"


def _fetched(task: Task, source: Source, data_root: Path) -> Status:
    here = _verified(task, source, data_root)
    if here.fine:
        return here
    try:
        docs = load_docs(source, None, task.name)
    except DataError as error:
        return _status(task, source, str(error))
    path = prepared_path(data_root, task.name, source)
    content = "".join(json.dumps(dict(doc), ensure_ascii=True, default=str) + "\n" for doc in docs)
    write_whole(path, content)
    return _status(task, source, "fetched", len(docs), sha256(content.encode()).hexdigest())


def _verified(task: Task, source: Source, data_root: Path) -> Status:
    if source.rows is not None:
        return _status(task, source, "generated", source.count or 0)
    path = prepared_path(data_root, task.name, source)
    try:
        if path.is_file():
            return _prepared(task, source, path, data_root)
        if not source.files:
            return _status(task, source, f"absent: no {path}")
        digest = checksum(local_files(source, data_root, task.name))
        return _status(task, source, "ok", len(load_docs(source, data_root, task.name)), digest)
    except DataError as error:
        return _status(task, source, str(error))


def _prepared(task: Task, source: Source, path: Path, data_root: Path) -> Status:
    digest = checksum([path])
    expected = _manifest(data_root).get(f"{task.name}/{source.split}", {}).get("sha256")
    if expected and expected != digest:
        return _status(task, source, f"changed: {path} has sha256 {digest}, expected {expected}")
    return _status(task, source, "ok", len(load_docs(source, data_root, task.name)), digest)


def _manifest(data_root: Path) -> dict[str, Any]:
    path = data_root / MANIFEST
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _status(task: Task, source: Source, state: str, rows: int = 0, digest: str = "") -> Status:
    licence = source.licence + (f" ({source.gated})" if source.gated else "")
    return Status(task.name, source.split, source.origin or "generated", licence, state, rows, digest)


def missing(found: Sequence[Status]) -> list[Status]:
    """Those that cannot be measured."""
    return [one for one in found if not one.fine]


def unreached(suite: Suite, data_root: Path | None) -> list[str]:
    """A line for each benchmark whose data is not on this machine, and where it would come from; asks no network."""
    read = [pair for pair in sources_of(suite) if pair[1].rows is None and pair[1].rows_below is None]
    if data_root is not None:
        found = [_verified(task, source, data_root) for task, source in read]
        found += [_repository(name, data_root) for name in repositories_of(suite)]
        return [f"{one.task}: {one.state} (comes from {one.origin})" for one in missing(found)]
    lines = []
    for task, source in read:
        if not source.hub:
            if not all(Path(name).is_file() for name in source.files):
                lines.append(f"{task.name}: is read from a local folder only: data_root=… with {source.origin}")
        elif not _cached(source.hub):
            lines.append(f"{task.name}: comes from the hub, {source.origin}")
    return lines + [f"{name}: comes from the hub" for name in repositories_of(suite) if not _cached(name)]


def _cached(name: str) -> bool:
    """Whether the hub's or `datasets`' cache, or the mirror in use, holds something of a repository."""
    from datasets.config import HF_DATASETS_CACHE
    from huggingface_hub.constants import HF_HUB_CACHE

    if mirror := os.environ.get("HOLDFAST_HUB"):
        return (Path(mirror) / name).is_dir()
    folders = (
        Path(HF_HUB_CACHE) / f"datasets--{name.replace('/', '--')}",
        Path(HF_DATASETS_CACHE) / name.replace("/", "___").lower(),
    )
    return any(folder.is_dir() for folder in folders)
