"""Exact bookkeeping over any number of rows in constant memory: what does not fit a few megabytes lies in a temporary
file that the system removes."""

import sqlite3
from collections.abc import Iterator
from hashlib import blake2b

_CACHE_KIB = 2048
"""Pages held in memory per store."""


class Seen:
    """A set of texts that can only grow."""

    def __init__(self) -> None:
        self._store = _store("CREATE TABLE seen (key INTEGER PRIMARY KEY)")

    def add(self, text: str) -> bool:
        """Whether `text` is new. A 64-bit hash stands for it: a false alarm has odds of 1:10⁶ at 6 million rows."""
        found = self._store.execute("INSERT OR IGNORE INTO seen VALUES (?)", (_key(text),))
        return found.rowcount == 1


class ItemMeans:
    """Mean scores of items from rows in any order; an item's repeats need not stand together."""

    def __init__(self) -> None:
        self._store = _store("CREATE TABLE items (key INTEGER UNIQUE, total REAL, n INTEGER)")

    def add(self, item: str, score: float | None) -> None:
        """Count a row of `item`; None counts the item only."""
        row = (_key(item), 0.0, 0) if score is None else (_key(item), score, 1)
        self._store.execute(
            "INSERT INTO items VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
            " SET total = total + excluded.total, n = n + excluded.n",
            row,
        )

    @property
    def items(self) -> int:
        """Items seen, judged or not."""
        return int(self._store.execute("SELECT COUNT(*) FROM items").fetchone()[0])

    def statistics(self) -> tuple[float | None, float | None]:
        """(mean over the judged items of their means, its standard error); None where there are too few."""
        count = int(self._store.execute("SELECT COUNT(*) FROM items WHERE n > 0").fetchone()[0])
        if not count:
            return None, None
        mean = sum(self._means()) / count
        if count < 2:
            return mean, None
        variance = sum((value - mean) ** 2 for value in self._means()) / (count - 1)
        return mean, (variance / count) ** 0.5

    def _means(self) -> Iterator[float]:
        """The items' means in the order in which the items came."""
        found = self._store.execute("SELECT total / n FROM items WHERE n > 0 ORDER BY rowid")
        return (float(value) for (value,) in found)


def _store(schema: str) -> sqlite3.Connection:
    """A private database without a name: SQLite keeps it in memory up to its cache, then in an unlinked file."""
    store = sqlite3.connect("", isolation_level=None)
    for setting in (f"cache_size = -{_CACHE_KIB}", "journal_mode = OFF", "synchronous = OFF", "temp_store = FILE"):
        store.execute(f"PRAGMA {setting}")
    store.execute(schema)
    store.execute("BEGIN")
    return store


def _key(text: str) -> int:
    """64 bits of the text, as SQLite holds them."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
