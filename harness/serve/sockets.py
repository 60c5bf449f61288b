"""A listening socket of its own for every worker.

Workers that share one socket do not share its connections: whichever wakes first takes a whole burst of them (32 of 32
were seen), and keep-alive holds them there while the others idle. With SO_REUSEPORT the kernel spreads them.
"""

import socket
import sys
from typing import Any

from holdfast.errors import UsageError

SPREADS = sys.platform == "linux"
"""Elsewhere SO_REUSEPORT means something else."""


class Door(socket.socket):
    """Holds the port in the supervisor, without listening; pickled into a worker, it is a socket to listen on."""

    def __init__(self, host: str, port: int) -> None:
        """Raises UsageError when the port cannot be had: SO_REUSEPORT alone would let two servers share it unseen."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
                port = probe.getsockname()[1]
            super().__init__(family)
            _bind(self, host, port)
        except OSError as error:
            raise UsageError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
        self.host, self.port = host, port

    def __reduce__(self) -> tuple[Any, ...]:
        return _opened, (self.host, self.port, int(self.family))


def _opened(host: str, port: int, family: int) -> socket.socket:
    worker = socket.socket(socket.AddressFamily(family))
    _bind(worker, host, port)
    return worker


def _bind(bound: socket.socket, host: str, port: int) -> None:
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((host, port))
