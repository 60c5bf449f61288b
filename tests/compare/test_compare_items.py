"""Which rows are one item: ids that start anew, missing rows, several models, templates, a file against itself."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.made_runs import made_rows, made_run

from holdfast.cli import main
from holdfast.compare import Columns, Decision, compare, load
from holdfast.errors import DataError


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def subjects(change: int = 0, prompts: bool = True, **more: Any) -> list[dict[str, Any]]:
    """Five subjects of 100 items whose ids start anew in each: every subject is harder than the one before."""
    rows = []
    for subject in range(5):
        for number in range(100):
            right = (number * 7 + change) % 100 < 90 - 20 * subject
            row = {"id": number, "score": int(right), "subject": f"s{subject}", **more}
            rows.append(row | ({"prompt": f"Question {number} of subject {subject}?"} if prompts else {}))
    return rows


@pytest.mark.parametrize("prompts", [True, False])
def test_ids_that_restart_per_subject_are_not_repeats(tmp_path: Path, prompts: bool) -> None:
    """One subject's missing rows gave "improved +21.8": its hard questions had gone from the means of the ids."""
    before = load(table(tmp_path / "a.jsonl", subjects(prompts=prompts)))
    same = compare(before, load(table(tmp_path / "b.jsonl", subjects(prompts=prompts))), margin=0.01)
    assert (same.benchmarks[0].n, same.benchmarks[0].repeats, same.benchmarks[0].difference) == (500, 1, 0.0)
    fewer = [row for row in subjects(prompts=prompts) if row["subject"] != "s4"]
    after = load(table(tmp_path / "c.jsonl", fewer))
    with pytest.raises(DataError, match=r"100 only before.*allow_missing=20"):
        compare(before, after)
    allowed = compare(before, after, allow_missing=0.2)
    assert allowed.benchmarks[0].difference == 0.0 and allowed.benchmarks[0].n == 400
    assert any("100 only before" in w and "easier part" in w for w in allowed.warnings)
    with pytest.raises(DataError, match="allow_missing"):
        compare(before, after, allow_missing=0.1)


def test_unequal_rows_of_an_id_without_prompts_are_refused(tmp_path: Path) -> None:
    rows = [{key: row[key] for key in ("id", "score")} for row in subjects(prompts=False)]
    before, after = (load(table(tmp_path / f"{n}.jsonl", part)) for n, part in (("a", rows), ("b", rows[:-30])))
    with pytest.raises(DataError, match="are they repeats, or ids that start anew"):
        compare(before, after)


def test_baseline_repeats_are_no_missing_rows(tmp_path: Path) -> None:
    one = [{"id": i, "score": i % 2, "prompt": f"question {i}"} for i in range(200)]
    comparison = compare(load(table(tmp_path / "a.jsonl", one * 4)), load(table(tmp_path / "b.jsonl", one)))
    result = comparison.benchmarks[0]
    assert (result.n, result.repeats, result.repeats_before, result.difference) == (200, 4, 4, 0.0)


