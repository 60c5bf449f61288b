"""Progress of a long step on stderr: one line at a time that is drawn anew, or where there is no terminal plain lines
every few seconds.

Everything else that is printed there goes through `write_line`, which puts it above the drawn line. Of nested steps the
innermost is drawn; the outer one comes back when it ends.
"""

import contextlib
import os
import sys
import textwrap
import threading
import time
from types import TracebackType

_LINE_EVERY = 15.0
"""Seconds between plain lines."""
_DRAW_EVERY = 0.2
_CLEAR = "\r\x1b[K"
_lock = threading.RLock()
_drawn: list["Progress"] = []
"""Steps that are going on in a terminal, the innermost last."""
_silent = False


def silence(silent: bool = True) -> None:
    """Show no progress from now on (`-q`), or again."""
    global _silent
    _silent = silent


def write_line(text: str) -> None:
    """Print a text on stderr; a line of progress moves below it."""
    with _lock:
        _print(f"{_CLEAR if _drawn else ''}{_wrapped(text)}\n")
        if _drawn:
            _drawn[-1].draw()


def _wrapped(text: str) -> str:
    """In a terminal prose is broken between words; a line with a command stays whole, so that it can be copied."""
    if not is_terminal():
        return text
    lines = [
        line if "holdfast " in line else textwrap.fill(line, _width(), break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    ]
    return "\n".join(lines)


def _print(text: str) -> None:
    """Write to stderr; that nobody reads it any more (a closed pipe, a terminal that is gone) ends no run."""
    if sys.stderr is not None:  # `2>&-`
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()


def is_terminal() -> bool:
    """Whether stderr is one."""
    return sys.stderr is not None and not sys.stderr.closed and sys.stderr.isatty()


def end_all() -> None:
    """Leave no half-drawn line behind, whatever ended the steps."""
    with _lock:
        if _drawn:
            _print("\n")
            _drawn.clear()


class Progress:
    """`advance` may be called from any thread; without a total it shows a count and a rate."""

    def __init__(self, label: str, total: int | None, done: int = 0, enabled: bool = True) -> None:
        self.label, self.total, self.done = label, total, done
        self._first, self._start, self._last = done, time.monotonic(), 0.0
        self._enabled = enabled and not _silent
        self._live = self._enabled and is_terminal()

    def __enter__(self) -> "Progress":
        if self._live:
            with _lock:
                _drawn.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _lock:
            if self in _drawn:
                _drawn.remove(self)
                _print(f"{_CLEAR}{self._fitted()}\n")
            elif self._enabled and not self._live and self.done > self._first:
                _print(f"{self.line()}\n")

    def advance(self, count: int = 1) -> None:
        """Count finished items and show them now and then."""
        with _lock:
            self.done += count
            now = time.monotonic()
            if not self._enabled or now - self._last < (_DRAW_EVERY if self._live else _LINE_EVERY):
                return
            first, self._last = self._last == 0.0, now
            if self._live and _drawn and _drawn[-1] is self:
                self.draw()
            elif not self._live and not first:
                _print(f"{self.line()}\n")

    def reach(self, done: int) -> None:
        """Say how many items are finished in all."""
        self.advance(done - self.done)

    def draw(self) -> None:
        """Draw the line in the place of the one before."""
        _print(f"{_CLEAR}{self._fitted()}")

    def line(self) -> str:
        """`gsm8k  120/1319  8.3/s  2:24 left`, or `rows  120  8.3/s  0:14`."""
        return f"{self.label}  {self._numbers()}"

    def _numbers(self) -> str:
        elapsed = max(time.monotonic() - self._start, 1e-9)
        rate = (self.done - self._first) / elapsed
        if self.total is None:
            return f"{self.done:,}  {rate:.1f}/s  {_clock(elapsed)}"
        left = (self.total - self.done) / rate if rate > 0 else None
        tail = f"{_clock(elapsed)} in all" if self.done >= self.total else f"{_clock(left)} left"
        return f"{self.done}/{self.total}  {rate:.1f}/s  {tail}"

    def _fitted(self) -> str:
        """The line in the terminal's width (one that wraps cannot be drawn anew): the label is cut, not the numbers."""
        width, numbers = _width() - 1, self._numbers()
        room = width - len(numbers) - 2
        label = self.label if len(self.label) <= room else f"{self.label[: max(room - 1, 0)]}…"
        return f"{label}  {numbers}"[:width]


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError, AttributeError):
        return 80


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
