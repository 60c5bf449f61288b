"""Whatever two runs hold, they are refused by name or judged without contradiction."""

import json
import math
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.made_runs import made_rows, made_run
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.compare import Comparison, Decision, Verdict, compare, load
from holdfast.errors import DataError
from holdfast.report import text
from holdfast.runs.row import Row, encode
from holdfast.stats.paired import mcnemar_midp

binary = st.sampled_from([0.0, 1.0])
anything = st.one_of(st.none(), binary, st.floats(0, 1, allow_subnormal=False), st.sampled_from([0.5, 0.25]))


@st.composite
def pairs(draw: st.DrawFn, score: st.SearchStrategy[Any] = anything, least: int = 1) -> tuple[list[Any], list[Any]]:
    """Scores of the same items in two runs."""
    size = draw(st.integers(least, 40))
    return draw(st.lists(score, min_size=size, max_size=size)), draw(st.lists(score, min_size=size, max_size=size))


def judged(before: dict[str, list[Row]], after: dict[str, list[Row]], **more: Any) -> Comparison:
    """Compare two runs written to disk."""
    with tempfile.TemporaryDirectory() as place:
        runs = [made_run(Path(place) / n, tasks, n) for n, tasks in (("before", before), ("after", after))]
        return compare(*runs, **{"margin": 0.05, **more})


def check(comparison: Comparison) -> None:
    """Nothing in a comparison contradicts anything else in it."""
    for one in comparison.benchmarks:
        assert one.bounds is not None
        low, high = one.interval.low, one.interval.high
        assert low <= one.bounds.low <= one.difference + 1e-9 and one.difference - 1e-9 <= one.bounds.high <= high
        for p in (one.p_regressed, one.p_improved, one.holm_regressed, one.holm_improved):
            assert 0 <= p <= 1
        if one.verdict is Verdict.REGRESSED:
            assert one.difference < 0 and one.holm_regressed <= comparison.alpha and low < 0
        if one.verdict is Verdict.IMPROVED:
            assert one.difference > 0 and one.holm_improved <= comparison.alpha and high > 0
        if one.verdict is Verdict.NON_INFERIOR:
            assert one.bounds.low > -max(one.margin, one.allowed_drop) and one.holm_regressed > comparison.alpha
        if one.verdict is Verdict.BEYOND_MARGIN:
            assert high < -one.margin and one.holm_regressed > comparison.alpha
    regressed = any(b.verdict is Verdict.REGRESSED for b in comparison.benchmarks if b.role != "ignored")
    assert not regressed or comparison.decision is Decision.REGRESSED
    if comparison.decision is Decision.PASS and comparison.macro:
        assert comparison.macro.non_inferior and comparison.macro.lower_bound > -comparison.margin
    record = json.loads(json.dumps(comparison.to_json(), allow_nan=False))
    assert Comparison.from_json(record).to_json() == comparison.to_json()
    for form in ("md", "html"):
        assert comparison.sentence.split(" ")[0] in text(comparison, form, {})


@settings(max_examples=60, deadline=None)
@given(pairs(), pairs(binary))
def test_any_scores_are_refused_or_judged_without_contradiction(
    first: tuple[list[Any], list[Any]], second: tuple[list[Any], list[Any]]
) -> None:
    tasks = [{"a": made_rows("a", first[side]), "b": made_rows("b", second[side])} for side in (0, 1)]
    try:
        check(judged(*tasks))
    except DataError as error:
        assert "no item was judged in both runs" in str(error)
        assert all(x is None or y is None for x, y in zip(*first, strict=True))


@settings(max_examples=40, deadline=None)
@given(pairs(binary))
def test_runs_swapped_mirror(scores: tuple[list[float], list[float]]) -> None:
    here, there = made_rows("t", scores[0]), made_rows("t", scores[1])
    one, other = judged({"t": here}, {"t": there}).benchmarks[0], judged({"t": there}, {"t": here}).benchmarks[0]
    assert one.difference == -other.difference
    assert (one.interval.low, one.interval.high) == pytest.approx(
        (-other.interval.high, -other.interval.low), abs=1e-12
    )
    assert (one.p_regressed, one.p_improved) == (other.p_improved, other.p_regressed)
    assert one.p_regressed == float(mcnemar_midp(one.forgetting.lost, one.forgetting.gained))  # type: ignore[union-attr]


