"""A program run as a script: once per input, each time in a process and a scratch directory of its own."""

import os
import select
import time
from collections.abc import Callable
from typing import Any

from .housekeeping import Housekeeping

_ERRORS_KEPT = 4096
_ERRORS_READ = 16 * 2**20


def run_script(housekeeping: Housekeeping, job: dict[str, Any], answer: Callable[[dict[str, Any]], None]) -> bool:
    """Answer with `runs`: per input its stdout (latin-1 text of the bytes), the end of stderr, exit status, usage, and
    what limit it broke (`timeout`, `output` or null). `total` ends the remaining inputs; `stop` the first broken
    limit. True when everything was cleaned afterwards."""
    limits = job["limits"]
    end = time.monotonic() + limits["total"]
    runs: list[dict[str, Any]] = []
    for text in job["inputs"]:
        seconds = min(limits["timeout"], end - time.monotonic())
        if seconds <= 0:
            break
        runs.append(_Run(housekeeping, job["program"], text, limits).to_end(seconds))
        if runs[-1]["dirty"] or (job.get("stop") and (runs[-1]["broke"] or runs[-1]["exit"])):
            break
    dirty = any(run["dirty"] for run in runs)
    answer({"runs": runs, "dirty": dirty})
    return not dirty


class _Run:
    """One execution: feeds program and input, drains both outputs, all without blocking."""

    def __init__(self, housekeeping: Housekeeping, program: str, text: str, limits: dict[str, Any]) -> None:
        self._housekeeping, self._limits = housekeeping, limits
        self._processes = housekeeping.take("script", limits)
        ends = self._processes.ends
        self._stdout, self._stderr = ends["stdout"], ends["stderr"]
        code = program.encode("utf-8", "surrogatepass")
        self._pending = {
            ends["stdin"]: memoryview(text.encode("utf-8", "surrogateescape")),
            ends["source"]: memoryview(len(code).to_bytes(4, "big") + code),
        }
        self._out, self._err, self._err_read = bytearray(), bytearray(), 0
        self._broke: str | None = None

    def to_end(self, seconds: float) -> dict[str, Any]:
        """Wait for the program, at most `seconds`; then end everything it started."""
        started = time.monotonic()
        self._pump(started + seconds)
        self._drain()
        taken = time.monotonic() - started
        ended = self._housekeeping.end(self._processes, self._broke is None)
        output = {"stdout": self._out.decode("latin-1"), "stderr": self._err.decode("utf-8", "replace")}
        return {**output, "broke": self._broke, "seconds": taken, **ended}

    def _pump(self, deadline: float) -> None:
        poll = select.poll()
        poll.register(0, 0)
        poll.register(self._processes.watched, select.POLLIN)
        for fd in self._processes.ends.values():
            os.set_blocking(fd, False)
            poll.register(fd, select.POLLOUT if fd in self._pending else select.POLLIN)
        prepared = False
        while self._broke is None:
            left = deadline - time.monotonic()
            ready = poll.poll(left * 1000) if left > 0 else []
            if not ready:
                self._broke = "timeout"
            for fd, _ in ready:
                if fd == 0:
                    self._housekeeping.quit(self._processes)
                if fd == self._processes.watched:
                    return
                if not (self._write(fd) if fd in self._pending else self._read(fd)):
                    poll.unregister(fd)
                    self._processes.shut(fd)
            if not prepared:
                # The program has begun; while it runs the next one is made ready.
                prepared = True
                self._housekeeping.prepare("script", self._limits)

    def _write(self, fd: int) -> bool:
        try:
            self._pending[fd] = self._pending[fd][os.write(fd, self._pending[fd]) :]
        except OSError:
            return False
        return bool(self._pending[fd])

    def _read(self, fd: int) -> bool:
        try:
            data = os.read(fd, 65536)
        except BlockingIOError:
            return True
        if fd == self._stdout:
            self._out += data
            if len(self._out) > self._limits["output"]:
                self._broke = "output"
                del self._out[self._limits["output"] :]
        else:
            self._err = (self._err + data)[-_ERRORS_KEPT:]
            self._err_read += len(data)
            if self._err_read > _ERRORS_READ:
                self._broke = "output"
        return bool(data)

    def _drain(self) -> None:
        """What the ended program left in the pipes (a daemon of it may still hold and fill them: bounded)."""
        for fd in (self._stdout, self._stderr):
            for _ in range(64 if fd in self._processes.ends.values() else 0):
                before = len(self._out), self._err_read
                if not self._read(fd) or (len(self._out), self._err_read) == before:
                    break
