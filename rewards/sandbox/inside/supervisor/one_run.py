"""One execution of a program: its process is fed and drained until it ends or breaks a limit."""

import os
import select
from typing import Any

from ..protocol import frames
from .allowance import Allowance, MachineFaultError, StarvedError
from .housekeeping import Housekeeping
from .processes import Kind

_ERRORS_KEPT = 4096
_ERRORS_READ = 16 * 2**20


class OneRun:
    """One execution: feeds program and input, drains both outputs, all without blocking."""

    def __init__(self, housekeeping: Housekeeping, job: dict[str, Any], text: str, most: int) -> None:
        self._housekeeping, self._limits, self.most = housekeeping, job["limits"], most
        command = job.get("command")
        self._kind: Kind = "build" if job.get("kind") == "build" else "script"
        self._processes = housekeeping.take(self._kind, self._limits)
        ends = self._processes.ends
        self._stdout, self._stderr = ends["stdout"], ends["stderr"]
        work = {"command": command, "files": job.get("files")} if command else {"program": job["program"]}
        code = frames.encode(work | {"argv": job.get("argv") or []})
        self._pending = {
            ends["stdin"]: memoryview(text.encode("utf-8", "surrogateescape")),
            ends["source"]: memoryview(len(code).to_bytes(4, "big") + code),
        }
        self._out, self._err, self._err_read = bytearray(), bytearray(), 0
        self._broke: str | None = None

    def to_end(self, seconds: float) -> dict[str, Any]:
        """Wait for the program, at most `seconds` that it can use; then end everything it started. Raises
        MachineFaultError when it was not begun, or was starved."""
        allowance = Allowance(seconds, lambda: self._housekeeping.usage(self._processes))
        try:
            self._pump(allowance)
        except StarvedError:
            self._housekeeping.end(self._processes, False)
            raise
        self._drain()
        taken = allowance.spent()
        began = self._processes.began()
        ended = self._housekeeping.end(self._processes, self._broke is None)
        if not began:
            raise MachineFaultError(f"the program's process could not begin (status {ended['exit']})")
        output = {"stdout": self._out.decode("latin-1"), "stderr": self._err.decode("utf-8", "replace")}
        return {**output, "broke": self._broke, "seconds": taken, **ended}

    def _pump(self, allowance: Allowance) -> None:
        poll = select.poll()
        poll.register(0, 0)
        poll.register(self._processes.watched, select.POLLIN)
        for fd in self._processes.ends.values():
            os.set_blocking(fd, False)
            poll.register(fd, select.POLLOUT if fd in self._pending else select.POLLIN)
        prepared = False
        while self._broke is None:
            ready = poll.poll(allowance.slice() * 1000)
            if not ready and allowance.over():
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
                self._housekeeping.prepare(self._kind, self._limits)

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
            if len(self._out) > self.most:
                self._broke = "output"
                del self._out[self.most :]
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
