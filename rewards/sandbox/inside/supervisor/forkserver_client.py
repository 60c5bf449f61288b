"""The supervisor's side of a forkserver: asks it for processes, their ends and the sweeping of what they left.

Forking is asked for ahead: the answer is read when somebody needs it, so that the supervisor works meanwhile.
"""

import os
import socket
from collections import deque
from collections.abc import Sequence
from typing import Any

from ..confinement import confine
from ..protocol import frames
from . import forkserver as server


class Forkserver:
    """A process that forks others. Ends this one when it is gone.

    `preload` is imported in it; `problem` says what could not be. One that is not `trusted` forks candidates: it and
    they are killed before the supervisor when memory runs out.
    """

    def __init__(self, null: int, preload: Sequence[str] = (), trusted: bool = False) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._unread: deque[Spawned] = deque()
        self.pid = os.fork()
        if self.pid == 0:
            self._channel.close()
            confine.place_descriptors([null, null, 2, theirs.fileno()])
            if not trusted:
                confine.be_killed_first()
            server.serve_forks(socket.socket(fileno=3), preload)
        theirs.close()
        self.problem: str | None = self._receive()["problem"]

    def spawn(self, children: Sequence[dict[str, Any]], descriptors: Sequence[int]) -> "Spawned":
        """Have processes forked; see `forkserver` for what describes one."""
        self._send({"spawn": children}, descriptors)
        self._unread.append(Spawned(self))
        return self._unread[-1]

    def wait(self, pids: Sequence[int]) -> dict[str, Any]:
        """Wait for processes that ended or were killed; their `exits`, and usage of the first."""
        return self._ask({"wait": pids})

    def sweep(self, command: dict[str, Any]) -> None:
        """Kill what is left of a user and, as that user, empty directories."""
        self._ask(command)

    def settle(self) -> None:
        """Read the answers that are due."""
        while self._unread:
            self._unread.popleft().known = self._receive()["pids"]

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        self.settle()
        self._send(command, ())
        return self._receive()

    def _send(self, command: dict[str, Any], descriptors: Sequence[int]) -> None:
        socket.send_fds(self._channel, [frames.encode(command)], list(descriptors))

    def _receive(self) -> dict[str, Any]:
        data = self._channel.recv(65536)
        if not data:
            os._exit(3)
        answer: dict[str, Any] = frames.decode(data)
        return answer


class Spawned:
    """Processes that were asked for."""

    def __init__(self, forkserver: Forkserver) -> None:
        self._forkserver = forkserver
        self.known: list[int] = []

    @property
    def pids(self) -> list[int]:
        """The processes' ids, once the forkserver has reported them."""
        if not self.known:
            self._forkserver.settle()
        return self.known

    def wait(self) -> dict[str, Any]:
        """See Forkserver."""
        return self._forkserver.wait(self.pids)
