"""How long a program may still go on. Only time that it could use counts.

A machine that has too much to do makes any program slow. What the sandbox's processes waited for a processor (the
kernel counts it, /proc/PID/task/TID/schedstat) and time in which the whole sandbox stood still are therefore given
back, until the program has had its limit in processor time, or so much time has passed that nobody can say whether
it would have ended: then the job is `starved`, and has no verdict. A crowd of processes or of threads that wait for
each other gets nothing back.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..protocol import frames

PATIENCE = 10.0
"""A job is starved when its limit has passed so many times, and `_SPARE` seconds more."""
_SPARE = 20.0
_SLICE = 0.25
_BEAT = 2.0
_CROWD = 10
_TICK = 1.0 / os.sysconf("SC_CLK_TCK")


class MachineFaultError(Exception):
    """The machine failed or was too busy: nothing that happened says anything about the program."""


class StarvedError(MachineFaultError):
    """The program waited for a processor until nobody can say whether it would have ended."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What processes have used until now."""

    cpu: float
    """Seconds of processor time of the program's processes and of those that they waited for."""
    waits: Mapping[tuple[int, int], float]
    """Seconds that each thread (process, thread) waited for a processor."""

    def waited_since(self, before: "Usage") -> float:
        """Seconds that the processes waited: of each the thread that waited longest, as they work in turns."""
        most: dict[int, float] = {}
        for (pid, thread), seconds in self.waits.items():
            since = seconds - before.waits.get((pid, thread), 0.0)
            most[pid] = max(most.get(pid, 0.0), since)
        return sum(most.values())

    def crowd_since(self, before: "Usage", elapsed: float) -> bool:
        """Are there so many of the program's processes, or threads that waited, that they keep each other waiting?"""
        waiting = sum(seconds - before.waits.get(key, 0.0) > elapsed / 10 for key, seconds in self.waits.items())
        return max(waiting, len({pid for pid, _ in self.waits})) > _CROWD


NOTHING = Usage(0.0, {})


class Allowance:
    """`seconds` from now on, for what `look` tells the usage of; from `before`, or from the first look."""

    def __init__(self, seconds: float, look: Callable[[], Usage], before: Usage | None = NOTHING) -> None:
        self.seconds, self._look, self._before = seconds, look, before
        self._started = self._slice_start = time.monotonic()
        self._slice_length = 0.0
        self._end = self._started + seconds
        self._stood = 0.0

    def again(self) -> "Allowance":
        """A new allowance of the same number of seconds, for what comes next."""
        return Allowance(self.seconds, self._look, None)

    def slice(self) -> float:
        """Seconds to wait for something before asking again."""
        now = time.monotonic()
        self._notice_standstill(now)
        self._slice_start, self._slice_length = now, min(_SLICE, max(self._end - now, 0.0))
        beat(now)
        return self._slice_length

    def over(self) -> bool:
        """Has it been used up? Raises StarvedError."""
        now = time.monotonic()
        self._notice_standstill(now)
        if self._before is None:
            self._before = self._look()
        if now < self._end:
            return False
        used = self._look()
        mine = self.spent(now, used)
        if mine >= self.seconds - 0.01 or used.cpu - self._before.cpu >= self.seconds:
            return True
        if used.crowd_since(self._before, now - self._started):
            return True
        if now - self._started > self.seconds * PATIENCE + _SPARE:
            raise StarvedError(
                f"the machine was too busy: in {now - self._started:.0f} s the program could use {mine:.1f} s "
                f"of the {self.seconds:g} s that it may take"
            )
        self._end = now + self.seconds - mine
        return False

    def spent(self, now: float | None = None, used: Usage | None = None) -> float:
        """Seconds that could be used until now."""
        elapsed = (now or time.monotonic()) - self._started
        if elapsed < _SLICE and used is None:
            return elapsed
        waited = (used or self._look()).waited_since(self._before or NOTHING)
        return max(elapsed - max(waited, self._stood), 0.0)

    def _notice_standstill(self, now: float) -> None:
        late = now - self._slice_start - self._slice_length
        if late > _SLICE:
            self._stood += late
            self._end += late
        self._slice_start, self._slice_length = now, 0.0


def usage(pids: Mapping[int, bool]) -> Usage:
    """The usage of processes by number; those that are True are the program's own, whose processor time counts."""
    cpu, waits = 0.0, {}
    for pid, own in pids.items():
        try:
            if own:
                cpu += sum(map(int, _read(f"/proc/{pid}/stat").rpartition(")")[2].split()[11:15])) * _TICK
            for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
                waits[pid, int(thread)] = int(_read(f"/proc/{pid}/task/{thread}/schedstat").split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            continue
    return Usage(cpu, waits)


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
        return file.read()


_last_beat = 0.0


def beat(now: float | None = None) -> None:
    """Tell the owner every few seconds that work goes on, so that it can tell a long job from a dead sandbox."""
    global _last_beat
    now = time.monotonic() if now is None else now
    if now - _last_beat > _BEAT:
        _last_beat = now
        frames.send(1, BEAT)


BEAT: dict[str, Any] = {"alive": True}
