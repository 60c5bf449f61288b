"""Three gates on the same runs: ours, NeMo Evaluator's and evalsig's, re-derived from their published rules.

Usage: python tests/bench/bench_gates.py [simulations]   (prints Markdown; docs/bench/gates.md is its output)

NeMo Evaluator (`nel gate`, NVIDIA-NeMo/Evaluator, engine/gate.py at 01b90280): per benchmark a two-sided t interval
(95 %) of the paired differences; BREACH when it lies wholly beyond max_drop, PASS when wholly within, else
INSUFFICIENT_EVIDENCE. Suite: any breach NO-GO, else any insufficient INCONCLUSIVE, else GO. No family-wise control.

evalsig (vtensor/evalsig, compare/gate.py at 504c35f3): one comparison, one-sided "the candidate is better" by McNemar
(exact up to 25 flips, else z); ALLOW when significant and the difference is at least min_delta; INCONCLUSIVE when not
significant and the detectable effect exceeds min_delta; else REJECT. It has no rule for several benchmarks: all items
pooled into one comparison here.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers.recorded_runs import COMPARISONS, missing

from holdfast.compare import compare
from holdfast.stats.multiple import holm
from holdfast.stats.omnibus import Strata, lower_bound, upper_bound
from holdfast.stats.suite import draw, p_values

USUAL = {
    "IFEval": 541,
    "GSM8K": 1_319,
    "MMLU": 14_042,
    "MMLU-Pro": 12_032,
    "GPQA": 198,
    "HumanEval": 164,
    "ARC-C": 1_172,
    "HellaSwag": 10_042,
    "TruthfulQA": 817,
    "BBH": 6_511,
}
SCENARIOS: dict[str, dict[str, float]] = {
    "unchanged": {},
    "MMLU −1": {"MMLU": -0.01},
    "IFEval −4, GSM8K −3": {"IFEval": -0.04, "GSM8K": -0.03},
    "GPQA −9": {"GPQA": -0.09},
    "all −0.5": dict.fromkeys(USUAL, -0.005),
    "all −1": dict.fromkeys(USUAL, -0.01),
    "all −2": dict.fromkeys(USUAL, -0.02),
    "all +1": dict.fromkeys(USUAL, 0.01),
}
PASS, FAIL, OPEN = 0, 1, 2
Decisions = NDArray[np.int64]


def ours(strata: Strata, margin: float) -> Decisions:
    """Holm, and the macro mean's non-inferiority at the margin."""
    rejected = (holm(p_values(strata)) <= 0.05).any(axis=-1)
    beyond = upper_bound(strata, "macro", float(special.ndtri(0.975))) < -margin
    passed = lower_bound(strata, "macro", float(special.ndtri(0.95))) > -margin
    return np.where(rejected | beyond, FAIL, np.where(passed, PASS, OPEN))


def nemo(strata: Strata, margin: float) -> Decisions:
    """Every benchmark's interval against max_drop."""
    d, n = strata.difference, strata.n
    variance = ((strata.lost + strata.gained) / n - d**2) * n / (n - 1)
    reach = stats.t.ppf(0.975, n - 1) * np.sqrt(variance / n)
    breach = (-d - reach > margin).any(axis=-1)
    within = (-d + reach <= margin).all(axis=-1)
    return np.where(breach, FAIL, np.where(within, PASS, OPEN))


def evalsig(strata: Strata, margin: float) -> Decisions:
    """The pooled items must be significantly better, by min_delta."""
    lost, gained, n = (values.sum(axis=-1) for values in (strata.lost, strata.gained, strata.n))
    flips, delta = lost + gained, (gained - lost) / n
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.where(
            flips <= 25, stats.binom.sf(gained - 1, flips, 0.5), special.ndtr((lost - gained) / np.sqrt(flips))
        )
    significant = (p < 0.05) & (delta > 0)
    sd = np.sqrt((flips / n - delta**2) * n / (n - 1))
    mde = (special.ndtri(0.95) + special.ndtri(0.8)) * sd / np.sqrt(n)
    return np.where(significant & (delta >= margin), PASS, np.where(~significant & (mde > margin), OPEN, FAIL))


RULES: dict[str, Callable[[Strata, float], Decisions]] = {"Holdfast": ours, "NeMo": nemo, "evalsig": evalsig}


def simulated(sizes: list[int], margin: float, simulations: int) -> list[str]:
    """A Markdown table: percent pass / fail / inconclusive of each rule in each scenario."""
    lines = ["| truth (points) | " + " | ".join(RULES) + " |", "|---|" + "---|" * len(RULES)]
    for name, effects in SCENARIOS.items():
        effect = [effects.get(task, 0.0) for task in USUAL]
        strata = draw(sizes, 0.1, effect=effect, simulations=simulations, seed=1)
        cells = []
        for rule in RULES.values():
            decisions = rule(strata, margin)
            cells.append(" / ".join(f"{100 * np.mean(decisions == kind):.1f}" for kind in (PASS, FAIL, OPEN)))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def real(margin: float) -> list[str]:
    """The same rules on recorded outputs."""
    words = {PASS: "pass", FAIL: "fail", OPEN: "inconclusive"}
    lines = [
        "| comparison | items | lost, gained | change | " + " | ".join(RULES) + " |",
        "|---|---|---|---|" + "---|" * len(RULES),
    ]
    for recorded in COMPARISONS:
        if missing(recorded):
            lines.append(f"| {recorded.title} | data not here |" + " |" * (2 + len(RULES)))
            continue
        with tempfile.TemporaryDirectory() as place:
            result = compare(*recorded.measure(Path(place)), allow=recorded.allow, max_flips=0).benchmarks[0]
        assert result.forgetting is not None
        lost, gained = result.forgetting.lost, result.forgetting.gained
        strata = Strata.of_tables([[lost]], [[gained]], [[result.n]])
        decided = " | ".join(words[int(rule(strata, margin)[0])] for rule in RULES.values())
        change = f"{100 * result.difference:+.1f}"
        lines.append(f"| {recorded.title} | {result.n:,} | {lost}, {gained} | {change} | {decided} |")
    return lines


def main(simulations: int) -> None:
    """Print the page."""
    capped = [min(size, 1_000) for size in USUAL.values()]
    print("# Gates side by side\n")
    print(
        "Ten benchmarks, 10 % of the items flip, percent **pass / fail / inconclusive** over "
        f"{simulations:,} simulated pairs of runs (seed 1). Rules: see the head of tests/bench/bench_gates.py.\n"
    )
    for title, sizes, margin in (
        (f"In full ({sum(USUAL.values()):,} items), margin 1 point", [*USUAL.values()], 0.01),
        (f"At most 1,000 items each ({sum(capped):,} items), margin 2 points", capped, 0.02),
    ):
        print(f"## {title}\n")
        print("\n".join(simulated(sizes, margin, simulations)) + "\n")
    print("## Recorded runs, margin 1 point\n")
    print("\n".join(real(0.01)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
