"""Pairing, refusals, verdicts and the suite's decision, on runs made for each case."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_runs import flipped, made_rows, made_run
from paths import shared

from holdfast.compare import Comparison, Decision, Verdict, compare, load
from holdfast.compare.policy import parse_policy
from holdfast.errors import DataError, UsageError
from holdfast.rows import encode


def _runs(tmp_path: Path, tasks: dict[str, tuple[int, int, int, int]], **more: Any) -> Comparison:
    """Compare runs of tasks given as (n, right, lost, gained)."""
    scores = {task: flipped(*table) for task, table in tasks.items()}
    before = made_run(tmp_path / "before", {t: made_rows(t, s[0]) for t, s in scores.items()}, "a")
    after = made_run(tmp_path / "after", {t: made_rows(t, s[1]) for t, s in scores.items()}, "b")
    return compare(before, after, **more)


def test_a_target_gain_does_not_mask_a_lost_skill(tmp_path: Path) -> None:
    comparison = _runs(
        tmp_path, {"math": (500, 100, 10, 250), "facts": (500, 400, 60, 10)}, target=["math"], margin=0.02
    )
    assert comparison.decision is Decision.REGRESSED and comparison.exit_code == 1
    assert comparison.benchmark("math").verdict is Verdict.IMPROVED
    assert comparison.benchmark("facts").verdict is Verdict.REGRESSED
    assert comparison.macro is not None and comparison.macro.tasks == 1
    assert comparison.macro.difference == pytest.approx(-0.1)
    assert "facts -10.0" in comparison.sentence and "math +48.0" in comparison.sentence


def test_holm_is_among_the_held_only(tmp_path: Path) -> None:
    tasks = {"math": (500, 100, 10, 250), **{f"held{i}": (500, 400, 20, 20) for i in range(3)}, "x": (500, 400, 30, 15)}
    comparison = _runs(tmp_path, tasks, target=["math"], margin=0.05)
    x = comparison.benchmark("x")
    assert x.holm_regressed == pytest.approx(4 * x.p_regressed)
    assert x.p_regressed < 0.05 < x.holm_regressed
    assert comparison.benchmark("math").holm_improved == comparison.benchmark("math").p_improved


def test_verdicts(tmp_path: Path) -> None:
    tasks = {
        "same": (2_000, 1_000, 10, 10),
        "better": (500, 200, 10, 80),
        "worse": (500, 300, 80, 10),
        "small": (50, 30, 4, 3),
    }
    comparison = _runs(tmp_path, tasks, margin=0.02)
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
    comparison = _runs(tmp_path, tasks, margin=0.015)
    assert comparison.benchmark("x").verdict is Verdict.BEYOND_MARGIN
    assert comparison.decision is Decision.PASS


def test_items_to_decide_would_decide(tmp_path: Path) -> None:
    first = _runs(tmp_path / "1", {"t": (300, 200, 15, 12)}, margin=0.03).benchmark("t")
    assert first.verdict is Verdict.INCONCLUSIVE and first.items_to_decide is not None
    factor = first.items_to_decide / 300 * 1.05
    table = [round(factor * count) for count in (300, 200, 15, 12)]
    again = _runs(tmp_path / "2", {"t": (table[0], table[1], table[2], table[3])}, margin=0.03).benchmark("t")
    assert again.verdict is Verdict.NON_INFERIOR


def test_the_default_margin_is_printed_and_a_run_passes_against_itself(tmp_path: Path) -> None:
    comparison = _runs(tmp_path, {"a": (300, 200, 0, 0), "b": (100, 50, 0, 0)})
    assert comparison.margin_origin == "default" and 0 < comparison.margin < 0.02
    assert comparison.decision is Decision.PASS
    assert {result.verdict for result in comparison.benchmarks} <= {Verdict.NON_INFERIOR, Verdict.INCONCLUSIVE}


def test_a_suite_too_small_to_see_anything_is_warned_about(tmp_path: Path) -> None:
    comparison = _runs(tmp_path, {"a": (20, 10, 3, 3)})
    assert comparison.margin > 0.1
    assert any("can only rule out" in warning for warning in comparison.warnings)


def test_unjudged_rows_are_dropped_in_pairs_and_too_many_decide_nothing(tmp_path: Path) -> None:
    before, after = flipped(400, 300, 200, 0)
    lost: list[float | None] = [*after]
    lost[0] = None
    few = compare(
        made_run(tmp_path / "a", {"t": made_rows("t", before)}, "a"),
        made_run(tmp_path / "b", {"t": made_rows("t", lost)}, "b"),
        margin=0.02,
    )
    assert (few.benchmark("t").n, few.benchmark("t").dropped) == (399, 1)
    assert few.decision is Decision.REGRESSED and any("1 items left out" in w for w in few.warnings)
    lost[:5] = [None] * 5
    many = compare(load(tmp_path / "a"), made_run(tmp_path / "c", {"t": made_rows("t", lost)}, "b"), margin=0.02)
    assert many.benchmark("t").verdict is Verdict.INCONCLUSIVE
    assert many.decision is Decision.INCONCLUSIVE and many.exit_code == 2
    assert "could not be judged" in many.sentence


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"version": "2"}, "the task's version differs: '1' before, '2' after"),
        ({"generation": {"max_tokens": 128}}, "generation arguments differ: max_tokens 64 before, 128 after"),
        ({"reward": {"name": "exact_match", "version": "2"}}, "the reward differs: version '1' before, '2' after"),
        ({"metric": "loose"}, "the metric differs"),
    ],
)
def test_different_definitions_are_refused_by_name(tmp_path: Path, change: dict[str, Any], word: str) -> None:
    rows = {"t": made_rows("t", [1.0, 0.0, 1.0])}
    before, after = made_run(tmp_path / "a", rows, "a"), made_run(tmp_path / "b", rows, "b", **change)
    with pytest.raises(DataError, match="compares nevertheless") as caught:
        compare(before, after)
    assert word in str(caught.value)
    allowed = compare(before, after, allow=[next(iter(change))])
    assert any("(allowed)" in warning for warning in allowed.warnings)


def test_a_run_in_memory_compares_with_one_on_disk(tmp_path: Path) -> None:
    rows = {"t": made_rows("t", [1.0, 0.0, 1.0])}
    settings = {"generation": {"stop": ("\n", "Q:"), "max_tokens": 64}}
    made_run(tmp_path / "a", rows, "a", **settings)
    assert compare(load(tmp_path / "a"), made_run(tmp_path / "b", rows, "b", **settings)).benchmark("t").n == 3


def test_different_items_and_prompts_are_refused(tmp_path: Path) -> None:
    before = made_run(tmp_path / "a", {"t": made_rows("t", [1.0] * 6)}, "a")
    fewer = made_run(tmp_path / "b", {"t": made_rows("t", [1.0] * 4)}, "b")
    with pytest.raises(DataError, match=r"item sets differ: 2 only before \(such as '4'\), 4 in both"):
        compare(before, fewer)
    assert compare(before, fewer, allow=["items"]).benchmark("t").n == 4
    asked = made_run(tmp_path / "c", {"t": made_rows("t", [1.0] * 6, prompt_hash="other")}, "b")
    with pytest.raises(DataError, match="prompts differ for 6 of 6 items"):
        compare(before, asked)
    assert compare(before, asked, allow=["prompt"]).benchmark("t").n == 6
    others = made_run(tmp_path / "d", {"t": made_rows("t", [1.0] * 6, doc_hash=[f"x{i}" for i in range(6)])}, "b")
    with pytest.raises(DataError, match="share no item"):
        compare(before, others, allow=["items"])


def test_different_tasks_are_refused(tmp_path: Path) -> None:
    before = made_run(tmp_path / "a", {t: made_rows(t, [1.0] * 3) for t in ("x", "y")}, "a")
    after = made_run(tmp_path / "b", {"x": made_rows("x", [1.0] * 3)}, "b")
    with pytest.raises(DataError, match="'y' only before"):
        compare(before, after)
    assert [r.task for r in compare(before, after, tasks=["x"]).benchmarks] == ["x"]
    assert [r.task for r in compare(before, after, allow=["tasks"]).benchmarks] == ["x"]
    with pytest.raises(UsageError, match="unknown target 'z'"):
        compare(before, before, target=["z"])
    with pytest.raises(UsageError, match="did you mean 'prompt'"):
        compare(before, before, allow=["prompts"])


def test_pairing_is_by_item_not_by_line(tmp_path: Path) -> None:
    before, after = flipped(60, 40, 10, 3)
    rows = made_rows("t", after)
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(60)]
    one = made_run(tmp_path / "a", {"t": made_rows("t", before)}, "a")
    straight = compare(one, made_run(tmp_path / "b", {"t": rows}, "b")).benchmark("t")
    mixed = compare(one, made_run(tmp_path / "c", {"t": shuffled}, "b")).benchmark("t")
    assert straight.forgetting == mixed.forgetting and straight.forgetting is not None
    assert (straight.forgetting.lost, straight.forgetting.gained) == (10, 3)
    assert {flip.doc_id for flip in straight.flips} == {flip.doc_id for flip in mixed.flips}


def test_a_question_that_occurs_twice_is_two_items(tmp_path: Path) -> None:
    rows = made_rows("t", [1.0, 0.0, 1.0, 1.0], doc_hash=["h", "h", "i", "j"])
    run = made_run(tmp_path / "a", {"t": rows}, "a")
    again = compare(run, made_run(tmp_path / "b", {"t": rows[::-1]}, "b")).benchmark("t")
    assert again.n == 4 and again.flips == ()


def test_repeats_are_means_with_a_permutation_test(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    ids = [str(i // 4) for i in range(800)]
    same = {"doc_id": ids, "doc_hash": ids, "repeat": [i % 4 for i in range(800)], "prompt_hash": "p"}
    ability = rng.beta(3, 1, 200).repeat(4)
    scores = [rng.binomial(1, p).astype(float).tolist() for p in (ability, ability - 0.3 * (ability > 0.4))]
    runs = [made_run(tmp_path / n, {"t": made_rows("t", s, **same)}, n) for n, s in zip("ab", scores)]
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


def test_another_harness_output(tmp_path: Path) -> None:
    path = shared("tau_bench", "gpt-4o-airline.json.gz")
    result = compare(load(path), load(path)).benchmarks[0]
    assert (result.n, result.repeats) == (50, 4)
    assert result.before == result.after == pytest.approx(0.42)


def test_clusters_widen_the_interval(tmp_path: Path) -> None:
    before, after = flipped(200, 200, 20, 0)
    clusters = [f"passage{i // 20}" for i in range(200)]
    plain = _runs(tmp_path / "p", {"t": (200, 200, 20, 0)}, margin=0.02).benchmark("t")
    runs = [
        made_run(tmp_path / n, {"t": made_rows("t", s, cluster=clusters)}, n) for n, s in (("a", before), ("b", after))
    ]
    clustered = compare(*runs, margin=0.02).benchmark("t")
    assert clustered.clusters == 10 and clustered.verdict is Verdict.INCONCLUSIVE
    assert plain.verdict is Verdict.REGRESSED
    assert clustered.interval.high - clustered.interval.low > 3 * (plain.interval.high - plain.interval.low)


def test_forgetting_without_chance_and_net_of_noise(tmp_path: Path) -> None:
    before, after = flipped(1_000, 600, 150, 40)
    again = before.copy()
    again[0] = again[1] = 0.0
    runs = [
        made_run(tmp_path / n, {"t": made_rows("t", s)}, n, chance=0.25)
        for n, s in (("a", before), ("b", after), ("n", again))
    ]
    table = compare(runs[0], runs[1], noise=runs[2]).benchmark("t").forgetting
    assert table is not None
    assert (table.lost, table.gained, table.both_right, table.both_wrong) == (150, 40, 450, 360)
    assert table.retention == 0.75
    assert table.lost_adjusted == pytest.approx((0.150 - 0.360 / 3) / 0.75)
    assert (table.noise_lost, table.noise_gained) == (0.002, 0.0)
    assert table.net_lost == pytest.approx(0.148)


def test_a_drop_that_is_only_truncation_is_said_to_be_that(tmp_path: Path) -> None:
    before, after = flipped(400, 300, 60, 0)
    cut = ["length" if b > a else "stop" for b, a in zip(before, after)]
    one = made_run(tmp_path / "a", {"t": made_rows("t", before)}, "a")
    other = made_run(tmp_path / "b", {"t": made_rows("t", after, finish_reason=cut)}, "b")
    result = compare(one, other, margin=0.02).benchmark("t")
    assert result.verdict is Verdict.REGRESSED and result.truncation_only
    assert result.difference_untruncated == 0.0
    assert "only truncation" in result.explanation
    shift = {s.kind: s for s in result.shifts}["truncation"]
    assert (shift.before, shift.after, shift.notable) == (0.0, 0.15, True)
    both = flipped(400, 300, 120, 0)[1]
    partly = made_run(tmp_path / "c", {"t": made_rows("t", both, finish_reason=cut)}, "c")
    assert not compare(one, partly, margin=0.02).benchmark("t").truncation_only


def test_shifts(tmp_path: Path) -> None:
    n = 200
    said = ["I'm sorry, but I can't help with that." if i % 2 else "C'est le nombre dans la liste" for i in range(n)]
    one = made_run(tmp_path / "a", {"t": made_rows("t", [1.0] * n, prompt="What is the sum of the two and why?")}, "a")
    changed = made_rows(
        "t",
        [1.0] * n,
        prompt="What is the sum of the two and why?",
        completion=said,
        extracted=[None if i % 4 == 0 else "1" for i in range(n)],
        tokens=40,
    )
    shifts = {s.kind: s for s in compare(one, made_run(tmp_path / "b", {"t": changed}, "b")).benchmark("t").shifts}
    assert shifts["refusal"].after == 0.5 and shifts["refusal"].notable
    assert shifts["format_failure"].after == 0.25 and shifts["format_failure"].notable
    assert shifts["length"].unit == "tokens" and shifts["length"].after == 40 and shifts["length"].notable
    assert "truncation" in shifts and not shifts["truncation"].notable


def test_language_switch(tmp_path: Path) -> None:
    english, french = "It is the sum of the two and that is why", "C'est la somme des deux et il est dans la liste"
    rows = [
        made_rows("t", [1.0] * 100, prompt="What is the sum of the two, and why is that?", completion=text)
        for text in (english, french)
    ]
    runs = [made_run(tmp_path / n, {"t": r}, n) for n, r in zip("ab", rows)]
    shift = {s.kind: s for s in compare(*runs).benchmark("t").shifts}["language"]
    assert (shift.before, shift.after, shift.notable) == (0.0, 1.0, True)


def test_categories_are_exploratory(tmp_path: Path) -> None:
    before, after = flipped(300, 200, 30, 0)
    names = ["history" if i < 100 else "law" for i in range(300)]
    runs = [
        made_run(tmp_path / n, {"t": made_rows("t", s, category=names)}, n) for n, s in (("a", before), ("b", after))
    ]
    result = compare(*runs).benchmark("t")
    assert [(c.name, c.n, c.lost, c.gained) for c in result.categories] == [("history", 100, 30, 0), ("law", 200, 0, 0)]
    assert result.categories[0].q == pytest.approx(2 * result.categories[0].p_two_sided)


def test_a_bare_file_is_warned_about_not_refused(tmp_path: Path) -> None:
    for name in "ab":
        rows = made_rows("t", [1.0, 0.0, 1.0])
        (tmp_path / f"{name}.jsonl").write_text("".join(encode(row) + "\n" for row in rows))
    comparison = compare(load(tmp_path / "a.jsonl"), load(tmp_path / "b.jsonl"))
    assert comparison.before.provenance == "unknown"
    assert any("unknown provenance" in warning for warning in comparison.warnings)


def test_scores_on_another_scale(tmp_path: Path) -> None:
    from holdfast.compare import Columns

    for name, shift in (("a", 0), ("b", 1)):
        lines = [json.dumps({"question": f"q{i}", "rating": 4 + i % 3 + shift}) for i in range(60)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    columns = Columns(score="rating", scale=10, task="judge")
    result = compare(load(tmp_path / "a.jsonl", columns), load(tmp_path / "b.jsonl", columns)).benchmarks[0]
    assert result.difference == pytest.approx(0.1) and result.verdict is Verdict.IMPROVED
    with pytest.raises(DataError, match="between 0 and 1"):
        load(tmp_path / "a.jsonl", Columns(score="rating"))
    with pytest.raises(DataError, match=r"a\.jsonl.*name it with score="):
        load(tmp_path / "a.jsonl", Columns())


def test_policy(tmp_path: Path) -> None:
    tasks = {"math": (500, 300, 40, 10), "facts": (500, 400, 20, 20), "toy": (100, 90, 60, 0)}
    settings = {
        "margin": 3,
        "ignore": ["toy"],
        "required": ["facts", "code"],
        "min_items": 400,
        "benchmarks": {"math": {"allowed_drop": 10}, "facts": {"margin": 1, "non_inferior": True}},
    }
    comparison = _runs(tmp_path, tasks, policy=parse_policy(settings))
    assert comparison.margin == 0.03 and comparison.margin_origin == "policy"
    assert comparison.benchmark("toy").role == "ignored"
    assert comparison.benchmark("math").verdict is Verdict.NON_INFERIOR
    checks = {(check.name, check.task): check.passed for check in comparison.checks}
    assert checks["required", "code"] is False and checks["required", "facts"] is True
    assert checks["min_items", "math"] is True and checks["non_inferior", "facts"] is None
    assert comparison.decision is Decision.INCONCLUSIVE
    without = _runs(tmp_path, tasks, policy=parse_policy({"margin": 3, "ignore": ["toy"]}))
    assert without.decision is Decision.REGRESSED and without.benchmark("math").verdict is Verdict.REGRESSED


def test_a_skill_traded_away_has_its_own_limit(tmp_path: Path) -> None:
    tasks = {"facts": (1_000, 600, 10, 10), "style": (500, 400, 60, 5)}
    policy = parse_policy({"margin": 2, "benchmarks": {"style": {"allowed_drop": 15}}})
    kept = _runs(tmp_path / "1", tasks, policy=policy)
    assert kept.decision is Decision.PASS and kept.macro is not None and kept.macro.tasks == 1
    assert kept.benchmark("style").verdict is Verdict.NON_INFERIOR and "style -11.0" in kept.sentence
    lower = parse_policy({"margin": 2, "benchmarks": {"style": {"allowed_drop": 5}}})
    assert _runs(tmp_path / "2", tasks, policy=lower).benchmark("style").verdict is Verdict.REGRESSED
    alone = _runs(tmp_path / "3", {"style": tasks["style"]}, policy=policy)
    assert alone.macro is None and alone.decision is Decision.PASS


def test_families_have_holm_of_their_own(tmp_path: Path) -> None:
    tasks = {f"k{i}": (500, 400, 20, 20) for i in range(5)} | {"code": (500, 400, 26, 12)}
    alone = _runs(tmp_path, tasks, margin=0.05)
    assert alone.benchmark("code").verdict is not Verdict.REGRESSED
    policy = parse_policy({"margin": 5, "families": {"code": {"tasks": ["code"], "margin": 1}}})
    apart = _runs(tmp_path, tasks, policy=policy)
    assert apart.benchmark("code").verdict is Verdict.REGRESSED
    assert [check.passed for check in apart.checks if check.name == "family"] == [None]


def test_ignored_items_and_a_largest_margin(tmp_path: Path) -> None:
    policy = parse_policy({"ignore_items": {"t": [0, 1]}, "max_margin": 0.5})
    comparison = _runs(tmp_path, {"t": (100, 80, 5, 5)}, policy=policy)
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


def test_from_json_refuses_what_is_no_comparison(tmp_path: Path) -> None:
    record = _runs(tmp_path, {"t": (50, 30, 2, 2)}).to_json()
    for broken, word in (
        ({**record, "schema": 99}, "schema 99"),
        ({**record, "decision": "MAYBE"}, "cannot be 'MAYBE'"),
        ({**record, "extra": 1}, "unknown field 'extra'"),
        ({**record, "margin": "x"}, "must be a number"),
    ):
        with pytest.raises(DataError, match=word):
            Comparison.from_json(broken)
