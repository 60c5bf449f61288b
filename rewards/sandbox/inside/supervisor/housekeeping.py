"""The processes of a sandbox that live, wait or linger: taken for a job, ended after it, and what they left removed."""

import os
import signal
import time
from collections.abc import Iterable
from typing import Any

from ..confinement import confine
from .allowance import Usage, usage
from .processes import Kind, Processes
from .spawner import Spawner

_CLEANING_TIME = 3.0


class Housekeeping:
    """Every process of one sandbox, and its scratch directories."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.spawner = Spawner(config)
        self._waiting: dict[Kind, Processes] = {}
        self.proven: set[str] = set()
        """Compilers that have built a control program."""
        self.checkers: dict[str, dict[str, bytes]] = {}
        """Checkers that were built, by their sources: path and content of their files."""

    def take(self, kind: Kind, limits: dict[str, Any]) -> Processes:
        """Processes for a job: those that wait, if they fit."""
        found = self._waiting.pop(kind, None)
        if found is not None and found.fits(limits):
            return found
        if found is not None:
            self._dismiss(found)
        return Processes(self.spawner, kind, limits)

    def prepare(self, kind: Kind, limits: dict[str, Any]) -> None:
        """Make the processes of the next job, where its candidate is out of reach of the one that runs."""
        if self.spawner.separation == "uids" and kind != "build":
            self._waiting[kind] = Processes(self.spawner, kind, limits)

    def discard(self) -> None:
        """Make no use of the processes that wait."""
        for found in self._waiting.values():
            self._dismiss(found)
        self._waiting.clear()

    def quit(self, processes: Processes) -> None:
        """The owner is gone: end with everything (in a process namespace the kernel does it). Never returns."""
        self.kill(processes)
        os._exit(0)

    def end(self, processes: Processes, clean: bool) -> dict[str, Any]:
        """Kill and reap the processes of a job and all they started, empty the scratch directories; the candidate's
        exit and usage, and `dirty` when something stayed. After a job that was not `clean` none that wait are used."""
        ended = self._dismiss(processes)
        if not clean:
            self.discard()
        return {**ended, "dirty": not (self._end_strays(processes.uid) and self._wipe(processes.uid))}

    def kill_strays(self, keep: Iterable[int]) -> bool:
        """Kill every process here that is not ours; True when there was none."""
        found = [pid for pid in self._others() if pid not in keep]
        for pid in found:
            kill(pid)
        return not found

    def reap(self) -> None:
        """Take the exit status of orphans. Ends the sandbox when the forkserver is among them."""
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == self.spawner.forkserver.pid:
                os._exit(3)
            if pid == 0:
                return

    def usage(self, processes: Processes) -> Usage:
        """What the processes of a job have used so far, the judge's waiting among it."""
        judge = processes.pids()[1:]
        return usage({pid: pid not in judge for pid in {*self._others(), *processes.pids()}})

    def busy(self, processes: Processes) -> float:
        """Seconds in which the program's own processes worked or wanted to."""
        judge = processes.pids()[1:]
        own = usage({pid: True for pid in {*self._others(), *processes.pids()} if pid not in judge})
        return own.cpu + sum(own.waits.values())

    def kill(self, processes: Processes) -> None:
        """Kill the job's candidate."""
        candidate = processes.pids()[0]
        kill(candidate)
        if self.spawner.separation == "none":
            kill(-candidate)

    def clear_build(self, uid: int) -> bool:
        """Empty the folder that programs are built in; True when it is."""
        folder = self.spawner.build_home
        if folder is not None and _filled(folder):
            self._sweep(uid, [folder])
        return folder is None or not _filled(folder)

    def _dismiss(self, processes: Processes) -> dict[str, Any]:
        self.kill(processes)
        for pid in processes.pids()[1:]:
            kill(pid)
        processes.close()
        return processes.wait()

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
        waiting = (pid for processes in self._waiting.values() for pid in processes.pids())
        own = {os.getpid(), *self.spawner.pids(), *waiting}
        if self.spawner.separation != "none":
            return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in own]  # noqa: PTH208
        with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123
            children = file.read().split()
        return [pid for pid in map(int, children) if pid not in own]

    def _sweep(self, uid: int, paths: list[str]) -> None:
        self.spawner.forkserver.sweep({"sweep": uid, "separation": self.spawner.separation, "wipe": paths})

    def _wipe(self, uid: int) -> bool:
        filled = [path for path in self.spawner.config["wipe"] if _filled(path)]
        if filled:
            self._sweep(uid, filled)
        if any(map(_filled, filled)) and self.spawner.separation == "uids":
            # Directories that the tests made for both sides are the judge's.
            self._sweep(confine.JUDGE_UID, filled)
            self.discard()
        return not any(map(_filled, filled))


def kill(pid: int) -> None:
    """SIGKILL, if it is still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _filled(path: str) -> bool:
    with os.scandir(path) as found:
        return next(found, None) is not None
