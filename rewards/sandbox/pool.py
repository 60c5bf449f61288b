"""Workers, each with a sandbox of its own, that share one queue; one pool per backend and limits in a process."""

import atexit
import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from holdfast.rewards.sandbox.channel import Channel, LostError, MemoryLostError
from holdfast.rewards.sandbox.limits import Limits
from holdfast.rewards.sandbox.session import Session, StaleError

log = logging.getLogger("holdfast.sandbox")

_FIRST_DELAY, _LAST_DELAY = 0.5, 30.0
_TRIES = 4
_CONTROL = {
    "style": "asserts",
    "program": "def control(x):\n    return x + 1\n",
    "tests": ["assert control(1) == 2"],
    "limits": Limits(timeout=20, total=20).for_job(),
}


class UnavailableError(Exception):
    """Our infrastructure failed: nobody's fault but ours."""


@dataclass(slots=True)
class Metrics:
    """What a pool has done."""

    done: int = 0
    busy_seconds: float = 0.0
    kills: int = 0
    """Programs ended for a limit."""
    lost: int = 0
    """Sandboxes that ended under a program."""
    recycled: int = 0
    started: float = field(default_factory=time.monotonic)

    def snapshot(self, waiting: int) -> dict[str, float]:
        """Counts, programs per second since the pool was made, queue length."""
        age = max(time.monotonic() - self.started, 1e-9)
        counts = {"done": self.done, "kills": self.kills, "lost": self.lost, "recycled": self.recycled}
        return {**counts, "per_second": self.done / age, "busy_seconds": self.busy_seconds, "queue": waiting}


