"""The errors a user sees: one line that names the bad value, what was expected and the nearest valid choice."""

from collections.abc import Iterable
from difflib import get_close_matches

EXIT_PASS, EXIT_REGRESSED, EXIT_INCONCLUSIVE = 0, 1, 2
EXIT_USAGE, EXIT_DATA, EXIT_INTERNAL = 64, 65, 70


class HoldfastError(Exception):
    """Base of every error of ours; `exit_code` is what the command line returns for it."""

    exit_code = EXIT_INTERNAL


class UsageError(HoldfastError):
    """The call is wrong: an unknown name, option or value (exit 64)."""

    exit_code = EXIT_USAGE


class DataError(HoldfastError):
    """The data is wrong: a file, a row, or two runs that cannot be compared (exit 65)."""

    exit_code = EXIT_DATA


def unknown(kind: str, name: str, choices: Iterable[str]) -> UsageError:
    """A UsageError for a misspelt `name`: says the nearest of `choices`, then all of them when they are few."""
    known = sorted(choices)
    return UsageError(f"unknown {kind} {name!r}{suggestion(name, known)}")


def suggestion(name: str, choices: Iterable[str]) -> str:
    """The tail of an error text: '; did you mean …' and what is available."""
    known = sorted(choices)
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    listed = ", ".join(known) if len(known) <= 30 else ", ".join(known[:30]) + ", …"
    return f"{hint} (available: {listed or 'none'})"
