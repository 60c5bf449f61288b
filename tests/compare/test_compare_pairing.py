"""Pairing items, and refusing with the difference named what cannot be compared."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.made_runs import flipped, made_comparison, made_rows, made_run
from helpers.paths import shared

from holdfast.compare import Comparison, Decision, Verdict, compare, load
from holdfast.errors import DataError, UsageError
from holdfast.runs.row import encode


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
    assert few.decision is Decision.REGRESSED and any("1 item left out" in w for w in few.warnings)
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


def test_another_harness_output(tmp_path: Path) -> None:
    path = shared("tau_bench", "gpt-4o-airline.json.gz")
    result = compare(load(path), load(path)).benchmarks[0]
    assert (result.n, result.repeats) == (50, 4)
    assert result.before == result.after == pytest.approx(0.42)


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


def test_from_json_refuses_what_is_no_comparison(tmp_path: Path) -> None:
    record = made_comparison(tmp_path, {"t": (50, 30, 2, 2)}).to_json()
    for broken, word in (
        ({**record, "schema": 99}, "schema 99"),
        ({**record, "decision": "MAYBE"}, "cannot be 'MAYBE'"),
        ({**record, "extra": 1}, "unknown field 'extra'"),
        ({**record, "margin": "x"}, "must be a number"),
    ):
        with pytest.raises(DataError, match=word):
            Comparison.from_json(broken)
