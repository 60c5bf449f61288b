"""Rows that say the same: exactly (a hash), and nearly (MinHash of 3-word pieces, banded).

Broder 1997; for training sets Lee et al. 2022 (arXiv 2107.06499). Signatures are datasketch's, the bands are sorted
in numpy: 200,000 rows take 100 MB, where a table per band would take more than a GB.
"""

import hashlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.errors import UsageError, install_hint
from holdfast.trainers.data.overlap.words import signs

Numbers = npt.NDArray[np.int64]
Signs = npt.NDArray[np.uint32]

SIMILARITY = 0.8
"""Share of two rows' 3-word pieces that both have, from which they count as near duplicates."""
BANDS, BAND = 21, 6
"""Rows of similarity 0.8 share a band of their signatures with probability .998, of 0.5 with .28 (then checked)."""
PIECE, LEAST = 3, 8
"""Words of a piece, and of a text long enough to be compared."""
_READ = 100_000
_PARTNERS = 16
_CHUNK = 1 << 16


def fingerprint(text: str) -> int:
    """64 bits that stand for a text, the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


@dataclass(slots=True)
class DuplicateCluster:
    """Rows that say the same."""

    size: int
    where: list[str]
    """The first of them; the first is the one a filter keeps."""
    example: str
    other: str = ""
    """Another of them, where they are not equal."""


class Repeats:
    """Exact repetitions: 8 bytes per row."""

    def __init__(self) -> None:
        self._hashes = array("Q")

    def add(self, text: str) -> int:
        """One more row; returns its fingerprint."""
        self._hashes.append(fingerprint(text))
        return self._hashes[-1]

    def groups(self) -> list[Numbers]:
        """Rows with the same text, by number, the largest group first; rows that stand alone are left out."""
        hashes = np.frombuffer(self._hashes, np.uint64) if self._hashes else np.zeros(0, np.uint64)
        order = np.argsort(hashes, kind="stable")
        cuts = np.flatnonzero(np.diff(hashes[order])) + 1
        groups = [group for group in np.split(order, cuts) if len(group) > 1]
        return sorted(groups, key=lambda group: (-len(group), int(group[0])))


class Signatures:
    """MinHash signatures of rows: 504 bytes per row. Raises UsageError where datasketch is not installed."""

    def __init__(self) -> None:
        try:
            from datasketch import MinHash
        except ModuleNotFoundError as error:
            raise UsageError(f"near duplicates need datasketch: {install_hint('train')}") from error

        self._sketch: Any = MinHash(num_perm=BANDS * BAND, hashfunc=int)
        self._rows = array("q")
        self._values = bytearray()

    def add(self, number: int, text: str) -> bool:
        """Row `number`; False for a text too short to be compared. Of a long text the beginning is read."""
        pieces = _pieces(text)
        if len(pieces) == 0:
            return False
        self._sketch.clear()
        for start in range(0, len(pieces), _CHUNK):
            self._sketch.update_batch(pieces[start : start + _CHUNK].tolist())
        self._values += np.asarray(self._sketch.hashvalues).astype(np.uint32).tobytes()
        self._rows.append(number)
        return True

    def __len__(self) -> int:
        return len(self._rows)

    def leaders(self, similarity: float = SIMILARITY) -> dict[int, int]:
        """Maps each row that nearly repeats an earlier one to that row, itself kept. First come, first kept."""
        if not len(self):
            return {}
        table = np.frombuffer(self._values, np.uint32).reshape(-1, BANDS * BAND)
        leader: dict[int, int] = {}
        for early, late in _similar(table, similarity):
            if late not in leader and early not in leader:
                leader[late] = early
        return {self._rows[late]: self._rows[early] for late, early in leader.items()}


def _pieces(text: str) -> npt.NDArray[np.uint64]:
    """32-bit hashes of the distinct pieces of a text."""
    found = signs(text[:_READ])
    if len(found) < LEAST:
        return np.zeros(0, np.uint64)
    number: dict[str, int] = {}
    for word in found:
        if word not in number:
            number[word] = fingerprint(word)
    values = np.fromiter((number[word] for word in found), np.uint64, len(found))
    mixed = values[: len(values) - PIECE + 1].copy()
    for offset in range(1, PIECE):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + values[offset : len(values) - PIECE + 1 + offset]
    mixed ^= mixed >> np.uint64(29)
    return np.unique((mixed * np.uint64(0xBF58476D1CE4E5B9)) >> np.uint64(32))


def _similar(table: Signs, similarity: float) -> Iterator[tuple[int, int]]:
    """Pairs (earlier, later) of rows that are similar enough, ordered by the later one, then the earlier one."""
    rows = np.int64(len(table))
    keys = np.unique(np.concatenate([_candidates(table[:, b * BAND : (b + 1) * BAND]) for b in range(BANDS)]))
    found: list[Numbers] = []
    for start in range(0, len(keys), _CHUNK):
        late, early = np.divmod(keys[start : start + _CHUNK], rows)
        same = (table[late] == table[early]).mean(axis=1)
        found.append(keys[start : start + _CHUNK][same >= similarity])
    for key in np.concatenate(found) if found else ():
        late_one, early_one = divmod(int(key), int(rows))
        yield early_one, late_one


def _candidates(band: Signs) -> Numbers:
    """Pairs that agree on a band, as later × rows + earlier: each row with the first of its bucket and the last one."""
    rows = len(band)
    order = np.lexsort((np.arange(rows), *band.T))
    sorted_band = band[order]
    starts = np.concatenate(([0], np.flatnonzero((np.diff(sorted_band.astype(np.int64), axis=0) != 0).any(axis=1)) + 1))
    sizes = np.diff(np.concatenate((starts, [rows])))
    first = np.repeat(starts, sizes)
    offset = np.arange(rows) - first
    pairs = [_pairs(order, np.flatnonzero(offset > step), first, step, rows) for step in _steps(sizes)]
    behind = np.flatnonzero(offset > 0)
    pairs.append(order[behind].astype(np.int64) * rows + order[behind - 1])
    return np.unique(np.concatenate(pairs))


def _steps(sizes: Numbers) -> Sequence[int]:
    return range(min(_PARTNERS, int(sizes.max(initial=1)) - 1))


def _pairs(order: Numbers, later: Numbers, first: Numbers, step: int, rows: int) -> Numbers:
    found: Numbers = order[later].astype(np.int64) * rows + order[first[later] + step]
    return found
