"""The four cells of a before/after table, and the part of it that guessing alone explains."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from holdfast.stats.paired import Array


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Shares of all items, chance taken out."""

    lost: Array
    gained: Array
    known_before: Array
    """Share known, not guessed, before: (accuracy − g)/(1 − g), at least 0."""
    known_after: Array


def chance_adjusted(
    both_right: ArrayLike, lost: ArrayLike, gained: ArrayLike, both_wrong: ArrayLike, chance: float
) -> Adjusted:
    """Forgetting (1→0) and backward transfer (0→1) of a multiple-choice benchmark without lucky guesses.

    Model: an item is known or guessed, a guess is right with probability g = `chance`, guesses before and after are
    independent. Items guessed both times are then both wrong with (1 − g)² and lost, or gained, with g(1 − g): of the
    items seen lost, both_wrong·g/(1 − g) were luck, and of the rest only 1 − g showed. Hence
    lost* = (lost − both_wrong·g/(1 − g)) / (1 − g), at least 0; gained* the same.
    With g = 0 nothing changes. After J. Harmon et al., arXiv 2510.17776, who subtract the expected contribution of
    guessing from accuracies before and after; the joint table identifies it without assuming independent knowledge.
    """
    cells = [np.asarray(x, dtype=float) for x in (both_right, lost, gained, both_wrong)]
    total = sum(cells[1:], cells[0])
    right, down, up, wrong = (cell / total for cell in cells)
    luck, shown = wrong * chance / (1 - chance), 1 - chance
    return Adjusted(
        lost=np.maximum(down - luck, 0.0) / shown,
        gained=np.maximum(up - luck, 0.0) / shown,
        known_before=np.maximum(right + down - chance, 0.0) / shown,
        known_after=np.maximum(right + up - chance, 0.0) / shown,
    )
