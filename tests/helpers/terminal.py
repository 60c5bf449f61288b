"""A command in a terminal of a given width, and what a person would see there in the end."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Sequence

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def run_in_terminal(
    command: Sequence[str], columns: int = 80, timeout: float = 600, **environment: str
) -> tuple[int, str]:
    """(exit code, everything that was written) with stdout and stderr on a terminal.

    Raises subprocess.TimeoutExpired, with what was written, after `timeout` seconds; the command is killed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    kept = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=kept | {"TERM": "xterm"} | environment, close_fds=True
    )
    os.close(theirs)
    try:
        written = b"".join(_read(ours, time.monotonic() + timeout)).decode("utf-8", "replace")
        return process.wait(timeout), written
    except TimeoutError as error:
        raise subprocess.TimeoutExpired(command, timeout, error.args[0]) from None
    finally:
        os.close(ours)
        process.kill()
        process.wait()


def _read(terminal: int, end: float) -> list[bytes]:
    """What comes until nobody has the other end open. Raises TimeoutError, with what came, at the time `end`."""
    pieces: list[bytes] = []
    while True:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            raise TimeoutError(b"".join(pieces))
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux's way to say that the other end is closed
            return pieces
        if not piece:
            return pieces
        pieces.append(piece)


def on_screen(written: str) -> list[str]:
    """The lines that are left: what a carriage return and "clear to the end" overwrote is gone."""
    lines = []
    for line in written.replace("\r\n", "\n").split("\n"):
        shown = ""
        for piece in re.split(r"(\r(?:\x1b\[K)?)", line):
            shown = "" if piece.startswith("\r") and "\x1b[K" in piece else shown if piece == "\r" else shown + piece
        lines.append(_ESCAPES.sub("", shown))
    return lines


def drawn(written: str) -> list[str]:
    """Every state of a line that was drawn anew."""
    return [_ESCAPES.sub("", piece).split("\r\n")[0] for piece in written.split("\r\x1b[K")[1:]]