def test_a_baseline_with_repeats_is_compared_with_single_answers(tmp_path: Path) -> None:
    """Our own runs record how often they asked: eight answers before, one after, are compared, not refused."""
    runs = []
    for name, repeats in (("base", 8), ("new", 1)):
        ids = [str(i // repeats) for i in range(200 * repeats)]
        own = {
            "doc_id": ids,
            "doc_hash": ids,
            "prompt_hash": "p",
            "repeat": [i % repeats for i in range(200 * repeats)],
        }
        rows = made_rows("t", [float(int(i) % 4 > 0) for i in ids], **own)
        settings = {"max_tokens": 64, "temperature": 0.7, "do_sample": True, "repeats": repeats}
        runs.append(made_run(tmp_path / name, {"t": rows}, name, generation=settings))
    comparison = compare(*runs, margin=0.05)
    result = comparison.benchmark("t")
    assert (result.n, result.repeats_before, result.repeats, result.difference) == (200, 8, 8, 0.0)
    assert not any("measured once" in warning for warning in comparison.warnings)
    assert any("measured once" in warning for warning in compare(runs[1], runs[0], margin=0.05).warnings)


def test_several_models_in_a_file_are_never_mixed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = subjects(model="one") + subjects(change=3, model="two")
    path = table(tmp_path / "both.jsonl", rows)
    with pytest.raises(DataError, match=r"several models \('one', 'two'"):
        load(path)
    assert load(path, Columns(model="two")).tasks["samples"].n == 100
    code = main(["compare", str(path), "before=one", "after=two", "margin=3", "--json"])
    record = json.loads(capsys.readouterr().out)
    assert code == 0 and record["benchmarks"][0]["n"] == 500
    assert (record["before"]["name"], record["after"]["name"]) == ("one", "two")


def test_prompts_with_a_template_on_one_side_pair_by_question(tmp_path: Path) -> None:
    bare = [{"id": i, "score": i % 3 > 0, "prompt": f"What is {i} plus {i + 1}?"} for i in range(60)]
    dressed = [row | {"prompt": f"<|user|>\nQuestion: {row['prompt']}\nAnswer:<|end|>"} for row in bare]
    comparison = compare(load(table(tmp_path / "a.jsonl", bare)), load(table(tmp_path / "b.jsonl", dressed)))
    assert comparison.benchmarks[0].n == 60
    assert any("template" in warning for warning in comparison.warnings)
    others = [row | {"prompt": f"Who was number {row['id']} of them all?"} for row in bare]
    with pytest.raises(DataError, match="share no item"):
        compare(load(tmp_path / "a.jsonl"), load(table(tmp_path / "c.jsonl", others)))


def test_a_file_against_itself_is_told_and_provenance_once(tmp_path: Path) -> None:
    path = table(tmp_path / "a.jsonl", subjects())
    copy = table(tmp_path / "b.jsonl", subjects())
    for other in (path, copy):
        warnings = compare(load(path), load(other), margin=0.02).warnings
        assert sum("same file" in warning for warning in warnings) == 1
        assert sum("unknown provenance" in warning for warning in warnings) == 1


def test_rounding_is_no_change_and_graded_changes_are_listed_whole(tmp_path: Path) -> None:
    """0.7 − 0.2 is not 0.5, 0.1 + 0.2 is not 0.3; 62 items changed by less than half the scale, 6 by more."""
    before = [0.7] * 6 + [0.5] * 56 + [0.1 + 0.2] * 38
    after = [0.2] * 6 + [0.25] * 50 + [0.75] * 6 + [0.3] * 38
    runs = [made_run(tmp_path / n, {"t": made_rows("t", s)}, n) for n, s in (("a", before), ("b", after))]
    result = compare(*runs, margin=0.05).benchmark("t")
    assert len(result.flips) == 62
    assert sum(flip.direction == "lost" for flip in result.flips) == 56
    assert [round(flip.change, 2) for flip in result.flips[:6]] == [-0.5] * 6


LOSSES = {
    "brier": (0.10, 0.30),
    "perplexity": (4.0, 9.0),
    "errors": (0, 3),
    "nll": (0.5, 2.0),
    "error_rate": (0.05, 0.4),
}


@pytest.mark.parametrize("column", LOSSES)
def test_a_rise_of_a_loss_is_a_regression(tmp_path: Path, column: str) -> None:
    low, high = LOSSES[column]
    for name, value in (("a", low), ("b", high)):
        table(tmp_path / f"{name}.jsonl", [{"id": i, "prompt": f"q {i}", column: value} for i in range(80)])
    columns = Columns(score=column)
    runs = [load(tmp_path / f"{name}.jsonl", columns) for name in "ab"]
    assert compare(runs[0], runs[1]).decision is Decision.REGRESSED
    better = compare(runs[1], runs[0])
    assert better.decision is Decision.PASS and any("is a loss" in warning for warning in better.warnings)


@pytest.mark.parametrize("how", ["direction", "higher_is_better", "policy", "option"])
def test_every_way_to_say_that_lower_is_better(tmp_path: Path, how: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = {"direction": {"direction": "lower"}, "higher_is_better": {"higher_is_better": False}}.get(how, {})
    for name, value in (("a", 0.2), ("b", 0.6)):
        table(tmp_path / f"{name}.jsonl", [{"id": i, "score": value, "prompt": f"q {i}", **said} for i in range(80)])
    (tmp_path / "gate.yaml").write_text("direction: lower\n")
    words = {"policy": [f"policy={tmp_path / 'gate.yaml'}"], "option": ["direction=lower"]}.get(how, [])
    paths = [str(tmp_path / f"{name}.jsonl") for name in "ab"]
    assert main(["compare", *paths, *words]) == 1
    assert main(["compare", *paths[::-1], *words]) == 0
    assert "is a loss" in capsys.readouterr().out


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_tables_of_words(tmp_path: Path, suffix: str) -> None:
    between = "," if suffix == "csv" else "\t"
    for name, words in (("a", ("yes", "No")), ("b", ("True", "false"))):
        lines = [between.join(("id", "prompt", "correct", "subject"))]
        lines += [between.join((str(i), f'"what, is {i}?"', words[i % 2], f"s{i % 3}")) for i in range(90)]
        (tmp_path / f"{name}.{suffix}").write_text("\n".join(lines) + "\n")
    result = compare(load(tmp_path / f"a.{suffix}"), load(tmp_path / f"b.{suffix}"), margin=0.05).benchmarks[0]
    assert (result.n, result.before, result.after) == (90, 0.5, 0.5)
    assert [category.name for category in result.categories] == ["s0", "s1", "s2"]
    (tmp_path / f"c.{suffix}").write_text(f"id{between}score\n1{between}maybe\n")
    with pytest.raises(DataError, match="yes or no, not 'maybe'"):
        load(tmp_path / f"c.{suffix}")
    (tmp_path / f"d.{suffix}").write_text(f"id{between}score\n1{between}1{between}2\n")
    with pytest.raises(DataError, match="not as many values as the heading"):
        load(tmp_path / f"d.{suffix}")
