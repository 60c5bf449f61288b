"""What a benchmark shows beside its verdict: forgetting, truncation, shifts, categories."""

from pathlib import Path

import pytest
from helpers.made_runs import flipped, made_rows, made_run

from holdfast.compare import Verdict, compare
from holdfast.report import text


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
    cut = ["length" if b > a else "stop" for b, a in zip(before, after, strict=True)]
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
    runs = [made_run(tmp_path / n, {"t": r}, n) for n, r in zip("ab", rows, strict=False)]
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


def test_graded_scores_have_a_histogram_of_their_changes(tmp_path: Path) -> None:
    """Ninety items as they were, six that lost a half, four that gained a quarter; drawn in the page."""
    before, after = [0.5] * 100, [0.5] * 90 + [0.0] * 6 + [0.75] * 4
    runs = [made_run(tmp_path / n, {"t": made_rows("t", s)}, n) for n, s in (("a", before), ("b", after))]
    comparison = compare(*runs, margin=0.05)
    counts = comparison.benchmark("t").histogram
    assert sum(counts) == 100 and len(counts) == 20 and sorted(counts)[-3:] == [4, 6, 90]
    assert counts.index(6) < counts.index(90) < counts.index(4)
    assert text(comparison, "html", {}).count("<rect") >= 3
