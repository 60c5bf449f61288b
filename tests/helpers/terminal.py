"""A command in a terminal of a given width, and what a person would see there in the end."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Sequence

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def run_in_terminal(
    command: Sequence[str], columns: int = 80, timeout: float = 600, **environment: str
) -> tuple[int, str]:
    """(exit code, everything that was written) with stdout and stderr on a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    kept = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=kept | {"TERM": "xterm"} | environment, close_fds=True
    )
    os.close(theirs)
    pieces = []
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(ours)
    return process.wait(600), b"".join(pieces).decode("utf-8", "replace")


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
