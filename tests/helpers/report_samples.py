"""Comparisons made by hand for the report's tests: every verdict, graded scores, categories, shifts, hostile text."""

import random
from collections.abc import Sequence
from typing import Any, Literal

from holdfast.compare.result import (
    Benchmark,
    Category,
    Check,
    Comparison,
    Decision,
    Flip,
    Forgetting,
    Interval,
    Omnibus,
    RunInfo,
    Shift,
    Side,
    Verdict,
)

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "<!--<script>",
    "\u202egnp.exe \u2066hidden\u2069 \u200bzero",
    "\x00\x07\x1b[31mred\x1b[0m\x7f",
    "]]>'\"`${alert(3)}@@script@@ {{data}} javascript:alert(4)",
    "\ud800 lone surrogate",
    '<svg onload="fetch(`http://example.invalid/`)"></svg><iframe src="http://example.invalid/"></iframe>',
)


def interval(value: float, half: float) -> Interval:
    """A symmetric interval."""
    return Interval(value - half, value + half)


def flip(
    number: int,
    direction: Literal["lost", "gained"] = "lost",
    *,
    category: str | None = None,
    wrong: str = "Sixteen eggs less three is 13, so she makes 13 * 2 = 26 dollars.\nA: 26",
    right: str = "Sixteen eggs less seven is 9, so she makes 9 * 2 = 18 dollars every day.\nA: 18",
    prompt: str | None = None,
) -> Flip:
    """One flipped item."""
    good = Side(right, 1.0, "correct", "equal", "18", "stop", 41)
    bad = Side(wrong, 0.0, "wrong", "expected '18', found '26'", "26", "stop", 37)
    before, after = (good, bad) if direction == "lost" else (bad, good)
    question = prompt or f"Question {number}: Janet's ducks lay 16 eggs per day. What does she make at the market?"
    return Flip(direction, str(number), f"h{number:06d}", question, "18", before, after, category)


def benchmark(
    task: str,
    before: float,
    after: float,
    half: float,
    verdict: Verdict,
    n: int = 1000,
    role: Literal["held", "target", "ignored"] = "held",
    flips: Sequence[Flip] = (),
    **more: Any,
) -> Benchmark:
    """One 0/1 benchmark; the 2×2 table follows from the scores with 4 % of the items flipping back."""
    gained = round(n * (max(after - before, 0) + 0.04 * (1 - before)))
    lost = round(n * (before - after)) + gained
    right = round(n * before)
    table = Forgetting(
        right - lost, lost, gained, n - right - gained, lost / n, gained / n, (right - lost) / right if right else None
    )
    fields: dict[str, Any] = {
        "explanation": f"{task}: {verdict}",
        "metric": "accuracy",
        "dropped": 0,
        "difference": after - before,
        "interval": interval(after - before, half),
        "p_regressed": 0.001 if after < before else 0.9,
        "p_improved": 0.9 if after < before else 0.001,
        "holm_regressed": 0.005 if after < before else 1.0,
        "holm_improved": 1.0 if after < before else 0.00001,
        "margin": 0.01,
        "allowed_drop": 0.0,
        "method": "skewness-corrected score interval, mid-p McNemar test",
        "flip_rate": (lost + gained) / n,
        "mde": 0.022,
        "bounds": interval(after - before, 0.84 * half),
        "version": "1",
        "reward": {"name": "math", "version": "3", "options": {"tolerance": 1e-6}},
        "generation": {"max_new_tokens": 256, "do_sample": False, "chat_template": True},
        "forgetting": table,
        "flips": tuple(flips),
    } | more
    return Benchmark(task=task, role=role, verdict=verdict, n=n, before=before, after=after, **fields)


def categories(names: Sequence[str], seed: int = 1) -> tuple[Category, ...]:
    """Categories with changes from −30 to +25 points."""
    dice = random.Random(seed)
    made = []
    for i, name in enumerate(names):
        change = dice.gauss(-0.03, 0.09)
        q = 0.001 if abs(change) > 0.12 else 0.4
        made.append(Category(name, 80 + i, 0.6, 0.6 + change, change, interval(change, 0.06), q / 2, q, 9, 6))
    return tuple(made)


