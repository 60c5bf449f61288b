"""The gate's policy: margins, families, required benchmarks, skills traded away."""

from pathlib import Path
from typing import Any

import pytest
from helpers.made_runs import made_comparison

from holdfast.compare import Decision, Verdict
from holdfast.compare.policy import parse_policy
from holdfast.errors import UsageError


def test_policy(tmp_path: Path) -> None:
    tasks = {"math": (500, 300, 40, 10), "facts": (500, 400, 20, 20), "toy": (100, 90, 60, 0)}
    settings = {
        "margin": 3,
        "ignore": ["toy"],
        "required": ["facts", "code"],
        "min_items": 400,
        "benchmarks": {"math": {"allowed_drop": 10}, "facts": {"margin": 1, "non_inferior": True}},
    }
    comparison = made_comparison(tmp_path, tasks, policy=parse_policy(settings))
    assert comparison.margin == 0.03 and comparison.margin_origin == "policy"
    assert comparison.benchmark("toy").role == "ignored"
    assert comparison.benchmark("math").verdict is Verdict.NON_INFERIOR
    checks = {(check.name, check.task): check.passed for check in comparison.checks}
    assert checks["required", "code"] is False and checks["required", "facts"] is True
    assert checks["min_items", "math"] is True and checks["non_inferior", "facts"] is None
    assert comparison.decision is Decision.INCONCLUSIVE
    without = made_comparison(tmp_path, tasks, policy=parse_policy({"margin": 3, "ignore": ["toy"]}))
    assert without.decision is Decision.REGRESSED and without.benchmark("math").verdict is Verdict.REGRESSED


def test_a_skill_traded_away_has_its_own_limit(tmp_path: Path) -> None:
    tasks = {"facts": (1_000, 600, 10, 10), "style": (500, 400, 60, 5)}
    policy = parse_policy({"margin": 2, "benchmarks": {"style": {"allowed_drop": 15}}})
    kept = made_comparison(tmp_path / "1", tasks, policy=policy)
    assert kept.decision is Decision.PASS and kept.macro is not None and kept.macro.tasks == 1
    assert kept.benchmark("style").verdict is Verdict.NON_INFERIOR and "style -11.0" in kept.sentence
    lower = parse_policy({"margin": 2, "benchmarks": {"style": {"allowed_drop": 5}}})
    assert made_comparison(tmp_path / "2", tasks, policy=lower).benchmark("style").verdict is Verdict.REGRESSED
    alone = made_comparison(tmp_path / "3", {"style": tasks["style"]}, policy=policy)
    assert alone.macro is None and alone.decision is Decision.PASS


def test_families_have_holm_of_their_own(tmp_path: Path) -> None:
    tasks = {f"k{i}": (500, 400, 20, 20) for i in range(5)} | {"code": (500, 400, 26, 12)}
    alone = made_comparison(tmp_path, tasks, margin=0.05)
    assert alone.benchmark("code").verdict is not Verdict.REGRESSED
    policy = parse_policy({"margin": 5, "families": {"code": {"tasks": ["code"], "margin": 1}}})
    apart = made_comparison(tmp_path, tasks, policy=policy)
    assert apart.benchmark("code").verdict is Verdict.REGRESSED
    assert [check.passed for check in apart.checks if check.name == "family"] == [None]


def test_ignored_items_and_a_largest_margin(tmp_path: Path) -> None:
    policy = parse_policy({"ignore_items": {"t": [0, 1]}, "max_margin": 0.5})
    comparison = made_comparison(tmp_path, {"t": (100, 80, 5, 5)}, policy=policy)
    assert comparison.benchmark("t").n == 98
    assert comparison.margin == 0.005 and comparison.decision is Decision.INCONCLUSIVE


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"margins": 1}, "did you mean 'margin'"),
        ({"margin": "wide"}, "policy.margin must be a number"),
        ({"benchmarks": {"mmlu": {"margn": 1}}}, "did you mean 'margin'"),
        ({"families": {"code": {"margin": 1}}}, "needs tasks"),
        ([1], "must be a mapping"),
    ],
)
def test_a_misspelt_policy_is_one_line(settings: Any, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        parse_policy(settings)
