"""The supervisor: one program for every backend, on standard input and output.

It takes one job at a time (a frame), has the nursery fork the candidate, forks the judge, and answers with a frame
when both are gone, with everything they started, and the scratch directories are empty. It ends when its input does,
so nothing outlives the owner. It reads tests, so it never forks a candidate itself.
"""

import gc
import importlib
import json
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Iterable
from typing import Any

from . import confine, nursery, wire
from .judged import run_judged
from .scripted import run_scripted

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
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._nursery = os.fork()
        if self._nursery == 0:
            self._channel.close()
            confine.place_descriptors([self.null, self.null, 2, theirs.fileno()])
            confine.be_killed_first()
            nursery.serve_forks(socket.socket(fileno=3))
        theirs.close()

    @property
    def uid(self) -> int:
        """The user of the test that runs now."""
        return confine.candidate_uid(self._count)

    def serve(self) -> None:
        """Answer jobs until the owner is gone."""
        while True:
            job = wire.receive(0)
            self._count += 1
            started = time.monotonic()
            reply = run_scripted(self, job) if job["style"] == "stdin" else run_judged(self, job)
            wire.send(1, {"id": job.get("id"), "seconds": time.monotonic() - started, **reply})

    def spawn(self, mode: str, descriptors: list[int], limits: dict[str, Any]) -> int:
        """A candidate process whose descriptors 0, 1, 2, … are these; closes them here."""
        command = {"spawn": mode, "limits": limits, "uid": self.uid, "home": self.config["home"]}
        pid: int = self._command({**command, "separation": self.separation}, descriptors)["pid"]
        for fd in descriptors:
            if fd != self.null:
                os.close(fd)
        return pid

    def quit(self, candidate: int) -> None:
        """The owner is gone: end with everything (in a process namespace the kernel does it). Never returns."""
        kill(candidate)
        if self.separation == "none":
            kill(-candidate)
        os._exit(0)

    def end(self, candidate: int, judge: int | None = None) -> dict[str, Any]:
        """Kill and reap both and all they started, empty the scratch directories; the candidate's exit and usage,
        and `dirty` when something stayed."""
        kill(candidate)
        if self.separation == "none":
            kill(-candidate)
        if judge is not None:
            kill(judge)
            os.waitpid(judge, 0)
        ended = self._command({"wait": candidate})
        return {**ended, "dirty": not (self._end_strays() and self._wipe())}

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
            if pid == self._nursery:
                os._exit(3)
            if pid == 0:
                return

    def _end_strays(self) -> bool:
        deadline = time.monotonic() + _CLEANING_TIME
        while not self.kill_strays(()):
            self.reap()
            self._sweep([])
            self.reap()
            if time.monotonic() > deadline:
                return False
        return True

    def _others(self) -> list[int]:
        own = {os.getpid(), self._nursery}
        if self.separation != "none":
            return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in own]  # noqa: PTH208
        with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123
            children = file.read().split()
        return [pid for pid in map(int, children) if pid not in own]

    def _wipe(self) -> bool:
        filled = [path for path in self.config["wipe"] if _filled(path)]
        if filled:
            self._sweep(filled)
        return not any(map(_filled, filled))

    def _sweep(self, paths: list[str]) -> None:
        self._command({"sweep": self.uid, "separation": self.separation, "wipe": paths})

    def _command(self, command: dict[str, Any], descriptors: Iterable[int] = ()) -> dict[str, Any]:
        socket.send_fds(self._channel, [json.dumps(command).encode()], list(descriptors))
        data = self._channel.recv(65536)
        if not data:
            os._exit(3)
        answer: dict[str, Any] = json.loads(data)
        return answer


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
    random.seed(0)
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
