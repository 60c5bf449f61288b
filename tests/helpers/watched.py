"""What Python opens, imports, starts and connects to while a piece of a test runs (PEP 578's audit events)."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

_EVENTS = frozenset({"open", "import", "socket.connect", "socket.getaddrinfo", "urllib.Request", "subprocess.Popen",
                     "os.system", "os.exec", "os.posix_spawn", "exec"})  # fmt: skip
_PROGRAMS = frozenset({"subprocess.Popen", "os.exec", "os.posix_spawn"})
"""Their first two arguments are the program and its words."""
_listening: list[list[tuple[str, str]]] = []
_hooked: list[bool] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _listening and event in _EVENTS:
        text = repr(
            arguments[:2] if event in _PROGRAMS else arguments[1:2] if event == "socket.connect" else arguments[:1]
        )
        for heard in _listening:
            heard.append((event, text))


@contextlib.contextmanager
def watched() -> Iterator[list[tuple[str, str]]]:
    """The events as (name, what it is about) while the block runs, of every thread of this process."""
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    heard: list[tuple[str, str]] = []
    _listening.append(heard)
    try:
        yield heard
    finally:
        _listening.remove(heard)