def training(steps: int = 400) -> list[dict[str, Any]]:
    """A GRPO-like log history with in-training checks."""
    dice = random.Random(2)
    log: list[dict[str, Any]] = []
    for step in range(1, steps + 1):
        done = step / steps
        reward = 0.9 * done**0.6 + dice.gauss(0, 0.04)
        log.append(
            {
                "step": step,
                "epoch": done,
                "loss": 0.4 * (1 - done) + dice.gauss(0, 0.03),
                "reward": reward,
                "reward_std": abs(dice.gauss(0.2, 0.05)),
                "rewards/math/mean": reward * 0.8,
                "rewards/format_tags/mean": min(1.0, reward * 1.4),
                "kl": 0.02 * done + abs(dice.gauss(0, 0.002)),
                "entropy": 1.2 - done + dice.gauss(0, 0.02),
                "completions/mean_length": 180 + 90 * done + dice.gauss(0, 9),
                "completions/clipped_ratio": 0.05 * done,
                "grad_norm": abs(dice.gauss(0.8, 0.2)),
                "learning_rate": 1e-6 * (1 - done),
            }
        )
    return log


def guard() -> dict[str, Any]:
    """An in-training guard's record, as guard.json holds it."""
    looks = []
    for step in range(40, 201, 40):
        lost = step // 16
        skills = {
            "ifeval": _look(64, lost, 1, 76.9, 1.02**step),
            "mmlu": _look(64, 3, 3, 63.1, 0.8),
            "<b>code</b>": _look(64, 2, 3, 59.1, 0.4),
        }
        broken = ["ifeval"] if step == 200 else []
        looks.append(
            {"step": step, "why": "schedule", "skills": skills, "broken": broken, "generated": 90, "seconds": 2.1}
        )
    return {
        "schema": 1,
        "policy": "stop",
        "every": 40,
        "alpha": 0.05,
        "margin": 5.0,
        "threshold": 50.0,
        "tasks": ["ifeval", "mmlu", "<b>code</b>"],
        "start_seconds": 6.5,
        "seconds": 17.0,
        "good_step": 120,
        "acted": {"step": 200, "policy": "stop", "broken": ["ifeval"]},
        "looks": looks,
        "glances": [],
    }


def _look(items: int, lost: int, gained: int, before: float, evidence: float) -> dict[str, Any]:
    now = before - 100 * (lost - gained) / items
    return {"items": items, "lost": lost, "gained": gained, "before": before, "now": now, "e": evidence, "p": 0.5}


def bisected() -> dict[str, Any]:
    """Bisect's record, as bisect.json holds it."""
    checkpoints = list(range(20, 201, 20))
    bad = "REGRESSED"
    drops = {100: (-0.01, "INCONCLUSIVE"), 120: (-0.03, bad), 140: (-0.04, bad), 200: (-0.11, bad)}
    looks = {
        str(step): {
            task: {
                "difference": drop if task == "ifeval" else 2 * drop,
                "interval": [drop - 0.02, drop + 0.02],
                "p": 0.001,
                "verdict": verdict if task == "ifeval" or step > 120 else "INCONCLUSIVE",
                "lost": 9,
                "gained": 2,
                "n": 541,
            }
            for task in ("ifeval", "mmlu")
        }
        for step, (drop, verdict) in sorted(drops.items())
    }
    breaks = [
        {
            "task": task,
            "held_at": held,
            "clear_at": 100,
            "broken_at": broken,
            "difference": -0.031,
            "p": 0.0004,
            "interval": [-0.05, -0.012],
            "monotone": task == "ifeval",
            "recovered_at": [] if task == "ifeval" else [200],
            "sentence": f"{task} broke between step {held} and step {broken} (-3.1 points, p = 4e-04).",
        }
        for task, held, broken in (("ifeval", 100, 120), ("mmlu", 120, 140))
    ]
    return {"schema": 1, "breaks": breaks, "looks": looks, "checkpoints": checkpoints, "seconds": 44.0}


def mended() -> dict[str, Any]:
    """Mend's record, as mend.json holds it."""
    line = ((0.25, 0.09, 0.001), (0.5, 0.15, -0.002), (0.6, 0.17, -0.004), (0.7, 0.182, -0.009), (1.0, 0.216, -0.019))
    points = [
        {
            "name": f"{weight:g}",
            "weight": weight,
            "weights": {"all": weight},
            "density": 1.0,
            "steps": 0,
            "gain": gain,
            "held": held,
            "worst": f"ifeval {100 * 4 * held:+.1f}",
            "differences": {"gsm8k": gain, "ifeval": 4 * held},
            "decision": "PASS" if held > -0.005 else "REGRESSED",
        }
        for weight, gain, held in line
    ]
    return {
        "schema": 1,
        "points": points,
        "chosen": "0.6",
        "reason": "",
        "confirmed": "PASS",
        "confirmation": "Nothing regressed: the mean of the 5 held benchmarks changed by -0.3 points, and a drop of "
        "1 point is ruled out; trained for: gsm8k +16.8 points.",
        "margin": 1.0,
        "items": {"selection": 8000, "confirmation": 8000},
        "seconds": 310.0,
    }