@settings(max_examples=30, deadline=None)
@given(pairs(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_is_of_no_account(scores: tuple[list[Any], list[Any]], dice: Any) -> None:
    here, there = made_rows("t", scores[0]), made_rows("t", scores[1])
    mixed = list(there)
    dice.shuffle(mixed)
    try:
        wanted = judged({"t": here}, {"t": there}).benchmarks[0]
    except DataError:
        with pytest.raises(DataError):
            judged({"t": here}, {"t": mixed})
        return
    found = judged({"t": here}, {"t": mixed}).benchmarks[0]
    assert (found.verdict, found.n) == (wanted.verdict, wanted.n)
    assert found.difference == pytest.approx(wanted.difference, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(pairs(), st.lists(st.sampled_from(["a", "b", "c", None]), min_size=40, max_size=40), st.integers(1, 3))
def test_clusters_and_repeats_of_any_shape(
    scores: tuple[list[Any], list[Any]], clusters: list[str | None], most: int
) -> None:
    """Clusters of one, clusters of all, items without one; an item answered more often in one run than the other."""
    labels = clusters[: len(scores[0])]
    here, there = (made_rows("t", side, cluster=list(labels)) for side in scores)
    again = [replace(row, repeat=number) for number in range(1, most) for row in there[: len(there) // 2 + 1]]
    try:
        comparison = judged({"t": here}, {"t": there + again})
    except DataError as error:
        assert "no item was judged" in str(error)
        return
    check(comparison)
    if most > 1:
        assert any("answers before" in warning for warning in comparison.warnings)


@pytest.mark.parametrize("score", [0.0, 1.0])
@pytest.mark.parametrize("n", [1, 2, 30, 100])
def test_all_ties_say_what_their_number_can(score: float, n: int) -> None:
    rows = {"t": made_rows("t", [score] * n)}
    comparison = judged(rows, rows, margin=None)
    check(comparison)
    assert comparison.benchmarks[0].p_regressed == 0.5 and comparison.margin <= 0.05
    assert comparison.decision is (Decision.PASS if n == 100 else Decision.INCONCLUSIVE)


def test_one_item_lost_is_no_proof() -> None:
    comparison = judged({"t": made_rows("t", [1.0])}, {"t": made_rows("t", [0.0])}, margin=None)
    check(comparison)
    assert comparison.decision is Decision.INCONCLUSIVE
    assert any("too small to clear a model: only a mean drop of 5 points" in warning for warning in comparison.warnings)


def test_another_rewards_version_and_no_common_item_are_refused(tmp_path: Path) -> None:
    rows = {"t": made_rows("t", [1.0, 0.0])}
    before = made_run(tmp_path / "a", rows, "a", version="1")
    after = made_run(tmp_path / "b", rows, "b", version="1", reward={"name": "exact_match", "version": "2"})
    with pytest.raises(DataError, match="version '1' before, '2' after"):
        compare(before, after)
    other = made_run(tmp_path / "c", {"t": [replace(r, doc_hash="x" + r.doc_hash) for r in rows["t"]]}, "c")
    with pytest.raises(DataError, match="share no item"):
        compare(before, other)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.5, 1.5, "high", [1]])
def test_scores_that_are_none_are_refused_with_their_line(tmp_path: Path, bad: Any) -> None:
    lines = [json.dumps({"id": i, "score": bad if i == 2 else 1}) for i in range(5)]
    (tmp_path / "table.jsonl").write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=r"table\.jsonl:3: .*(between 0 and 1|must be a number)"):
        load(tmp_path / "table.jsonl")
    rows = [json.loads(encode(row)) for row in made_rows("t", [1.0] * 5)]
    rows[2] |= {"score": bad}
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    with pytest.raises(DataError, match=r"rows\.jsonl:3"):
        load(tmp_path / "rows.jsonl")


def test_files_of_any_name_hold_the_same_benchmark(tmp_path: Path) -> None:
    """A stranger's two tables are compared whatever they are called; a `task` of their own tells benchmarks apart."""
    for name, shift in (("monday", 0), ("friday", 1)):
        plain = [{"question": f"q{i}", "correct": (i + shift) % 3 > 0} for i in range(30)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, plain)) + "\n")
        named = [row | {"task": "xy"[i % 2]} for i, row in enumerate(plain)]
        (tmp_path / f"{name}-2.jsonl").write_text("\n".join(map(json.dumps, named)) + "\n")
    check(compare(load(tmp_path / "monday.jsonl"), load(tmp_path / "friday.jsonl")))
    both = compare(load(tmp_path / "monday-2.jsonl"), load(tmp_path / "friday-2.jsonl"))
    assert [one.task for one in both.benchmarks] == ["x", "y"]
