"""Recorded samples under another project's grader and ours: the counts add up and the differences are the real ones."""

import json
from pathlib import Path

import pytest
from helpers.paths import shared

from holdfast import Reward, UsageError
from holdfast.cli import main
from holdfast.errors import DataError
from holdfast.scoring.grader_diff import diff

FIELDS: dict[str, str | None] = {"completion": "completion", "reference": "reference"}


def _file(folder: Path, rows: list[dict[str, object]]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("grader", ["math_verify", "trl"])
def test_differences_from_math_graders_on_known_rows(tmp_path: Path, grader: str) -> None:
    rows: list[dict[str, object]] = [
        {"completion": r"so $\boxed{\frac{1}{2}}$", "reference": r"\frac{1}{2}"},
        {"completion": r"so $\boxed{3}$", "reference": "4"},
        {"completion": r"so $\boxed{\text{East}}$", "reference": "east"},
    ]
    found = diff(_file(tmp_path, rows), grader, Reward("math"), FIELDS)
    assert (found.rows, found.both_pass, found.both_fail) == (3, 1, 1)
    assert [one.where.rpartition(":")[2] for one in found.differences] == ["3"]
    assert (found.differences[0].ours, bool(found.differences[0].theirs)) == (1.0, False)


def test_counts_add_up_on_recorded_completions(tmp_path: Path) -> None:
    lines = shared("gsm8k", "example_model_solutions.jsonl").open(encoding="utf-8")
    rows: list[dict[str, object]] = [json.loads(line) for line in lines][:150]
    fields = {"completion": "175b_verification.solution", "reference": "ground_truth"}
    fields["recorded"] = "175b_verification.is_correct"
    found = diff(_file(tmp_path, rows), "recorded", Reward("numeric"), fields)
    counted = found.both_pass + found.both_fail + found.only_theirs + found.only_ours
    assert (found.rows, counted) == (150, 150)
    assert len(found.differences) == found.only_theirs + found.only_ours
    same = diff(_file(tmp_path, rows), "numeric", Reward("numeric"), fields)
    assert same.differences == []


def test_lm_evals_rows_are_of_one_filter(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"resps": [["18"]], "target": "#### 18", "filter": name, "exact_match": value}
        for name, value in (("strict-match", 0.0), ("flexible-extract", 1.0))
    ]
    fields: dict[str, str | None] = {"completion": "resps.0.0", "reference": "target", "recorded": "exact_match"}
    path = _file(tmp_path, rows)
    with pytest.raises(DataError, match=r"several filters \(strict-match, flexible-extract\)"):
        diff(path, "recorded", Reward("numeric"), fields)
    strict = diff(path, "recorded", Reward("numeric"), {**fields, "filter": "strict-match"})
    assert (strict.rows, strict.only_ours) == (1, 1)
    assert diff(path, "recorded", Reward("numeric"), {**fields, "filter": "flexible-extract"}).both_pass == 1


def test_their_faults_are_told_and_are_no_zero(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"completion": "1", "reference": "1", "said": "yes"}]
    found = diff(_file(tmp_path, rows), "recorded", Reward("math"), {**FIELDS, "recorded": "said"})
    assert found.differences[0].theirs is None
    assert "raised ValueError" in found.differences[0].their_note


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _file(tmp_path, [{"completion": "The answer is 1.0", "reference": "1", "exact_match": 0.0}])
    out = tmp_path / "differences.jsonl"
    words = ["rewards", "replay", str(path), "with=recorded", "recorded=exact_match", f"out={out}"]
    assert main(words) == 0
    assert "only here 1" in capsys.readouterr().out
    assert json.loads(out.read_text())["ours"] == 1.0
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["only_ours"] == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["with=math_verfy"], "did you mean 'math_verify'"),
        (["with=recorded"], "needs recorded=FIELD"),
        ([], "diff FILE with=GRADER"),
        (["with=trl", "toleranse=1"], "did you mean 'tolerance'"),
    ],
)
def test_a_bad_diff_is_said(
    words: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _file(tmp_path, [{"completion": "1", "reference": "1"}])
    assert main(["rewards", "replay", str(path), *words]) == 64
    assert expected in capsys.readouterr().err


def test_a_grader_that_is_not_installed(tmp_path: Path) -> None:
    try:
        import verl  # noqa: F401
    except ImportError:
        with pytest.raises(UsageError, match="needs its package"):
            diff(_file(tmp_path, [{"completion": "1", "reference": "1"}]), "verl", Reward("math"), FIELDS)
