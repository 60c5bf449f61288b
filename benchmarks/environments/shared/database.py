"""Databases copied on write: episodes share the records on disk, and each copies only those it changes."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

Records = Mapping[str, Mapping[str, Any]]


class Table:
    """Records by key. What `edit` and `add` return or store belongs to this table; the shared ones stay as they are."""

    def __init__(self, shared: Records) -> None:
        self._shared = shared
        self.own: dict[str, Any] = {}

    def __contains__(self, key: object) -> bool:
        return key in self.own or key in self._shared

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        """A record to read. Raises KeyError."""
        return self.own[key] if key in self.own else self._shared[key]

    def get(self, key: str) -> Mapping[str, Any] | None:
        """A record to read; None where there is none."""
        return self.own.get(key, self._shared.get(key))

    def edit(self, key: str) -> dict[str, Any]:
        """A record to change. Raises KeyError."""
        if key not in self.own:
            self.own[key] = copy.deepcopy(dict(self._shared[key]))
        return self.own[key]  # type: ignore[no-any-return]

    def add(self, key: str, record: Mapping[str, Any]) -> None:
        """A new record, or one in place of another."""
        self.own[key] = record

    def values(self) -> Iterator[Mapping[str, Any]]:
        """Every record, in the order of the file, new ones last."""
        for key in self._shared:
            yield self[key]
        yield from (record for key, record in self.own.items() if key not in self._shared)

    def items(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every key and record."""
        for key in self._shared:
            yield key, self[key]
        yield from ((key, record) for key, record in self.own.items() if key not in self._shared)


class Database:
    """The tables of one episode, by name."""

    def __init__(self, shared: Mapping[str, Records]) -> None:
        self.tables = {name: Table(records) for name, records in shared.items()}

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    def differences(self, other: "Database") -> list[str]:
        """`table/key` of every record that differs from the other's: by type, too (1 is not 1.0), as τ-bench's hash
        of the whole database has it. Looks only at what either has changed."""
        found = []
        for name, table in self.tables.items():
            theirs = other[name]
            for key in sorted({*table.own, *theirs.own}):
                if canonical(table.get(key)) != canonical(theirs.get(key)):
                    found.append(f"{name}/{key}")
        return found


def canonical(value: Any) -> str:
    """A value as text that is the same whatever the order of keys."""
    return str(_ordered(value))


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple((key, _ordered(inner)) for key, inner in sorted(value.items()))
    if isinstance(value, list | tuple):
        return tuple(_ordered(inner) for inner in value)
    return value