def extras(steps: int = 200) -> dict[str, Any]:
    """Everything that can lie beside a run."""
    return {"training": training(steps), "guard": guard(), "bisect": bisected(), "mend": mended()}


def manifest() -> dict[str, Any]:
    """A run's manifest."""
    return {
        "created": "2026-11-20T10:11:12Z",
        "command": ["holdfast", "train", "trainer=grpo", "model=Qwen/Qwen3-0.6B", "data=gsm8k", "suite=quick"],
        "packages": {"torch": "2.13.0", "trl": "1.16.0", "transformers": "5.23.0"},
        "python": "3.11.2",
        "platform": "Linux-6.1-x86_64",
        "git": {"commit": "3101c7d5072418e28b9008a6636bde82a006892c", "dirty": True},
        "config": {"trainer": {"name": "grpo", "learning_rate": 1e-6}, "seed": 7},
        "seeds": {"python": 7, "torch": 7},
    }


def full() -> Comparison:
    """A comparison in which everything happens."""
    subjects = ("abstract algebra", "anatomy", "astronomy", "business ethics", "clinical knowledge", "law", "virology")
    dice = random.Random(3)
    mmlu_flips = [flip(i, dice.choice(("lost", "gained")), category=dice.choice(subjects)) for i in range(260)]
    lost = [flip(i, wrong=f"{HOSTILE[i % len(HOSTILE)]} {i}") for i in range(40)]
    benchmarks = (
        benchmark(
            "gsm8k", 0.347, 0.563, 0.027, Verdict.IMPROVED, 1319, "target", [flip(i, "gained") for i in range(60)]
        ),
        benchmark(
            "ifeval",
            0.769,
            0.662,
            0.031,
            Verdict.BEYOND_MARGIN,
            541,
            flips=lost,
            truncation_only=True,
            difference_untruncated=-0.004,
        ),
        benchmark(
            "mmlu",
            0.631,
            0.618,
            0.006,
            Verdict.REGRESSED,
            14042,
            flips=mmlu_flips,
            categories=categories(subjects * 8),
            chance=0.25,
        ),
        benchmark("humaneval", 0.591, 0.573, 0.043, Verdict.INCONCLUSIVE, 164, items_to_decide=2310),
        benchmark("arc_challenge", 0.552, 0.556, 0.009, Verdict.NON_INFERIOR, 1172),
        benchmark("truthfulqa", 0.41, 0.452, 0.021, Verdict.IMPROVED, 817, dropped=3),
        benchmark("mt_bench", 0.71, 0.69, 0.03, Verdict.INCONCLUSIVE, 80, "ignored", [flip(1)], forgetting=None),
    )
    shifts = (
        Shift("truncation", 0.01, 0.124, 541, 0.00001, notable=True, detail="62 more completions cut"),
        Shift("length", 212.0, 391.0, 541, 0.00001, "tokens", notable=True),
        Shift("refusal", 0.004, 0.006, 541, 0.6),
    )
    benchmarks = (*benchmarks[:1], _with_shifts(benchmarks[1], shifts), *benchmarks[2:])
    macro = Omnibus(
        "macro", 5, 16736, 0.591, 0.572, -0.0188, interval(-0.0188, 0.011), -0.0281, 0.0009, 0.99, 0.01, False, -0.0096
    )
    before = RunInfo(
        "before", "runs/a/before", {"name": "Qwen/Qwen3-0.6B", "fingerprint": "9f2c41d0a3b7e855"}, "known", manifest()
    )
    after = RunInfo(
        "after", "runs/a/after", {"name": "runs/a/checkpoint", "fingerprint": "51ab99e0c2d4f6aa"}, "known", manifest()
    )
    return Comparison(
        before,
        after,
        Decision.REGRESSED,
        "gsm8k rose by 21.6 points as trained for, but 2 of 5 held skills regressed: ifeval by 10.7, mmlu by 1.3.",
        benchmarks,
        macro,
        None,
        ("gsm8k",),
        0.01,
        "given",
        0.05,
        warnings=("truthfulqa: 3 items could not be judged in one of the runs and are left out.",),
        checks=(
            Check("margin", False, "the mean of the held skills must be non-inferior at 1 point"),
            Check("minimum items", True, "at least 500 items", "ifeval"),
            Check("required", None, "humaneval must be decided", "humaneval"),
        ),
        version="0.1.0",
        created="2026-11-21T04:00:00Z",
        command=("holdfast", "compare", "runs/a", "target=[gsm8k]", "margin=1"),
    )


def _with_shifts(result: Benchmark, shifts: tuple[Shift, ...]) -> Benchmark:
    from dataclasses import replace

    return replace(result, shifts=shifts)
