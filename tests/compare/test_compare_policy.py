"""The gate's policy: margins, families, required benchmarks, skills traded away."""

from pathlib import Path
from typing import Any

import pytest
from helpers.made_runs import made_comparison

from holdfast.compare import Decision, Verdict
from holdfast.compare.judging.policy import parse_policy
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


def test_a_ledger_of_waived_regressions(tmp_path: Path) -> None:
    tasks = {"facts": (1_000, 600, 10, 10), "style": (500, 400, 60, 5)}
    ledger: dict[str, Any] = {
        "style": {"drop": 15, "reason": "known since the chat data came in", "until": "2999-12-31"}
    }
    waived = made_comparison(tmp_path / "1", tasks, policy=parse_policy({"margin": 2, "waived": ledger}))
    assert waived.decision is Decision.PASS
    assert any("waived, until 2999-12-31 (known since" in warning for warning in waived.warnings)
    ledger["style"]["until"] = "2001-01-01"
    over = made_comparison(tmp_path / "2", tasks, policy=parse_policy({"margin": 2, "waived": ledger}))
    assert over.decision is Decision.REGRESSED and any("no longer counts" in warning for warning in over.warnings)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"ignore": ["fact"]}, "did you mean 'facts'"),
        ({"benchmarks": {"stile": {"margin": 1}}}, "did you mean 'style'"),
        ({"families": {"f": ["factz"]}}, "did you mean 'facts'"),
        ({"ignore_items": {"facts": ["2000"]}}, "ignore_items.facts"),
        ({"waived": {"stlye": {"drop": 1, "reason": "r"}}}, "did you mean 'style'"),
        ({"target": ["facts"], "ignore": ["facts"]}, "a target and ignored"),
    ],
)
def test_unknown_names_in_a_policy_are_errors(tmp_path: Path, settings: Any, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        made_comparison(tmp_path, {"facts": (100, 60, 3, 3), "style": (100, 60, 3, 3)}, policy=parse_policy(settings))


@pytest.mark.parametrize(
    "settings",
    [
        {"alpha": 0},
        {"alpha": 0.6},
        {"direction": "up"},
        {"families": {"a": ["x"], "b": ["x"]}},
        {"families": {"a": {"tasks": ["x"], "alpha": 0.05}}},
        {"waived": {"x": {"drop": 1}}},
        {"waived": {"x": {"drop": 1, "reason": "r", "until": "soon"}}},
    ],
)
def test_values_of_a_policy_are_checked(settings: Any) -> None:
    with pytest.raises(UsageError):
        parse_policy(settings)


def test_an_allowed_drop_does_not_loosen_the_default_margin(tmp_path: Path) -> None:
    """A small noisy benchmark that is traded away is not in the mean, so not in its margin either."""
    facts = {"facts": (2_000, 1_200, 40, 40)}
    policy = parse_policy({"benchmarks": {"noisy": {"allowed_drop": 20}}})
    both = made_comparison(tmp_path / "1", facts | {"noisy": (60, 40, 12, 12)}, policy=policy)
    assert both.margin < 1.15 * made_comparison(tmp_path / "2", facts).margin


def test_min_effect_lets_small_proven_drops_pass(tmp_path: Path) -> None:
    tasks = {"a": (8_000, 5_000, 130, 60), "b": (8_000, 5_000, 100, 100)}
    strict = made_comparison(tmp_path / "1", tasks)
    assert strict.decision is Decision.REGRESSED and strict.benchmark("a").verdict is Verdict.REGRESSED
    lenient = made_comparison(tmp_path / "2", tasks, policy=parse_policy({"min_effect": 1.5}))
    result = lenient.benchmark("a")
    assert lenient.decision is Decision.PASS and result.verdict is Verdict.NON_INFERIOR
    assert "smaller than 1.5 points" in result.explanation and result.min_effect == 0.015


def test_a_proven_drop_of_the_mean_is_a_regression(tmp_path: Path) -> None:
    """Eight benchmarks that each lose 1.7 points, none of them provably: the mean was PASS at −1.7 [−2.4, −1.0]."""
    comparison = made_comparison(tmp_path, {f"b{i}": (1_000, 600, 62, 45) for i in range(8)}, margin=0.03)
    assert not any(b.verdict is Verdict.REGRESSED for b in comparison.benchmarks)
    assert comparison.macro is not None and comparison.macro.regressed and comparison.macro.non_inferior
    assert comparison.exit_code == 1 and "the mean of 8 benchmarks" in comparison.sentence


def test_several_runs_share_alpha(tmp_path: Path) -> None:
    alone = made_comparison(tmp_path / "1", {"t": (500, 400, 34, 18)})
    among = made_comparison(tmp_path / "2", {"t": (500, 400, 34, 18)}, runs=10)
    assert alone.decision is Decision.REGRESSED and among.decision is not Decision.REGRESSED
    assert among.benchmark("t").holm_regressed == pytest.approx(10 * alone.benchmark("t").holm_regressed)


def test_held_needs_power(tmp_path: Path) -> None:
    """30 items: a true drop of 10 points was "held" in 18 to 26 %; now nothing is held that cannot rule out 5."""
    for lost, gained in ((0, 0), (1, 0), (3, 0), (2, 2)):
        result = made_comparison(tmp_path / f"{lost}{gained}", {"t": (30, 20, lost, gained)}).benchmark("t")
        assert result.verdict is Verdict.INCONCLUSIVE
    held = made_comparison(tmp_path / "more", {"t": (1_000, 600, 20, 20), "u": (2_000, 600, 20, 20)}).benchmark("t")
    assert held.verdict is Verdict.NON_INFERIOR and "would be found with 80 % probability" in held.explanation


def test_inconclusive_says_what_would_decide(tmp_path: Path) -> None:
    tasks = {"a": (141, 100, 8, 6), "b": (217, 120, 14, 10)}
    comparison = made_comparison(tmp_path, tasks, margin=0.02)
    assert comparison.decision is Decision.INCONCLUSIVE
    (advice,) = comparison.advice
    assert "more items" in advice and "holdfast plan 'sizes=[a:" in advice and "tokens" in advice
