"""Simulated suites of small and large benchmarks, stopped as a measurement stops them."""

from typing import Any

import numpy as np

from holdfast.stats.paired import mcnemar_midp
from holdfast.stats.sequential.looks import Rule
from holdfast.stats.sequential.stopping import StopVerdict, may_stop, simulate


def mixed_suites(
    n: tuple[int, ...], flips: tuple[float, ...], effects: tuple[float, ...], margin: float, draws: int, seed: int
) -> dict[str, Any]:
    """Shares of the simulations: any false REGRESSED and any false HELD (of what does not drop, of what loses the
    margin; the mean by its true value), the mean and the suite HELD and REGRESSED, items measured."""
    able = np.array(may_stop(n, margin))
    size, rate, effect = np.array(n), np.maximum(flips, np.abs(effects)), np.array(effects)
    part = 0.05 / (len(n) + 1)
    rule = Rule((margin,) * int(able.sum()), margin, part * (int(able.sum()) + 1))
    chosen = [tuple(np.array(one)[able].tolist()) for one in (n, flips, effects)]
    found = simulate(*chosen, rule, simulations=draws, seed=seed)
    rng = np.random.default_rng(seed)
    lost = rng.binomial(size[~able], (rate - effect)[~able] / 2, (draws, int((~able).sum())))
    gained = rng.binomial(size[~able] - lost, ((rate + effect) / 2 / (1 - (rate - effect) / 2))[~able])
    small = mcnemar_midp(lost, gained) <= part
    mean = float(effect[able].mean())
    worse = (found.verdict[:, effect[able] >= 0] == StopVerdict.REGRESSED).any(1)
    worse |= small[:, effect[~able] >= 0].any(1) | ((found.mean == StopVerdict.REGRESSED) & (mean >= -margin + 1e-12))
    held = (found.verdict[:, effect[able] <= -margin] == StopVerdict.HELD).any(1)
    held |= (found.mean == StopVerdict.HELD) & (mean <= -margin + 1e-12)
    failed = (found.decision == StopVerdict.REGRESSED) | small.any(1)
    return {
        "measured whole": [int(one) for one in size[~able]],
        "false REGRESSED": float(worse.mean()),
        "false HELD": float(held.mean()),
        "mean HELD": float((found.mean == StopVerdict.HELD).mean()),
        "suite HELD": float(((found.decision == StopVerdict.HELD) & ~failed).mean()),
        "suite REGRESSED": float(failed.mean()),
        "decided": [round(float(one), 3) for one in (found.verdict != StopVerdict.OPEN).mean(0)],
        "items": round(float((found.items.sum(1).mean() + size[~able].sum()) / size.sum()), 4),
    }
