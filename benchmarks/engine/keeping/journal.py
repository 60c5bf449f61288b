"""Caches on disk that survive kill -9: one JSON line per batch, so that a batch is there whole or not at all."""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from glob import escape
from pathlib import Path
from typing import Any

from holdfast.benchmarks.engine.items import Completion
from holdfast.logs import notice
from holdfast.sample import Score


class Journal:
    """Records by key. Processes that measure together append each to a file of its own and read all of them; who
    appends to the first file holds `locked`."""

    def __init__(self, path: Path, part: int = 0) -> None:
        """`path`: the first process's file; process `part` appends to `<stem>.part<part>.jsonl` beside it."""
        self._first = path
        self.path = path.with_name(f"{path.stem}.part{part}.jsonl") if part else path
        self.records: dict[str, dict[str, Any]] = {}
        self._ends: dict[Path, int] = {}
        self.refresh()

    def refresh(self) -> list[str]:
        """Read what was added since the last look, and return its keys; a torn last line is not read."""
        added: dict[str, dict[str, Any]] = {}
        for path in (self._first, *sorted(self._first.parent.glob(f"{escape(self._first.stem)}.part*.jsonl"))):
            added |= self._added(path)
        self.records |= added
        return list(added)

    def _added(self, path: Path) -> dict[str, dict[str, Any]]:
        if not path.exists() or path.stat().st_size == self._ends.get(path, 0):
            return {}
        with path.open("rb") as stream:
            stream.seek(self._ends.get(path, 0))
            content = stream.read()
        whole = content[: content.rfind(b"\n") + 1]
        self._ends[path] = self._ends.get(path, 0) + len(whole)
        found: dict[str, dict[str, Any]] = {}
        for line in whole.splitlines():
            try:
                found |= json.loads(line)
            except ValueError:
                continue  # torn by a kill, and mended by the next append
        return found

    def append(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Add a batch as one line, on the disk when this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(records, ensure_ascii=True).encode() + b"\n"
        with self.path.open("ab") as stream:
            if stream.tell() > self._ends.get(self.path, 0) and not _ends_whole(self.path):
                line = b"\n" + line  # closes the line that a kill tore
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
            self._ends[self.path] = stream.tell()
        self.records |= {key: dict(record) for key, record in records.items()}

    def forget(self, keys: Iterable[str]) -> None:
        """Take records for absent in this process; what is appended next under their keys replaces them on disk."""
        for key in list(keys):
            self.records.pop(key, None)

    @contextmanager
    def locked(self, what: str) -> Iterator[None]:
        """Hold the journal's lock: jobs that would produce the same records wait and then find them here."""
        self._first.parent.mkdir(parents=True, exist_ok=True)
        with self._first.with_suffix(".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                notice(f"waiting for another job that measures {what}")
                fcntl.flock(lock, fcntl.LOCK_EX)
            self.refresh()
            yield


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"


def completion_record(completion: Completion) -> dict[str, Any]:
    """A Completion as a journal record."""
    record = asdict(completion)
    del record["turns"]  # made anew from the answers of each turn
    return record


def read_completion(record: Mapping[str, Any]) -> Completion:
    """The Completion of a journal record."""
    logprobs = [(float(value), bool(greedy)) for value, greedy in record["logprobs"]]
    return Completion(**{**record, "logprobs": logprobs})


def score_record(score: Score) -> dict[str, Any]:
    """A Score as a journal record."""
    return {
        "value": score.value,
        "outcome": str(score.outcome),
        "reason": score.reason,
        "extracted": score.extracted,
        "parts": dict(score.parts),
    }


def read_score(record: Mapping[str, Any]) -> Score:
    """The Score of a journal record."""
    from holdfast.sample import Outcome

    return Score(**{**record, "outcome": Outcome(record["outcome"])})
