"""The supervisor: one program for every backend, on standard input and output.

It takes one job at a time (a frame), has the nursery fork the candidate, forks the judge, and answers with a frame.
The next job begins when both are gone, with everything they started, and the scratch directories are empty. It ends
when its input does, so nothing outlives the owner. It reads tests, so it never forks a candidate itself.
"""

import functools
import gc
import importlib
import os
import signal
import sys
import time
from collections.abc import Iterable
from typing import Any

from . import confine, wire
from .judged import run_judged
from .nursing import Nursery
from .scripted import run_scripted
from .troupe import Kind, Troupe

# No more than most programs use: every page of this process is copied for every test.
WARM = (
    "abc array bisect collections copy datetime decimal enum fractions functools heapq itertools math operator "
    "random re string threading typing"
).split()
_SUBREAPER = 36
_CLEANING_TIME = 3.0


class Supervisor:
    """The processes of one sandbox. `config`: separation, home and judge_home (directories), wipe, preload."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.separation: str = config["separation"]
        config["judge_home"] = _judge_home(config["judge_home"], self.separation)
        self.null = os.open("/dev/null", os.O_RDWR)
        self._count = int.from_bytes(os.urandom(2), "big")
        self._waiting: dict[Kind, Troupe] = {}
        self._stale = False
        self.nursery = Nursery(self.null)
        self._pytest_nursery: Nursery | None = None

    @property
    def pytest_nursery(self) -> Nursery:
        """The one that forks judges which run pytest; made at its first use, from here: it forks no candidates."""
        if self._pytest_nursery is None:
            self._pytest_nursery = Nursery(self.null, ["pytest"], trusted=True)
        return self._pytest_nursery

    def new_uid(self) -> int:
        """A user for one test."""
        self._count += 1
        return confine.candidate_uid(self._count)

    def serve(self) -> None:
        """Answer jobs until the owner is gone. A sandbox that could not be cleaned answers `stale`: throw it away."""
        while True:
            job = wire.receive(0)
            started = time.monotonic()
            if self._stale:
                self._answer(job, started, {"stale": True})
                continue
            run = run_scripted if job["style"] == "stdin" else run_judged
            self._stale = not run(self, job, functools.partial(self._answer, job, started))

    def _answer(self, job: dict[str, Any], started: float, reply: dict[str, Any]) -> None:
        wire.send(1, {"id": job.get("id"), "seconds": time.monotonic() - started, **reply})

    def take(self, kind: Kind, limits: dict[str, Any]) -> Troupe:
        """A troupe for a job: the one that waits, if it fits."""
        found = self._waiting.pop(kind, None)
        if found is not None and found.fits(limits):
            return found
        if found is not None:
            self._dismiss(found)
        return Troupe(self, kind, limits)

    def prepare(self, kind: Kind, limits: dict[str, Any]) -> None:
        """Make the troupe of the next job, where its candidate is out of reach of the one that runs."""
        if self.separation == "uids":
            self._waiting[kind] = Troupe(self, kind, limits)

    def discard(self) -> None:
        """Make no use of the troupes that wait."""
        for found in self._waiting.values():
            self._dismiss(found)
        self._waiting.clear()

    def quit(self, troupe: Troupe) -> None:
        """The owner is gone: end with everything (in a process namespace the kernel does it). Never returns."""
        self.kill(troupe)
        os._exit(0)

    def end(self, troupe: Troupe, clean: bool) -> dict[str, Any]:
        """Kill and reap a troupe and all it started, empty the scratch directories; the candidate's exit and usage,
        and `dirty` when something stayed. After a test that was not `clean` no troupe that waits is used."""
        ended = self._dismiss(troupe)
        if not clean:
            self.discard()
        return {**ended, "dirty": not (self._end_strays(troupe.uid) and self._wipe(troupe.uid))}

    def kill_strays(self, keep: Iterable[int]) -> bool:
        """Kill every process here that is none of ours; True when there was none."""
        found = [pid for pid in self._others() if pid not in keep]
        for pid in found:
            kill(pid)
        return not found

    def reap(self) -> None:
        """Take the exit status of orphans. Ends the sandbox when the nursery is among them."""
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == self.nursery.pid:
                os._exit(3)
            if pid == 0:
                return

    def kill(self, troupe: Troupe) -> None:
        """End its candidate."""
        candidate = troupe.pids()[0]
        kill(candidate)
        if self.separation == "none":
            kill(-candidate)

    def _dismiss(self, troupe: Troupe) -> dict[str, Any]:
        self.kill(troupe)
        for pid in troupe.pids()[1:]:
            kill(pid)
        troupe.close()
        return troupe.wait()

    def _end_strays(self, uid: int) -> bool:
        if self.kill_strays(()):
            return True
        self.discard()
        deadline = time.monotonic() + _CLEANING_TIME
        while not self.kill_strays(()):
            self.reap()
            self._sweep(uid, [])
            self.reap()
            if time.monotonic() > deadline:
                return False
        return True

    def _others(self) -> list[int]:
        own = {os.getpid(), self.nursery.pid, *(pid for troupe in self._waiting.values() for pid in troupe.pids())}
        if self._pytest_nursery is not None:
            own.add(self._pytest_nursery.pid)
        if self.separation != "none":
            return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in own]  # noqa: PTH208
        with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123
            children = file.read().split()
        return [pid for pid in map(int, children) if pid not in own]

    def _sweep(self, uid: int, paths: list[str]) -> None:
        self.nursery.sweep({"sweep": uid, "separation": self.separation, "wipe": paths})

    def _wipe(self, uid: int) -> bool:
        filled = [path for path in self.config["wipe"] if _filled(path)]
        if filled:
            self._sweep(uid, filled)
        return not any(map(_filled, filled))


def kill(pid: int) -> None:
    """SIGKILL, if it is still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _judge_home(top: str, separation: str) -> str:
    """A directory that only the judge's user can enter, made in `top`, which is then closed to others."""
    home = f"{top}/home"
    pid = os.fork()
    if pid == 0:
        try:
            if separation == "uids":
                os.setgroups([])
                os.setresgid(confine.JUDGE_UID, confine.JUDGE_UID, confine.JUDGE_UID)
                os.setresuid(confine.JUDGE_UID, confine.JUDGE_UID, confine.JUDGE_UID)
            os.mkdir(home, 0o700)  # noqa: PTH102
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    if not os.access(top, os.W_OK) or "home" not in os.listdir(top):  # noqa: PTH208
        raise RuntimeError(f"the judge cannot write to {top}: rebuild the sandbox's image")
    os.chmod(top, 0o755)  # noqa: PTH101
    return home


def _filled(path: str) -> bool:
    with os.scandir(path) as found:
        return next(found, None) is not None


def main(config: dict[str, Any]) -> None:
    """Run a sandbox until the owner closes our input. Never returns."""
    confine.hide()
    confine.LIBC.prctl(_SUBREAPER, 1, 0, 0, 0)
    sys.path[:0] = config.get("path", [])
    for name in [*WARM, *config.get("preload", [])]:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    try:
        if config["separation"] == "uids":
            confine.filter_calls()
        supervisor = Supervisor(config)
        wire.send(1, {"ready": True, "python": sys.version.split()[0], "pid": os.getpid()})
        supervisor.serve()
    except wire.Closed:
        os._exit(0)
    except Exception as error:  # noqa: BLE001 - the owner reads the complaint; process 1 must not linger
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(1)
