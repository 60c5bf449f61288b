"""A bound on work that a busy machine does not move: CPU time of this process and its descendants, not wall time.

A hang that uses no CPU is pytest-timeout's (600 s).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psutil


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Fails when the block takes more than so many seconds of CPU."""
    before = _used()
    yield
    used = _used() - before
    assert used < seconds, f"{used:.1f} s of CPU, allowed {seconds:g} s"


def _used() -> float:
    """CPU seconds of this process and its descendants, those that were waited for included."""
    own = psutil.Process()
    total = 0.0
    for process in (own, *own.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total
