"""Progress of a long step on stderr: a bar with rate and time left, or plain lines where there is no terminal."""

import sys
import threading
import time
from types import TracebackType

_LINE_EVERY = 15.0
"""Seconds between plain lines."""


class Progress:
    """`advance` may be called from any thread; without a total it shows a count and a rate."""

    def __init__(self, label: str, total: int | None, done: int = 0, enabled: bool = True) -> None:
        self.label, self.total, self.done = label, total, done
        self._first, self._start, self._last = done, time.monotonic(), 0.0
        self._enabled = enabled
        self._live = enabled and sys.stderr.isatty()
        self._lock = threading.Lock()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            print(f"\r\x1b[K{self.line()}", file=sys.stderr, flush=True)
        elif self._enabled and self.done > self._first:
            print(self.line(), file=sys.stderr, flush=True)

    def advance(self, count: int = 1) -> None:
        """Count finished items and show them now and then."""
        with self._lock:
            self.done += count
            now = time.monotonic()
            if not self._enabled or now - self._last < (0.2 if self._live else _LINE_EVERY):
                return
            first, self._last = self._last == 0.0, now
            if self._live:
                print(f"\r\x1b[K{self.line()}", end="", file=sys.stderr, flush=True)
            elif not first:
                print(self.line(), file=sys.stderr, flush=True)

    def reach(self, done: int) -> None:
        """Say how many items are finished in all."""
        self.advance(done - self.done)

    def line(self) -> str:
        """`gsm8k  120/1319  8.3/s  2:24 left`, or `rows  120  8.3/s  0:14`."""
        elapsed = max(time.monotonic() - self._start, 1e-9)
        rate = (self.done - self._first) / elapsed
        if self.total is None:
            return f"{self.label}  {self.done:,}  {rate:.1f}/s  {_clock(elapsed)}"
        left = (self.total - self.done) / rate if rate > 0 else None
        tail = f"{_clock(elapsed)} in all" if self.done >= self.total else f"{_clock(left)} left"
        return f"{self.label}  {self.done}/{self.total}  {rate:.1f}/s  {tail}"


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
