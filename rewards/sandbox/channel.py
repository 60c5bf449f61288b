"""A byte stream to a supervisor, with time limits on reading."""

import json
import os
import select
import subprocess
import time
from collections.abc import Callable
from typing import Any, Protocol


class LostError(Exception):
    """The sandbox is gone or does not answer in time: our own fault, as long as nothing says otherwise."""


class MemoryLostError(LostError):
    """What ran in the sandbox used up all of its memory, and the kernel ended something that the sandbox needs."""


class Channel(Protocol):
    """What a backend's `start` returns."""

    def write(self, data: bytes) -> None:
        """Write all. Raises LostError."""

    def read(self, size: int, deadline: float) -> bytes:
        """At least one and at most `size` bytes before `deadline` (monotonic seconds). Raises LostError."""

    def mark(self) -> None:
        """Note that a job begins."""

    def out_of_memory(self) -> bool:
        """Has the kernel ended something in the sandbox since `mark` because all of it used up its memory? False where
        nobody can say; asked after a process or the whole sandbox was lost."""

    def close(self) -> None:
        """End the sandbox and everything in it; wait for that."""


def send(channel: Channel, message: Any) -> None:
    """Send one frame. Raises LostError."""
    body = json.dumps(message, separators=(",", ":")).encode()
    channel.write(len(body).to_bytes(4, "big") + body)


def receive(channel: Channel, seconds: float) -> dict[str, Any]:
    """Receive one frame. Raises LostError."""
    deadline = time.monotonic() + seconds
    size = int.from_bytes(_exactly(channel, 4, deadline), "big")
    try:
        message: dict[str, Any] = json.loads(_exactly(channel, size, deadline))
    except ValueError as error:
        raise LostError(f"the sandbox sent {error}") from None
    return message


def _exactly(channel: Channel, size: int, deadline: float) -> bytes:
    chunks = []
    while size:
        chunks.append(channel.read(min(size, 2**20), deadline))
        size -= len(chunks[-1])
    return b"".join(chunks)


class PipeChannel:
    """A supervisor that is a child process of ours."""

    def __init__(
        self,
        command: list[str],
        environment: dict[str, str],
        cleanup: Any = None,
        kills: Callable[[], int] = lambda: 0,
    ) -> None:
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                bufsize=0,
            )
        except OSError as error:
            raise LostError(f"cannot start {command[0]}: {error.strerror}") from None
        self._cleanup, self._kills, self._killed = cleanup, kills, 0
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._process.stderr.fileno(), False)

    @property
    def pid(self) -> int:
        """The process that was started."""
        return self._process.pid

    def write(self, data: bytes) -> None:
        """See Channel."""
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._in, view) :]
        except OSError as error:
            raise LostError(f"the sandbox ended: {self._complaint() or error}") from None

    def read(self, size: int, deadline: float) -> bytes:
        """See Channel."""
        waiting = select.poll()
        waiting.register(self._out, select.POLLIN)
        if not waiting.poll(max(deadline - time.monotonic(), 0) * 1000):
            raise LostError("the sandbox does not answer")
        data = os.read(self._out, size)
        if not data:
            raise LostError(f"the sandbox ended: {self._complaint() or 'without a message'}")
        return data

    def mark(self) -> None:
        """See Channel."""
        self._killed = self._kills()

    def out_of_memory(self) -> bool:
        """See Channel."""
        return self._kills() > self._killed

    def close(self) -> None:
        """See Channel."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        self._process.wait()
        if self._cleanup is not None:
            self._cleanup()

    def _complaint(self) -> str:
        assert self._process.stderr
        try:
            return (os.read(self._process.stderr.fileno(), 65536) or b"").decode(errors="replace").strip()[-300:]
        except OSError:
            return ""
