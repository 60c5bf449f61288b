"""What a benchmark shows beside its verdict: forgetting, categories, shifts, and the items that flipped."""

from collections.abc import Sequence

import numpy as np

from holdfast.compare.judging.effect import Measured
from holdfast.compare.reading.columns import Numbers
from holdfast.compare.reading.pairing import Pairs
from holdfast.compare.reading.row_source import Record
from holdfast.compare.result import Category, Flip, Forgetting, Interval, Shift, Side
from holdfast.stats.forgetting import chance_adjusted
from holdfast.stats.interval import score_interval
from holdfast.stats.means import mean_difference, sign_flip_p
from holdfast.stats.multiple import benjamini_hochberg
from holdfast.stats.paired import mcnemar_midp

_NOTABLE_P, _NOTABLE_SHARE, _NOTABLE_LENGTH = 0.001, 0.02, 0.2


def forgetting(pairs: Pairs, noise: Pairs | None) -> Forgetting | None:
    """The 2×2 table; None for scores that are not 0/1. `noise`: the run before against a second run of its model."""
    if not pairs.binary:
        return None
    x, y, n = pairs.x, pairs.y, pairs.n
    cells = [int(np.sum(a & b)) for a in (x > 0.5, x < 0.5) for b in (y > 0.5, y < 0.5)]
    right, lost, gained, wrong = cells
    chance = pairs.result.chance
    adjusted = chance_adjusted(right, lost, gained, wrong, chance) if chance else None
    aa = (
        None
        if noise is None or not noise.binary
        else (float(np.mean(noise.x > noise.y)), float(np.mean(noise.y > noise.x)))
    )
    return Forgetting(
        both_right=right,
        lost=lost,
        gained=gained,
        both_wrong=wrong,
        lost_rate=lost / n,
        gained_rate=gained / n,
        retention=right / (right + lost) if right + lost else None,
        lost_adjusted=None if adjusted is None else float(adjusted.lost),
        gained_adjusted=None if adjusted is None else float(adjusted.gained),
        noise_lost=None if aa is None else aa[0],
        noise_gained=None if aa is None else aa[1],
        net_lost=None if aa is None else max(0.0, lost / n - aa[0]),
        net_gained=None if aa is None else max(0.0, gained / n - aa[1]),
    )


def categories(pairs: Pairs, confidence: float) -> tuple[Category, ...]:
    """Strata inside the benchmark, when it has at least two; p values adjusted for false discoveries."""
    labels = pairs.labels(pairs.before.table.category)
    names = sorted({label for label in labels if label is not None})
    if len(names) < 2:
        return ()
    rank: dict[str | None, int] = {name: number for number, name in enumerate(names)}
    of = np.array([rank.get(label, -1) for label in labels])
    masks = [of == number for number in range(len(names))]
    lost = [int(np.sum(mask & (pairs.d < 0))) for mask in masks]
    gained = [int(np.sum(mask & (pairs.d > 0))) for mask in masks]
    low, high = score_interval(lost, gained, [int(mask.sum()) for mask in masks], confidence)
    tables = [Interval(float(a), float(b)) if pairs.binary else None for a, b in zip(low, high, strict=True)]
    found = [
        _category(pairs, name, mask, confidence, table) for name, mask, table in zip(names, masks, tables, strict=True)
    ]
    q = benjamini_hochberg([category.p_two_sided for category in found])
    return tuple(
        Category(
            c.name, c.n, c.before, c.after, c.difference, c.interval, c.p_two_sided, float(adjusted), c.lost, c.gained
        )
        for c, adjusted in zip(found, q, strict=True)
    )


def _category(
    pairs: Pairs,
    name: str,
    mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    confidence: float,
    table: Interval | None,
) -> Category:
    """One category; `table`: its interval where the scores are 0/1."""
    x, y, d = pairs.x[mask], pairs.y[mask], pairs.d[mask]
    lost, gained = int(np.sum(d < 0)), int(np.sum(d > 0))
    if table is not None:
        low, high = table.low, table.high
        p = float(mcnemar_midp(lost, gained, "two-sided"))
    else:
        low, high = mean_difference(d).interval(confidence)
        p = sign_flip_p(d, "two-sided")
    counts = (lost, gained) if table is not None else (None, None)
    interval = Interval(max(low, -1.0), min(high, 1.0))
    return Category(name, int(x.size), float(x.mean()), float(y.mean()), float(d.mean()), interval, p, p, *counts)


def shifts(pairs: Pairs) -> tuple[Shift, ...]:
    """How the completions changed: length, truncation, refusals, unreadable answers, language."""
    found = [
        _length(pairs),
        _share(pairs, "truncation", "truncated"),
        _share(pairs, "refusal", "refused"),
        _share(pairs, "format_failure", "unextracted"),
        _share(pairs, "language", "foreign"),
    ]
    return tuple(shift for shift in found if shift is not None)


