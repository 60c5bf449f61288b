"""A warm pool of killable worker processes: no signals, no fork, usable from any thread.

Each worker is a program of its own that speaks JSON lines over pipes, so that neither the caller's main module nor its
state matters, and it ends by itself when the caller does. The clock of an item starts when a ready worker gets it, and
counts the worker's CPU time.
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from enum import StrEnum
from typing import Any, NamedTuple

from holdfast.rewards.math_answer.settings import Equality, Settings

_START = 60.0
_USES = 400
_WALL = 6
"""A worker limits its own CPU time; on a loaded machine it gets this many times as long by the wall clock."""
_TRUST = 20.0
_CONTROL = ("\\int_0^1 2x dx", "1")


class Failure(StrEnum):
    """Why a worker gave no verdict."""

    TIME = "it took too long"
    DEATH = "it killed its worker"
    BROKEN = "workers fail on a control item too"


class ComparisonJob(NamedTuple):
    """One comparison for a worker."""

    gold: str
    pred: str
    settings: Settings
    seconds: float


class Worker:
    """One process. Raises OSError when it cannot be started."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "holdfast.rewards.math_answer.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self.uses = 0
        self.buffer = b""
        if not isinstance(self._line(_START), dict):
            self.kill()
            raise OSError("a worker did not start")

    def run(self, task: ComparisonJob) -> Equality | Failure:
        """The verdict, or why there is none; the worker is dead then."""
        self.uses += 1
        request = {**task._asdict(), "settings": asdict(task.settings)}
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            return Failure.DEATH
        reply = self._line(_WALL * task.seconds + 1)
        if isinstance(reply, dict):
            return Equality(reply["equal"], reply["test"], reply["limited"])
        return reply

    def _line(self, seconds: float) -> dict[str, Any] | Failure:
        assert self.process.stdout is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return Failure.TIME
            read = os.read(self.process.stdout.fileno(), 65536)
            if not read:
                return self._cause()
            self.buffer += read
        line, _, self.buffer = self.buffer.partition(b"\n")
        loaded: dict[str, Any] = json.loads(line)
        return loaded

    def _cause(self) -> Failure:
        """A worker that ended by its own CPU clock ran out of time; any other end is a death."""
        try:
            ended = self.process.wait(5)
        except subprocess.TimeoutExpired:
            return Failure.DEATH
        return Failure.TIME if ended == -signal.SIGPROF else Failure.DEATH

    def kill(self) -> None:
        """End the process and forget it."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what a dead worker did not read cannot be flushed
                    pipe.close()
        self.process.wait()


class Pool:
    """At most `size` workers, the first started by `warm`, replaced after a kill or 400 items."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._idle: list[Worker] = []
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(size)
        self._closed = False
        self._checked = float("-inf")
        self._warming: threading.Thread | None = None

    def warm(self) -> None:
        """Start a worker in the background, unless there is one: it loads sympy meanwhile."""
        with self._lock:
            if self._idle or self._closed or self._warming is not None:
                return
            self._warming = threading.Thread(target=self._restock, daemon=True)
            self._warming.start()

    def decide(self, tasks: Sequence[ComparisonJob]) -> list[Equality | Failure]:
        """A verdict or failure for each task, in order."""
        if len(tasks) < 2:
            return [self._decide(task) for task in tasks]
        with ThreadPoolExecutor(min(self.size, len(tasks))) as threads:
            return list(threads.map(self._decide, tasks))

    def close(self) -> None:
        """End all idle workers."""
        with self._lock:
            idle, self._idle, self._closed = self._idle, [], True
        for worker in idle:
            worker.kill()

    def _decide(self, task: ComparisonJob) -> Equality | Failure:
        """Once, and after a death once more in a fresh worker; then a control item tells whose fault it is."""
        try:
            with self._slots:
                found = self._run(task, fresh=False)
                if found is Failure.DEATH:
                    found = self._run(task, fresh=True)
                if isinstance(found, Equality):
                    return found
                return found if self._healthy() else Failure.BROKEN
        except OSError:
            return Failure.BROKEN

    def _healthy(self) -> bool:
        """Does a control item pass now, or did it within the last seconds?"""
        if time.monotonic() - self._checked > _TRUST:
            control = self._run(ComparisonJob(*_CONTROL, Settings(), _START), fresh=True)
            if not isinstance(control, Equality) or not control.equal:
                return False
            self._checked = time.monotonic()
        return True

    def _run(self, task: ComparisonJob, fresh: bool) -> Equality | Failure:
        worker = Worker() if fresh else self._take()
        found = worker.run(task)
        if isinstance(found, Failure) or worker.uses >= _USES:
            worker.kill()
            threading.Thread(target=self._restock, daemon=True).start()
        else:
            with self._lock:
                self._idle.append(worker)
        return found

    def _restock(self) -> None:
        """Have a worker ready for the next item, so that it need not wait for one to start."""
        with self._lock:
            if self._idle or self._closed:
                return
        try:
            worker = Worker()
        except OSError:
            return  # the next item will say so
        with self._lock:
            if not self._closed and len(self._idle) < self.size:
                self._idle.append(worker)
                return
        worker.kill()

    def _take(self) -> Worker:
        with self._lock:
            warming = self._warming
        if warming is not None:
            warming.join()
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return Worker()

    def _forked(self) -> None:
        """In a forked process the workers are the parent's, and its locks may be held for ever."""
        vars(self).update(vars(Pool(self.size)))


_size = max(1, min(4, (os.cpu_count() or 2) // 2))
POOL = Pool(_size)
"""Shared by all callers of this process; the first `math` reward warms it."""
atexit.register(POOL.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=POOL._forked)