class Pool:
    """`workers` threads with a sandbox each. Safe to use from any thread."""

    def __init__(self, starts: Sequence[Callable[[], Channel]], workers: int) -> None:
        self._starts, self._workers = starts, workers
        self._queue: queue.SimpleQueue[tuple[dict[str, Any], Future[dict[str, Any]]] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._down = [_Outage() for _ in starts]
        self._idle = 0
        self.metrics = Metrics()

    def run(self, jobs: Sequence[dict[str, Any]]) -> list[dict[str, Any] | UnavailableError]:
        """The replies of many jobs, in order."""
        futures = [self.submit(job) for job in jobs]
        return [_result_of(future) for future in futures]

    def submit(self, job: dict[str, Any]) -> "Future[dict[str, Any]]":
        """Queue one job. The future raises UnavailableError for an infrastructure failure."""
        future: Future[dict[str, Any]] = Future()
        with self._lock:
            self._queue.put((job, future))
            if len(self._threads) < self._workers and self._queue.qsize() > self._idle:
                worker = _Worker(self, len(self._threads) % len(self._starts))
                self._threads.append(threading.Thread(target=worker.loop, daemon=True, name="holdfast-sandbox"))
                self._threads[-1].start()
        return future

    def snapshot(self) -> dict[str, float]:
        """Metrics: counts, programs per second, queue length."""
        return self.metrics.snapshot(self._queue.qsize())

    def close(self) -> None:
        """End every sandbox; waits for programs that run."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(timeout=30)
        self._threads.clear()

    def take(self) -> tuple[dict[str, Any], "Future[dict[str, Any]]"] | None:
        """The next job, for a worker."""
        with self._lock:
            self._idle += 1
        try:
            return self._queue.get()
        finally:
            with self._lock:
                self._idle -= 1

    def start(self, which: int) -> Session:
        """A new session of an engine or, while that is down, of another. Raises UnavailableError when all
        are down; an engine known to be down is asked again only after its delay."""
        problems = []
        for turn in range(len(self._starts)):
            try:
                return self._start((which + turn) % len(self._starts))
            except UnavailableError as error:
                problems.append(str(error))
        raise UnavailableError("; ".join(dict.fromkeys(problems)))

    def _start(self, which: int) -> Session:
        self._down[which].check()
        try:
            session = Session(self._starts[which])
        except (LostError, OSError) as error:
            raise self._down[which].failed(str(error), self._elsewhere(which)) from None
        self._down[which].recovered()
        return session

    def _elsewhere(self, which: int) -> bool:
        return any(outage.is_up() for other, outage in enumerate(self._down) if other != which)


class _Outage:
    """Whether an engine is down, and when to try again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._delay, self._until, self._why = 0.0, 0.0, ""

    def check(self) -> None:
        with self._lock:
            if time.monotonic() < self._until:
                raise UnavailableError(self._why)

    def is_up(self) -> bool:
        """Nothing is known against it."""
        with self._lock:
            return not self._delay

    def failed(self, reason: str, elsewhere: bool) -> UnavailableError:
        with self._lock:
            if not self._delay:
                fate = "other engines take its items" if elsewhere else "its items get no score"
                log.warning("the sandbox cannot start, %s; trying again with backoff: %s", fate, reason)
            self._delay = min(max(self._delay * 2, _FIRST_DELAY), _LAST_DELAY)
            self._until, self._why = time.monotonic() + self._delay, reason
        return UnavailableError(reason)

    def recovered(self) -> None:
        with self._lock:
            if self._delay:
                log.warning("the sandbox is back")
            self._delay = self._until = 0.0


class _Worker:
    """One thread's loop and its session."""

    def __init__(self, pool: Pool, which: int) -> None:
        self._pool, self._which = pool, which
        self._session: Session | None = None

    def loop(self) -> None:
        """Do jobs until None comes."""
        while self._next():
            pass
        self._close()

    def _next(self) -> bool:
        """Do one job; a function of its own, so that nothing of it is kept while waiting for the next."""
        item = self._pool.take()
        if item is None:
            return False
        job, future = item
        started = time.monotonic()
        try:
            future.set_result(self._do(job))
        except Exception as error:  # noqa: BLE001 - handed to the caller through the future
            future.set_exception(error)
        self._pool.metrics.done += 1
        self._pool.metrics.busy_seconds += time.monotonic() - started
        return True

    def _do(self, job: dict[str, Any]) -> dict[str, Any]:
        """The reply of a try that shows what the program does. A sandbox that ends, falls silent or cannot begin says
        nothing about it, unless the program has twice used up the sandbox's memory while a control program passes; nor
        does a kill that nobody explains: the next tries are guarded, where no program can kill itself so
        (`seccomp.no_kill_of`; left out of the first try, which it would slow down)."""
        spent, reason = 0, ""
        for _ in range(_TRIES):
            try:
                reply = self._attempt(job)
            except LostError as error:
                log.info("a sandbox was lost: %s", error)
                self._pool.metrics.lost += 1
                self._close()
                reason, spent = str(error), spent + isinstance(error, MemoryLostError)
                if spent == 2:
                    self._prove()
                    return {"broke": "memory"}
                continue
            if "starved" in reply:
                raise UnavailableError(reply["starved"])
            if not reply.get("unexplained"):
                return reply
            self._close()
            reason = "the program was killed from outside"
            job = {**job, "limits": {**job["limits"], "guarded": True}}
        raise UnavailableError(f"lost {_TRIES} times under this program, not by it: {reason}")

    def _prove(self) -> None:
        """The sandbox runs a control program. Raises UnavailableError."""
        try:
            reply = self._attempt(_CONTROL)
        except LostError as error:
            self._close()
            raise UnavailableError(f"the sandbox ends whatever it runs: {error}") from None
        if reply.get("results") != [[True, ""]]:
            raise UnavailableError("the sandbox fails a control program")

    def _attempt(self, job: dict[str, Any]) -> dict[str, Any]:
        reply = self._run(job)
        broke = reply.get("timeout") or any(run["broke"] for run in reply.get("runs", ()))
        self._pool.metrics.kills += bool(broke)
        if self._session is not None and self._session.worn:
            self._pool.metrics.recycled += 1
            self._close()
        return reply

    def _run(self, job: dict[str, Any]) -> dict[str, Any]:
        if self._session is None:
            self._session = self._pool.start(self._which)
        try:
            return self._session.run(job)
        except StaleError:
            self._pool.metrics.recycled += 1
            self._close()
            self._session = self._pool.start(self._which)
            try:
                return self._session.run(job)
            except StaleError:
                raise LostError("a new sandbox cannot be cleaned") from None

    def _close(self) -> None:
        if self._session is not None:
            with contextlib.suppress(LostError):
                self._session.close()
        self._session = None


def _result_of(future: "Future[dict[str, Any]]") -> dict[str, Any] | UnavailableError:
    try:
        return future.result()
    except UnavailableError as error:
        return error


_pools: dict[tuple[Any, ...], Pool] = {}
_pools_lock = threading.Lock()


def shared_pool(key: tuple[Any, ...], make: Callable[[], Pool]) -> Pool:
    """The pool of this process for a key, made at first use; a forked child makes its own."""
    with _pools_lock:
        own = (os.getpid(), *key)
        if own not in _pools:
            _pools[own] = make()
        return _pools[own]


def close_pools() -> None:
    """End every sandbox of this process (done at exit as well)."""
    with _pools_lock:
        mine = [_pools.pop(key) for key in list(_pools) if key[0] == os.getpid()]
    for pool in mine:
        pool.close()


def _after_fork() -> None:
    global _pools_lock
    _pools_lock = threading.Lock()


atexit.register(close_pools)
os.register_at_fork(after_in_child=_after_fork)