def _length(pairs: Pairs) -> Shift | None:
    x, y = pairs.trait("tokens")
    known = ~(np.isnan(x) | np.isnan(y))
    unit = "tokens"
    if not known.all():
        (x, y), known, unit = pairs.trait("characters"), np.ones(pairs.n, dtype=bool), "characters"
    before, after = float(x[known].mean()), float(y[known].mean())
    if before == 0 and after == 0:
        return None
    p = mean_difference(y[known] - x[known]).p("two-sided")
    change = (after - before) / before if before else 1.0
    return Shift(
        kind="length",
        before=before,
        after=after,
        n=int(known.sum()),
        p_two_sided=p,
        unit="tokens" if unit == "tokens" else "characters",
        notable=p <= _NOTABLE_P and abs(change) >= _NOTABLE_LENGTH,
        detail=f"{change:+.0%} {unit}",
    )


def _share(pairs: Pairs, kind: str, trait: str) -> Shift | None:
    """A share of the completions; None where it is not known, or says nothing (nothing was ever extracted)."""
    x, y = pairs.trait(trait)
    known = ~(np.isnan(x) | np.isnan(y))
    if not known.any() or (trait == "unextracted" and x[known].min() == 1 == y[known].min()):
        return None
    x, y = x[known], y[known]
    before, after = float(x.mean()), float(y.mean())
    p = float(mcnemar_midp(np.sum(x > y), np.sum(y > x), "two-sided"))
    return Shift(
        kind=kind,  # type: ignore[arg-type]
        before=before,
        after=after,
        n=int(x.size),
        p_two_sided=p,
        notable=p <= _NOTABLE_P and abs(after - before) >= _NOTABLE_SHARE,
    )


def untruncated(pairs: Pairs, measured: Measured, alpha: float) -> tuple[float | None, bool]:
    """The difference among items that neither run truncated, and whether truncation alone explains the drop.

    It does when more completions were cut after than before, and the items left show no significant drop and less than
    a third of the whole one. None when nothing was cut or nothing is left.
    """
    x, y = pairs.trait("truncated")
    cut = (np.nan_to_num(x) > 0) | (np.nan_to_num(y) > 0)
    if not cut.any() or cut.all():
        return None, False
    d: Numbers = pairs.d[~cut]
    difference = float(d.mean())
    p = float(mcnemar_midp(np.sum(d < 0), np.sum(d > 0))) if pairs.binary else mean_difference(d).p("regressed")
    explained = measured.difference < 0 and difference > measured.difference / 3 and p > alpha
    return difference, bool(explained and np.nansum(y) > np.nansum(x))


def flips(pairs: Pairs, limit: int | None = None) -> tuple[Flip, ...]:
    """The items whose score changed, lost ones first and the largest changes before, with both runs' texts. At most
    `limit`."""
    d = pairs.d
    order = np.argsort(-np.abs(d), kind="stable")
    moved = [*order[d[order] < 0].tolist(), *order[d[order] > 0].tolist()][:limit]
    rows = _shown_rows(pairs, moved)
    texts = [dict(source.fetch([pair[side] for pair in rows])) for side, source in enumerate(pairs.sources)]
    return tuple(
        _flip(float(d[index]), texts[0][before], texts[1][after])
        for index, (before, after) in zip(moved, rows, strict=True)
    )


def histogram(pairs: Pairs) -> tuple[int, ...]:
    """Graded scores: items by their change, in 20 equal bins from −1 to 1; empty for 0/1 scores."""
    if pairs.binary:
        return ()
    counts, _ = np.histogram(pairs.d, bins=20, range=(-1.0, 1.0))
    return tuple(int(count) for count in counts)


def _shown_rows(pairs: Pairs, moved: Sequence[int]) -> list[tuple[int, int]]:
    """The source rows shown for each pair: of repeats, the best of the better run and the worst of the other."""
    ends = [items.extremes() for items in (pairs.before, pairs.after)]
    numbers = [items.table.number for items in (pairs.before, pairs.after)]
    shown = []
    for index in moved:
        fell = int(pairs.x[index] > pairs.y[index])
        before = ends[0][fell][pairs.item_before[index]]
        after = ends[1][1 - fell][pairs.item_after[index]]
        shown.append((numbers[0][before], numbers[1][after]))
    return shown


def _flip(change: float, before: Record, after: Record) -> Flip:
    return Flip(
        direction="lost" if change < 0 else "gained",
        doc_id=str(after["doc_id"]),
        doc_hash=str(after["doc_hash"]),
        prompt=after["prompt"],
        reference=after["reference"],
        before=_side(before),
        after=_side(after),
        category=after.get("category"),
        cluster=after.get("cluster"),
        repeat=int(after.get("repeat") or 0),
        change=change,
    )


def _side(record: Record) -> Side:
    return Side(
        record["completion"],
        record["score"],
        record["outcome"],
        record.get("reason") or "",
        record.get("extracted"),
        record.get("finish_reason"),
        record.get("tokens"),
    )
