"""Many numbers as few: quantiles of a column, and a fair sample of a stream."""

import random
from array import array
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Quantiles:
    """How a length is spread over the rows."""

    count: int
    mean: float
    least: int
    p5: int
    median: int
    p95: int
    p99: int
    most: int

    @classmethod
    def of(cls, values: "array[int]") -> "Quantiles | None":
        """None of no values."""
        if not values:
            return None
        lengths = np.frombuffer(values, np.int64)
        cuts = np.percentile(lengths, [0, 5, 50, 95, 99, 100], method="inverted_cdf")
        return cls(len(lengths), round(float(lengths.mean()), 1), *(int(cut) for cut in cuts))


class Reservoir(Generic[T]):
    """A sample in which every element of a stream is equally likely (Vitter's algorithm R), the same each time."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.held: list[T] = []
        self.seen = 0
        self._random = random.Random(0)

    def add(self, one: T) -> None:
        """One more element of the stream."""
        self.seen += 1
        if len(self.held) < self.size:
            self.held.append(one)
            return
        index = self._random.randrange(self.seen)
        if index < self.size:
            self.held[index] = one
