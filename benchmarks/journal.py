"""Caches on disk that survive kill -9: one JSON line per batch, so that a batch is there whole or not at all."""

import fcntl
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from holdfast.benchmarks.items import Completion
from holdfast.sample import Score


class Journal:
    """Records by key in one file. Several processes may read it; who appends holds `locked`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records: dict[str, dict[str, Any]] = {}
        self._end = 0
        self.refresh()

    def refresh(self) -> None:
        """Read what was added since the last look; a torn last line is not read."""
        if not self.path.exists():
            return
        with self.path.open("rb") as stream:
            stream.seek(self._end)
            added = stream.read()
        whole = added[: added.rfind(b"\n") + 1]
        for line in whole.splitlines():
            try:
                self.records |= json.loads(line)
            except ValueError:
                continue  # torn by a kill, and mended by the next append
        self._end += len(whole)

    def append(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Add a batch as one line, on the disk when this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(records, ensure_ascii=True).encode() + b"\n"
        with self.path.open("ab") as stream:
            if stream.tell() > self._end and not _ends_whole(self.path):
                line = b"\n" + line  # closes the line that a kill tore
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
            self._end = stream.tell()
        self.records |= {key: dict(record) for key, record in records.items()}

    @contextmanager
    def locked(self, what: str) -> Iterator[None]:
        """Hold the file's lock: jobs that would produce the same records wait and then find them here."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"waiting for another job that measures {what}", file=sys.stderr, flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
            self.refresh()
            yield


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"


def completion_record(completion: Completion) -> dict[str, Any]:
    """A Completion as a journal record."""
    return asdict(completion)


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
