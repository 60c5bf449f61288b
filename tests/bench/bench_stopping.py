"""When a suite may stop: `PYTHONPATH=tests python tests/bench/bench_stopping.py [errors [SUITE]|mixed|recorded]`.

errors: 10,000 simulated suites a line; the null hypotheses are "nothing changed" (any REGRESSED is false), and "these
benchmarks lose exactly the margin" (any HELD of them is false, the mean's, too, where all lose it); the share of items;
what the full test of as many items as there are would find. mixed: the same of small and large benchmarks, of which the
small ones are measured whole. recorded: real pairs, decided early and in full, and 200
resamples of each. Prints one JSON object a line.
"""

import json
import sys
from typing import Any

import numpy as np
from helpers.mixed_suites import mixed_suites
from helpers.stopped_pairs import contradicts, full, pairs, stopped

from holdfast.stats.power import mcnemar_power
from holdfast.stats.sequential.looks import Rule
from holdfast.stats.sequential.stopping import StopVerdict, simulate

DRAWS, MARGIN = 10_000, 0.05
SUITES: dict[str, tuple[tuple[int, ...], tuple[float, ...]]] = {
    "one of 1,319": ((1319,), (0.1,)),
    "1,319, 541 and 1,000": ((1319, 541, 1000), (0.1,) * 3),
    "five of 300 to 2,000": ((1319, 541, 1000, 2000, 300), (0.1, 0.12, 0.08, 0.1, 0.15)),
    "five of 1,319": ((1319,) * 5, (0.1,) * 5),
    "14,042 and 12,032": ((14042, 12032), (0.1, 0.1)),
}


def effects(count: int) -> dict[str, tuple[float, ...]]:
    """True differences, by name."""
    rest = (0.0,) * (count - 1)
    found = {
        "nothing changed": (0.0, *rest),
        "all lose the margin": (-MARGIN,) * count,
        "one loses the margin": (-MARGIN, *rest),
        "all lose 10 points": (-0.1,) * count,
        "one loses 10 points": (-0.1, *rest),
    }
    return dict(list(found.items())[: 5 if count > 1 else 2]) | ({} if count > 1 else {"it loses 10 points": (-0.1,)})


def errors(only: str = "") -> None:
    """Every suite under every truth; `only`: the suites whose names hold this."""
    for number, (name, (n, flips)) in enumerate(SUITES.items()):
        if only not in name:
            continue
        for place, (truth, effect) in enumerate(effects(len(n)).items()):
            seed = 100 * number + place
            found = simulate(n, flips, effect, Rule((MARGIN,) * len(n), MARGIN), simulations=DRAWS, seed=seed)
            at, same = np.array([e == -MARGIN for e in effect]), np.array([e == 0 for e in effect])
            mean = found.mean[:, None] if at.all() or same.all() else found.mean[:, None] * 0
            held = np.hstack([found.verdict[:, at], mean if at.all() else mean * 0]) == StopVerdict.HELD
            worse = np.hstack([found.verdict[:, same], mean if same.all() else mean * 0]) == StopVerdict.REGRESSED
            line: dict[str, Any] = {"suite": name, "truth": truth, "seed": seed}
            line |= {"false REGRESSED": float(worse.any(1).mean())} if same.any() else {}
            line |= {"false HELD": float(held.any(1).mean())} if at.any() else {}
            line |= {
                f"suite {v.name}": float((found.decision == v).mean()) for v in StopVerdict if v != StopVerdict.IMPROVED
            }
            line["items"] = round(float(found.items.sum() / (DRAWS * sum(n))), 4)
            line["of each"] = [round(float(share), 3) for share in found.items.mean(0) / np.array(n)]
            if effect[0] < 0:
                lost = (found.verdict[:, 0] == StopVerdict.REGRESSED).mean()
                line |= {"first REGRESSED": float(lost), "in full": _in_full(n, flips[0], effect[0])}
            print(json.dumps(line), flush=True)


MIXED: dict[str, tuple[tuple[int, ...], tuple[float, ...]]] = {
    "50, 164, 541, 1,319 and 14,042": ((50, 164, 541, 1319, 14042), (0.1,) * 5),
    "the same, 4 to 20 % flips": ((50, 164, 541, 1319, 14042), (0.2, 0.15, 0.12, 0.1, 0.04)),
}


def mixed() -> None:
    """Suites of small and large benchmarks under every truth."""
    truths = {
        "nothing changed": (0.0,) * 5,
        "all lose the margin": (-MARGIN,) * 5,
        "the small ones lose the margin": (-MARGIN, -MARGIN, 0.0, 0.0, 0.0),
        "541 loses the margin": (0.0, 0.0, -MARGIN, 0.0, 0.0),
        "the largest loses the margin": (0.0, 0.0, 0.0, 0.0, -MARGIN),
        "164 loses 10 points": (0.0, -0.1, 0.0, 0.0, 0.0),
    }
    for number, (name, (n, flips)) in enumerate(MIXED.items()):
        for place, (truth, effect) in enumerate(truths.items()):
            seed = 1000 + 100 * number + place
            found = mixed_suites(n, flips, effect, MARGIN, DRAWS, seed)
            print(json.dumps({"suite": name, "truth": truth, "seed": seed, **found}), flush=True)


def _in_full(n: tuple[int, ...], flips: float, effect: float) -> float:
    """Power of the full test of the first benchmark at its part of α."""
    return round(float(mcnemar_power(n[0], max(flips, -effect), -effect, 0.05 / (len(n) + 1))), 4)


def recorded() -> None:
    """Real pairs."""
    for pair in pairs():
        verdict, items = stopped(pair, MARGIN)
        rng = np.random.default_rng(0)
        shares, wrong = [], 0
        for _ in range(200):
            again = pair.resampled(rng)
            early, used = stopped(again, MARGIN)
            wrong += contradicts(early, full(again, MARGIN))
            shares.append(used / pair.n)
        d = pair.after - pair.before
        line = {
            "pair": pair.name,
            "items": pair.n,
            "points": round(100 * d.mean(), 1),
            "flips": round((d != 0).mean(), 3),
        }
        line |= {"in full": full(pair, MARGIN).name, "stopped": verdict.name, "share": round(items / pair.n, 3)}
        line |= {"contradicting resamples of 200": wrong, "their mean share": round(float(np.mean(shares)), 3)}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["recorded"]:
        recorded()
    elif sys.argv[1:2] == ["mixed"]:
        mixed()
    else:
        errors(*sys.argv[2:3])
