"""n-grams of words as 64-bit hashes, many texts at a time, in numpy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.trainers.data.overlap.words import words

Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LONG, SHORT = 13, 8
"""13 words identify a passage (GPT-3, Llama 2); the share of known 8-grams says how much of an item is known (PaLM)."""
_STEP = np.uint64(0x9E3779B97F4A7C15)
_SIEVE_BITS = 22


class Vocabulary:
    """Numbers for words; 0 is any word that was not there when the vocabulary was closed."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._values: Hashes = np.zeros(0, np.uint64)

    def learn(self, text: str) -> list[int]:
        """The words of a text, new ones added."""
        known = self._numbers
        return [known.setdefault(word, len(known) + 1) for word in words(text)]

    def close(self) -> None:
        """Give every word a random 64-bit value (the same in every process)."""
        generator = np.random.default_rng(0)
        self._values = generator.integers(1, 2**64 - 1, len(self._numbers) + 1, dtype=np.uint64)

    def numbers(self, text: str) -> list[int]:
        """The words of a text; unknown ones are 0."""
        find = self._numbers.get
        return [find(word, 0) for word in words(text)]

    def hashes(self, numbers: Ints) -> tuple[tuple[Hashes, Flags], tuple[Hashes, Flags]]:
        """(hash, whether all its words are known) of the 8-gram and of the 13-gram that starts at each position."""
        values = self._values[numbers]
        unknown = np.concatenate(([0], np.cumsum(numbers == 0)))
        partial: dict[int, Hashes] = {}
        rolled = np.zeros(len(values), np.uint64)
        for length in range(1, SHORT + 1):
            rolled = rolled[: max(0, len(values) - length + 1)] * _STEP + values[length - 1 :]
            if length in (LONG - SHORT, SHORT):
                partial[length] = rolled
        short, tail = partial[SHORT], partial[LONG - SHORT]
        count = max(0, len(values) - LONG + 1)
        with np.errstate(over="ignore"):
            long = short[:count] * _STEP ** np.uint64(LONG - SHORT) + tail[SHORT : SHORT + count]
        return (short, _all_known(unknown, SHORT, len(short))), (long, _all_known(unknown, LONG, count))


def _all_known(unknown: Ints, length: int, count: int) -> Flags:
    known: Flags = unknown[length : length + count] == unknown[:count]
    return known


@dataclass(slots=True)
class Index:
    """Which items hold which n-grams: sorted hashes, and for each the items that hold it."""

    keys: Hashes
    starts: Ints
    items: Ints
    sieve: Flags

    @classmethod
    def of(cls, grams: Sequence[Hashes], groups: Sequence[int]) -> "Index":
        """The index of the distinct n-grams of each item; `groups` numbers the benchmark of each.

        What stands in many items of one benchmark is its template, not an item: left out (see `common`).
        """
        sizes = [len(one) for one in grams]
        flat = np.concatenate([np.zeros(0, np.uint64), *grams])
        owner = np.repeat(np.arange(len(grams), dtype=np.int64), sizes)
        kept = ~common(flat, np.asarray(groups, np.int64)[owner], np.asarray(groups, np.int64))
        flat, owner = flat[kept], owner[kept]
        order = np.argsort(flat, kind="stable")
        keys, first = np.unique(flat[order], return_index=True)
        sieve = np.zeros(1 << _SIEVE_BITS, np.bool_)
        sieve[_slot(keys)] = True
        return cls(keys, np.concatenate((first, [len(flat)])).astype(np.int64), owner[order], sieve)

    def find(self, hashes: Hashes, known: Flags) -> tuple[Ints, Ints]:
        """(position, index into `keys`) of every n-gram that is in the index."""
        positions = np.flatnonzero(known)
        positions = positions[self.sieve[_slot(hashes[positions])]]
        if not len(positions) or not len(self.keys):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        wanted = hashes[positions]
        entries = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        hit = self.keys[entries] == wanted
        return positions[hit], entries[hit].astype(np.int64)

    def owners(self, entries: Ints) -> tuple[Ints, Ints]:
        """(index into `entries`, item) of every pair of a found n-gram and an item that holds it."""
        counts = self.starts[entries + 1] - self.starts[entries]
        which = np.repeat(np.arange(len(entries), dtype=np.int64), counts)
        before = np.concatenate(([0], np.cumsum(counts)[:-1])) if len(entries) else np.zeros(0, np.int64)
        offset = np.arange(int(counts.sum()), dtype=np.int64) - before[which]
        return which, self.items[self.starts[entries][which] + offset]


def distinct(found: tuple[Hashes, Flags]) -> Hashes:
    """The distinct n-grams of one item."""
    hashes, known = found
    return np.unique(hashes[known])


def common(flat: Hashes, group: Ints, groups: Ints) -> Flags:
    """Whether an n-gram stands in more than ten items of its benchmark (GPT-3's limit), or in more than half of fewer
    than twenty: a benchmark's wording, which any training set may share."""
    sizes = np.bincount(groups) if len(groups) else np.zeros(1, np.int64)
    limits = np.minimum(10, np.maximum(1, sizes // 2))
    mixed = flat ^ (group.astype(np.uint64) * np.uint64(0xD6E8FEB86659FD93))
    _, inverse, counts = np.unique(mixed, return_inverse=True, return_counts=True)
    many: Flags = counts[inverse] > limits[group]
    return many


def flat_numbers(texts: Iterable[list[int]]) -> Ints:
    """Several texts' word numbers in one array, kept apart by an unknown word."""
    joined: list[int] = []
    for one in texts:
        joined += one
        joined.append(0)
    return np.asarray(joined, np.int64)


def _slot(hashes: Hashes) -> Ints:
    return (hashes >> np.uint64(64 - _SIEVE_BITS)).astype(np.int64)
