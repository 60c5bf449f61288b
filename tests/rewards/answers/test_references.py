"""References are data, not prose: what cannot be read whole is named before training."""

import json
from pathlib import Path

import pytest

from holdfast.cli import main
from holdfast.reward import Reward
from holdfast.rewards.answers.references import unjudgeable
from holdfast.sample import Sample

GOOD = [
    "72",
    "$2^n-1$ for all positive integers $n$",
    "x=k\\pi, k \\in \\mathbb{Z}",
    "Evelyn",
    "yes",
    "work\n#### 72",
    "12 (cats)",
]
BAD = [
    "The rocket reaches its height of 500 feet 10 seconds after lift-off.",
    "\\frac{1}{",
    "",
    "The modes are 3 of 7 and 5",
]


def test_what_cannot_be_judged_is_listed() -> None:
    found = unjudgeable(Reward("math"), [*GOOD, *BAD])
    assert [one.row for one in found] == list(range(len(GOOD), len(GOOD) + len(BAD)))
    assert all(row.reason for row in found)
    assert [found.row for found in unjudgeable(Reward("numeric"), ["2, 3", "4"])] == [0]
    choices = [{"choices": ["Rome", "Oslo"]}] * 2
    assert [found.row for found in unjudgeable(Reward("choice"), ["Oslo", "Berlin"], choices)] == [1]


@pytest.mark.parametrize(
    ("reference", "answer", "value"),
    [
        ("$2^n-1$ for all positive integers $n$", "n", 0.0),
        ("$2^n-1$ for all positive integers $n$", "2^n-1", 1.0),
        ("those congruent to 3 modulo 6", "6", 0.0),
        ("those congruent to 3 modulo 6", "n \\equiv 3 \\pmod 6", 1.0),
        ("2(a-b)", "2", 0.0),
        ("f(x)=x+3", "f(t)=t+3", 1.0),
        ("n^2", "k^2", 0.0),
    ],
)
def test_a_reference_is_read_whole(reference: str, answer: str, value: float) -> None:
    assert Reward("math").score(Sample(f"\\boxed{{{answer}}}", reference)).value == value


def test_the_command_names_every_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`holdfast data check` reads all rows; exit code 65 where a reference cannot be judged."""
    file = tmp_path / "rows.jsonl"
    rows = [{"prompt": "?", "reference": reference} for reference in [*GOOD, *BAD] * 200]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert main(["data", "check", str(file), "reward=math", "--json"]) == 65
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == len(rows)
    assert [one["row"] % (len(GOOD) + len(BAD)) for one in found["unjudgeable"]] == list(
        range(len(GOOD), len(GOOD) + len(BAD))
    ) * 200
    file.write_text(json.dumps(rows[0]) + "\n", "utf-8")
    assert main(["data", "check", str(file), "reward=math"]) == 0
    assert main(["data", "check", str(file)]) == 64


def test_a_huge_number_against_digits_in_a_base_is_wrong_and_no_error() -> None:
    score = Reward("math").score(Sample("\\boxed{101_2}", "2000!"))
    assert score.value == 0.0
    assert Reward("math").score(Sample("\\boxed{2000!}", "101_2")).value == 0.0
