"""The audit of anybody's grader: planted defects are found by their kind, sound graders have none."""

import json
from pathlib import Path

import pytest
from helpers import planted_graders
from helpers.planted_graders import CLEAN, PLANTED

from holdfast.benchmarks.environments.graders.audit import KINDS, GraderCard, audit_grader
from holdfast.benchmarks.environments.graders.corpus import items
from holdfast.benchmarks.environments.graders.foreign import Grader, grader_of
from holdfast.cli import main
from holdfast.errors import UsageError

FILE = Path(planted_graders.__file__)


def card_of(name: str, count: int = 6) -> GraderCard:
    """The card of one of the planted graders."""
    grader = Grader(f"{FILE}:{name}", timeout=3.0)
    try:
        return audit_grader(grader, items(count), name)
    finally:
        grader.close()


def test_every_kind_of_finding_is_planted() -> None:
    assert len(PLANTED) >= 10
    assert set().union(*PLANTED.values()) == set(KINDS)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_defect_is_found(name: str) -> None:
    found = {finding.kind for finding in card_of(name).findings}
    assert found >= PLANTED[name], found


@pytest.mark.parametrize("name", CLEAN)
def test_a_sound_grader_has_no_finding(name: str) -> None:
    card = card_of(name, 12)
    assert [str(finding) for finding in card.findings] == []
    assert card.own is not None and card.own.count == card.own.of == 12
    assert "| none |" in card.markdown()


def test_the_cheapest_text_is_named() -> None:
    card = card_of("pays_for_nothing")
    assert card.cheapest == ("nothing", pytest.approx(0.1))
    assert "Cheapest text that earns: nothing (0.100)" in card.markdown()


@pytest.mark.parametrize("name", ["numeric", "math"])
def test_rewards_of_ours_are_audited_as_any_other(name: str) -> None:
    grader = grader_of(name, {}, None, 20.0)
    card = audit_grader(grader, items(6), name)
    grader.close()
    assert not card.findings


def test_the_command_prints_and_writes_a_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["rewards", "audit", f"{FILE}:substring", "items=3", f"card={tmp_path / 'card.md'}", "--json"]
    assert main(words) == 0
    assert {one["kind"] for one in json.loads(capsys.readouterr().out)["findings"]} == {"wrong", "hedge"}
    assert "Card of grader" in (tmp_path / "card.md").read_text()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["no_such_module:f"], "ModuleNotFoundError"),
        ([f"{FILE}:no_such_function"], "no_such_function"),
        (["/no/such.py:f"], "no file"),
        (["module:"], "module:function"),
        (["nummeric"], "did you mean 'numeric'"),
        (["numeric", "python=/x"], "python= is for"),
        ([f"{FILE}:substring", "items=1"], "items="),
        ([f"{FILE}:substring", "timeout=0"], "timeout="),
        ([f"{FILE}:substring", "python=/no/python"], "no interpreter"),
    ],
)
def test_mistakes_are_one_line(words: list[str], wanted: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rewards", "audit", *words]) == 64
    captured = capsys.readouterr()
    assert wanted in captured.err and captured.err.count("\n") == 1, captured.err


def test_an_option_that_a_grader_does_not_take_is_refused() -> None:
    with pytest.raises(UsageError, match="tolerence"):
        grader_of("numeric", {"tolerence": 1}, None, 5.0)
