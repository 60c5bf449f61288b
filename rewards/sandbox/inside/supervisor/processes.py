"""The processes of one test, confined and waiting for their work: a candidate and, unless it runs as a script, a judge.

With a user for each test (`uids`) the next ones are made while a test runs. What makes that safe: a waiting candidate
comes from the forkserver like any other and knows nothing; it has another user than the one that runs, which can
therefore neither signal, trace nor read it, and its own allowance of processes; its pipes are held by nobody else; it
reads nothing but its first request. They are used only when their limits are those of the job and both live, and they
are discarded after a test that was not clean. Time limits start when the work is handed over.
"""

import contextlib
import os
import select
from collections.abc import Mapping
from typing import Any, Literal

from ..confinement import confine
from .spawner import Spawner

Kind = Literal["judged", "pytest", "script", "build"]
_JUDGE_LIMITS = {"memory": 2**32, "disk": 2**24, "files": 64, "cpu": 600, "processes": 64}


class Processes:
    """Processes that wait for their work, and our ends of their pipes (`ends`)."""

    def __init__(self, spawner: Spawner, kind: Kind, limits: Mapping[str, Any]) -> None:
        self._spawner, self.limits = spawner, dict(limits)
        self.uid = spawner.new_uid()
        self.ends: dict[str, int] = {}
        self._ready = 0
        self._watched = -1
        self._began, began = os.pipe()
        os.set_blocking(self._began, False)
        null = spawner.null
        if kind == "build":
            self.uid = confine.BUILD_UID
        self._kind = kind
        if kind in ("script", "build"):
            theirs = [self._to("stdin"), self._from("stdout"), self._from("stderr"), self._to("source"), began]
            self._spawned = [spawner.forkserver.spawn([self._candidate("script", 5)], theirs)]
        else:
            ask_read, ask_write = os.pipe()
            answer_read, answer_write = os.pipe()
            serving = [null, null, null, ask_read, answer_write, began]
            judging = [null, null, 2, answer_read, ask_write, self._from("report"), self._to("work"), began]
            theirs = [*serving, *judging]
            players = [(self._candidate("serve", 6), serving), (self._judge(8), judging)]
            if kind == "judged":
                self._spawned = [spawner.forkserver.spawn([player for player, _ in players], theirs)]
            else:
                forkservers = (spawner.forkserver, spawner.pytest_forkserver)
                self._spawned = [n.spawn([player], fds) for n, (player, fds) in zip(forkservers, players, strict=False)]
        for fd in {*theirs}:
            if fd not in (2, null):
                os.close(fd)

    def pids(self) -> list[int]:
        """Its processes, the candidate first."""
        return [pid for spawned in self._spawned for pid in spawned.pids]

    @property
    def watched(self) -> int:
        """A descriptor that is readable once the candidate has ended."""
        if self._watched < 0:
            self._watched = os.pidfd_open(self.pids()[0])
        return self._watched

    def fits(self, limits: Mapping[str, Any]) -> bool:
        """May it do a job of these limits: the same, and all processes alive?"""
        if self.limits != limits:
            return False
        ended = select.poll()
        ended.register(self.watched, select.POLLIN)
        if "report" in self.ends:
            ended.register(self.ends["report"], 0)
        return not ended.poll(0)

    def began(self) -> bool:
        """Did each of them get as far as waiting for its work? One that did not says nothing about any program."""
        with contextlib.suppress(BlockingIOError):
            self._ready += len(os.read(self._began, len(self.pids())))
        return self._ready >= len(self.pids())

    def wait(self) -> dict[str, Any]:
        """Wait for its processes, which were killed; the candidate's exit and usage, and the judge's exit."""
        ended = [spawned.wait() for spawned in self._spawned]
        exits = [status for one in ended for status in one["exits"]]
        return {**ended[0], "exit": exits[0], "exits": exits}

    def close(self) -> None:
        """Close our ends of the pipes."""
        for fd in [*self.ends.values(), *(fd for fd in (self._watched, self._began) if fd >= 0)]:
            os.close(fd)
        self.ends.clear()
        self._watched = self._began = -1

    def shut(self, fd: int) -> None:
        """Close one of our ends."""
        os.close(fd)
        self.ends = {name: end for name, end in self.ends.items() if end != fd}

    def _candidate(self, mode: str, descriptors: int) -> dict[str, Any]:
        home = self._spawner.build_home if self._kind == "build" else self._spawner.config["home"]
        settings = {"separation": self._spawner.separation, "home": home}
        return {"mode": mode, "descriptors": descriptors, "limits": self.limits, "uid": self.uid, **settings}

    def _judge(self, descriptors: int) -> dict[str, Any]:
        separation = "none" if self._spawner.separation == "namespaces" else self._spawner.separation
        settings = {"separation": separation, "home": self._spawner.config["judge_home"], "uid": confine.JUDGE_UID}
        return {"mode": "judge", "descriptors": descriptors, "limits": _JUDGE_LIMITS, **settings}

    def _to(self, name: str) -> int:
        theirs, self.ends[name] = os.pipe()
        return theirs

    def _from(self, name: str) -> int:
        self.ends[name], theirs = os.pipe()
        return theirs
