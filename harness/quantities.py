"""Quantities in words: counts with digit groups, nouns in the right number, durations; and a manifest's time read."""

import calendar
import time


def count(number: int) -> str:
    """A whole number with digit groups: `12,032`."""
    return f"{number:,}"


def plural(number: int, noun: str, many: str | None = None) -> str:
    """`1 item`, `2 items`."""
    return f"{count(number)} {noun if number == 1 else many or noun + 's'}"


def duration(seconds: float) -> str:
    """`0.25 s`, `45 s`, `3 min`, `1.5 h`: three digits below two minutes, then the coarser unit."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def epoch_seconds(created: str) -> int | None:
    """Seconds since 1970 of a manifest's time (2026-11-01T10:00:00Z); None for what is none."""
    try:
        return calendar.timegm(time.strptime(created[:19], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return None
