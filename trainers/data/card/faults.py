"""What is wrong with a data set: each fault once, counted, with the rows that show it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from holdfast.quantities import plural

Level = Literal["breaks", "look"]
SHOWN = 5


def places(where: Sequence[str]) -> str:
    """Rows of files in short: the file's name once, then the numbers."""
    shown: list[str] = []
    last = ""
    for one in where:
        found = re.match(r"(.*[^\d])(\d+)\]?$", one.rpartition("/")[2])
        if found is None or found[1] != last:
            shown.append(one.rpartition("/")[2])
        else:
            shown.append(f"[{found[2]}]" if one.endswith("]") else found[2])
        last = found[1] if found else ""
    return ", ".join(shown)


@dataclass(slots=True)
class Finding:
    """A fault of a data set, with its rows."""

    kind: str
    """A short name, stable between versions."""
    level: Level
    """`breaks`: training fails or learns the wrong thing; `look`: it may be meant so."""
    text: str
    count: int
    """Rows that show it."""
    where: list[str] = field(default_factory=list)
    """The first of them."""
    example: str = ""

    def sentence(self) -> str:
        """The fault, the rows and an example, in one line."""
        rows = places(self.where) + (", …" if 0 < len(self.where) < self.count else "")
        return self.text + (f" [{rows}]" if rows else "") + (f": {self.example}" if self.example else "")


@dataclass(slots=True)
class FaultRows:
    """Rows of one kind, while they are counted."""

    count: int = 0
    where: list[str] = field(default_factory=list)
    example: str = ""


class Tally:
    """Counts rows by fault."""

    def __init__(self) -> None:
        self.seen: dict[str, FaultRows] = {}

    def note(self, kind: str, where: str, example: str = "") -> None:
        """One row shows this fault."""
        seen = self.seen.setdefault(kind, FaultRows())
        seen.count += 1
        if len(seen.where) < SHOWN:
            seen.where.append(where)
        if not seen.example:
            seen.example = example

    def count(self, kind: str) -> int:
        """How many rows showed it."""
        return self.seen[kind].count if kind in self.seen else 0

    def finding(self, kind: str, level: Level, text: str) -> Finding | None:
        """The finding, its number of rows in front; None when no row showed it."""
        seen = self.seen.get(kind)
        if seen is None:
            return None
        rows = plural(seen.count, "row")
        return Finding(kind, level, f"{rows}: {text}", seen.count, seen.where, seen.example)
