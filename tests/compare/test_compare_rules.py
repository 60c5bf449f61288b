"""Verdicts and the suite's decision, on runs made for each case."""

from pathlib import Path

import numpy as np
import pytest
from helpers.made_runs import flipped, made_comparison, made_rows, made_run

from holdfast.compare import Decision, Verdict, compare


def test_a_target_gain_does_not_mask_a_lost_skill(tmp_path: Path) -> None:
    comparison = made_comparison(
        tmp_path, {"math": (500, 100, 10, 250), "facts": (500, 400, 60, 10)}, target=["math"], margin=0.02
    )
    assert comparison.decision is Decision.REGRESSED and comparison.exit_code == 1
    assert comparison.benchmark("math").verdict is Verdict.IMPROVED
    assert comparison.benchmark("facts").verdict is Verdict.REGRESSED
    assert comparison.macro is not None and comparison.macro.tasks == 1
    assert comparison.macro.difference == pytest.approx(-0.1)
    assert "facts -10.0" in comparison.sentence and "math +48.0" in comparison.sentence


def test_alpha_is_shared_by_everything_that_is_judged(tmp_path: Path) -> None:
    tasks = {"math": (500, 100, 10, 250), **{f"held{i}": (500, 400, 20, 20) for i in range(3)}, "x": (500, 400, 30, 15)}
    comparison = made_comparison(tmp_path, tasks, target=["math"], margin=0.05)
    x = comparison.benchmark("x")
    # A fifth of α is the mean's; the four held benchmarks and the target share the rest: all of it is one verdict.
    assert x.holm_regressed == pytest.approx(5 / 0.8 * x.p_regressed)
    assert x.p_regressed < 0.05 < x.holm_regressed
    assert comparison.benchmark("math").holm_improved == comparison.benchmark("math").p_improved


def test_verdicts(tmp_path: Path) -> None:
    tasks = {
        "same": (2_000, 1_000, 10, 10),
        "better": (500, 200, 10, 80),
        "worse": (500, 300, 80, 10),
        "small": (50, 30, 4, 3),
    }
    comparison = made_comparison(tmp_path, tasks, margin=0.02)
    verdicts = {result.task: result.verdict for result in comparison.benchmarks}
    assert verdicts == {
        "same": Verdict.NON_INFERIOR,
        "better": Verdict.IMPROVED,
        "worse": Verdict.REGRESSED,
        "small": Verdict.INCONCLUSIVE,
    }
    assert (comparison.benchmark("small").items_to_decide or 0) > 50
    assert comparison.benchmark("same").items_to_decide is None
    assert comparison.benchmark("worse").explanation.startswith("A drop is proven")


def test_beyond_margin_alone_is_not_proof_among_many(tmp_path: Path) -> None:
    tasks = {f"held{i}": (500, 400, 20, 20) for i in range(19)} | {"x": (200, 150, 22, 8)}
    comparison = made_comparison(tmp_path, tasks, margin=0.015)
    assert comparison.benchmark("x").verdict is Verdict.BEYOND_MARGIN
    assert comparison.decision is Decision.PASS


def test_items_to_decide_would_decide(tmp_path: Path) -> None:
    first = made_comparison(tmp_path / "1", {"t": (300, 200, 15, 12)}, margin=0.03).benchmark("t")
    assert first.verdict is Verdict.INCONCLUSIVE and first.items_to_decide is not None
    factor = first.items_to_decide / 300 * 1.05
    table = [round(factor * count) for count in (300, 200, 15, 12)]
    again = made_comparison(tmp_path / "2", {"t": (table[0], table[1], table[2], table[3])}, margin=0.03).benchmark("t")
    assert again.verdict is Verdict.NON_INFERIOR


def test_the_default_margin_is_printed_and_a_run_passes_against_itself(tmp_path: Path) -> None:
    comparison = made_comparison(tmp_path, {"a": (300, 200, 0, 0), "b": (100, 50, 0, 0)})
    assert comparison.margin_origin == "default" and 0 < comparison.margin < 0.02
    assert comparison.decision is Decision.PASS
    assert {result.verdict for result in comparison.benchmarks} <= {Verdict.NON_INFERIOR, Verdict.INCONCLUSIVE}


def test_a_suite_too_small_to_see_anything_is_warned_about(tmp_path: Path) -> None:
    for name, table in (("few", (40, 20, 3, 3)), ("fewer", (10, 5, 2, 2))):
        comparison = made_comparison(tmp_path / name, {"a": table})
        assert comparison.margin == 0.05 and comparison.decision is Decision.INCONCLUSIVE
        assert any("too small to clear" in warning for warning in comparison.warnings)


def test_repeats_are_means_with_a_permutation_test(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    ids = [str(i // 4) for i in range(800)]
    same = {"doc_id": ids, "doc_hash": ids, "repeat": [i % 4 for i in range(800)], "prompt_hash": "p"}
    ability = rng.beta(3, 1, 200).repeat(4)
    scores = [rng.binomial(1, p).astype(float).tolist() for p in (ability, ability - 0.3 * (ability > 0.4))]
    runs = [made_run(tmp_path / n, {"t": made_rows("t", s, **same)}, n) for n, s in zip("ab", scores, strict=False)]
    result = compare(*runs, margin=0.02).benchmark("t")
    assert (result.n, result.repeats) == (200, 4)
    means = [np.array(s).reshape(200, 4).mean(axis=1) for s in scores]
    assert result.difference == pytest.approx(float((means[1] - means[0]).mean()))
    assert "permutation" in result.method and result.forgetting is None
    assert result.verdict is Verdict.REGRESSED
    for flip in result.flips:
        assert (flip.before.score, flip.after.score) == ((1.0, 0.0) if flip.direction == "lost" else (0.0, 1.0))


def test_no_change_among_a_few_graded_items_is_not_certainty(tmp_path: Path) -> None:
    runs = [made_run(tmp_path / n, {"t": made_rows("t", [0.5] * 50)}, n) for n in "ab"]
    result = compare(*runs, margin=0.01).benchmark("t")
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.interval.low < -0.05 and result.interval.high > 0.05
    assert 100 < (result.items_to_decide or 0) < 2_000


def test_clusters_widen_the_interval(tmp_path: Path) -> None:
    before, after = flipped(200, 200, 20, 0)
    clusters = [f"passage{i // 20}" for i in range(200)]
    plain = made_comparison(tmp_path / "p", {"t": (200, 200, 20, 0)}, margin=0.02).benchmark("t")
    runs = [
        made_run(tmp_path / n, {"t": made_rows("t", s, cluster=clusters)}, n) for n, s in (("a", before), ("b", after))
    ]
    clustered = compare(*runs, margin=0.02).benchmark("t")
    assert clustered.clusters == 10 and clustered.verdict is Verdict.INCONCLUSIVE
    assert plain.verdict is Verdict.REGRESSED
    assert clustered.interval.high - clustered.interval.low > 3 * (plain.interval.high - plain.interval.low)
