"""Which interval for a paired difference? Coverage of several methods over a grid of cells, all tables enumerated.

Usage: python tests/bench/bench_intervals.py   (prints Markdown; docs/bench/intervals.md is its output)

Cells: 100 to 1,319 items, 2–20 % flips, 50–95 % of them losses (the mirror images cover alike), finely where 10 to 20
flips are expected, where coverage swings most.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import special

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from helpers.all_tables import all_tables

from holdfast.stats.interval import corrected_statistic, lost_under, moments, tango_statistic
from holdfast.stats.paired import Array

Method = Callable[[Array, Array, float, float], Array]
"""(lost, gained, n, tested difference) → a statistic; the difference is in the interval when it is within ±z."""
Z = float(special.ndtri(0.975))


def added(k: float) -> Method:
    """Wald's statistic with `k` added to each kind of flip: 0 Wald, ½ Agresti–Min, 1 Bonett–Price."""

    def statistic(b: Array, c: Array, n: float, d: float) -> Array:
        q, p = (b + k) / (n + 2 * k), (c + k) / (n + 2 * k)
        spread = np.sqrt(np.maximum(p + q - (p - q) ** 2, 1e-30) / (n + 2 * k))
        return np.asarray((p - q - d) / spread)

    return statistic


def newcombe(b: Array, c: Array, n: float, d: float) -> Array:
    """Newcombe's square-and-add of two Wilson intervals, as if half of the other items were right both times."""
    a = np.floor((n - b - c) / 2)
    first, second = _wilson(a + b, n), _wilson(a + c, n)
    e = n - a - b - c
    product = (a + b) * (c + e) * (a + c) * (b + e)
    phi = np.where(product > 0, (a * e - b * c) / np.sqrt(np.maximum(product, 1)), 0.0)
    p1, p2 = (a + b) / n, (a + c) / n
    down, up = (p2 - second[0], first[1] - p1), (second[1] - p2, p1 - first[0])
    low = np.sqrt(np.maximum(down[0] ** 2 - 2 * phi * down[0] * down[1] + down[1] ** 2, 1e-30))
    high = np.sqrt(np.maximum(up[0] ** 2 - 2 * phi * up[0] * up[1] + up[1] ** 2, 1e-30))
    gap = p2 - p1 - d
    return np.asarray(Z * gap / np.where(gap > 0, low, high))


def _wilson(x: Array, n: float) -> tuple[Array, Array]:
    middle, reach = x + Z * Z / 2, Z * np.sqrt(x * (n - x) / n + Z * Z / 4)
    return (middle - reach) / (n + Z * Z), (middle + reach) / (n + Z * Z)


def likelihood_ratio(b: Array, c: Array, n: float, d: float) -> Array:
    """The signed root of the likelihood ratio."""
    q = lost_under(b, c, np.full(b.shape, n), np.full(b.shape, d))

    def log(q: Array, p: Array) -> Array:
        rest = np.maximum(1 - p - q, 0)
        return np.asarray(special.xlogy(b, q) + special.xlogy(c, np.maximum(p, 0)) + special.xlogy(n - b - c, rest))

    return np.asarray(np.sign(c - b - n * d) * np.sqrt(np.maximum(2 * (log(b / n, c / n) - log(q, q + d)), 0)))


def saddlepoint(b: Array, c: Array, n: float, d: float) -> Array:
    """Lugannani and Rice's tail of gained − lost (mid-p) at the constrained likelihood's maximum."""
    q = np.clip(lost_under(b, c, np.full(b.shape, n), np.full(b.shape, d)), 1e-12, 1)
    p, x = np.clip(q + d, 1e-12, 1), np.clip((c - b) / n, -1 + 1e-9, 1 - 1e-9)
    r = 1 - p - q
    y = (x * r + np.sqrt((x * r) ** 2 + 4 * p * q * (1 - x) * (1 + x))) / (2 * p * (1 - x))
    total, t = r + p * y + q / y, np.log(y)
    w = np.sign(t) * np.sqrt(np.maximum(2 * n * (t * x - np.log(total)), 0))
    u = t * np.sqrt(n * np.maximum((p * y + q / y) / total - x * x, 1e-30))
    return np.where(np.abs(w) < 0.02, tango_statistic(b, c, n, d), w + np.log(u / w) / w)


def skewness_only(b: Array, c: Array, n: float, d: float) -> Array:
    """Tango's statistic with its skewness taken out, nothing else."""
    t, (_, g) = tango_statistic(b, c, n, d), moments(b, c, np.full(b.shape, n), np.full(b.shape, d))
    return np.asarray(t - g * (t * t - 1) / 6)


def laud(b: Array, c: Array, n: float, d: float) -> Array:
    """SCAS: variance times n/(n−1), and T = z + γ(z² − 1)/6 solved for z."""
    t = tango_statistic(b, c, n, d) * np.sqrt((n - 1) / n)
    a = moments(b, c, np.full(b.shape, n), np.full(b.shape, d))[1] / 6
    root = (np.sqrt(np.maximum(1 + 4 * a * (t + a), 0)) - 1) / np.where(a == 0, 1, 2 * a)
    return np.where(np.abs(a) < 1e-12, t, root)


METHODS: dict[str, Method] = {
    "Wald": added(1e-12),
    "Agresti–Min (+½)": added(0.5),
    "Bonett–Price (+1)": added(1.0),
    "Newcombe, square-and-add": newcombe,
    "likelihood ratio, signed root": likelihood_ratio,
    "saddlepoint, mid-p": saddlepoint,
    "Tango": tango_statistic,
    "Tango, skewness corrected (Laud's SCAS)": laud,
    "Tango, skewness corrected, nothing else": skewness_only,
    "**ours** (stats/interval)": corrected_statistic,
}


def cells() -> list[tuple[int, float, float]]:
    """(items, flips, share of losses)."""
    found = []
    for n in (100, 107, 120, 135, 146, 164, 198, 240, 300, 360, 450, 541, 817, 1_319):
        few = np.arange(0.02, min(0.2001, 20 / n), 0.2 / n)
        for flips in np.concatenate([few, np.arange(max(0.02, 20 / n), 0.2001, 0.02)]):
            for share in np.concatenate([np.arange(0.5, 0.84, 0.05), np.arange(0.85, 0.951, 0.0125)]):
                found.append((n, float(flips), float(share)))
    return found


def main() -> None:
    """Print the table."""
    np.seterr(all="ignore")
    grid = cells()
    covered: dict[str, list[float]] = {name: [] for name in METHODS}
    for n, flips, share in grid:
        lost, gained, weight = all_tables(n, flips, share)
        for name, method in METHODS.items():
            statistic = np.nan_to_num(method(lost, gained, float(n), flips * (1 - 2 * share)))
            covered[name].append(float(weight @ (np.abs(statistic) <= Z)))
    many = np.array([n * flips >= 10 - 1e-9 for n, flips, _ in grid])
    print(f"{len(grid):,} cells, of which {many.sum():,} expect 10 flips or more.\n")
    print("| method | lowest of all | lowest from 10 flips on | highest | cells outside .943–.965 |")
    print("|---|--:|--:|--:|--:|")
    for name, values in covered.items():
        all_cells, few_flips = np.array(values), np.array(values)[many]
        outside = int(np.sum((few_flips < 0.943) | (few_flips > 0.965)))
        print(f"| {name} | {all_cells.min():.3f} | {few_flips.min():.4f} | {few_flips.max():.4f} | {outside:,} |")


if __name__ == "__main__":
    main()
