"""The demo end to end: two real trainings of the embedded model, and what they did to its skills."""

import json
from pathlib import Path

import pytest

from holdfast.cli import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["there"], "takes no path: 'there'"),
        (["replay=1.5"], "between 0 and 1, not 1.5"),
        (["steps=0"], "at least 1, not 0"),
        (["step=5"], "did you mean 'steps'"),
    ],
)
def test_wrong_calls_are_one_line(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", *words]) == 64
    assert said in capsys.readouterr().err


def demo(out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    import torch

    torch.set_num_threads(2)
    monkeypatch.setenv("HOLDFAST_CACHE", str(out / "cache"))
    assert main(["demo", f"out={out}", *words]) == 0
    return capsys.readouterr().out


def test_a_short_demo_writes_both_reports_and_a_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two steps on eight items prove nothing, and the summary says so; `--json` prints one object."""
    record = json.loads(demo(tmp_path, monkeypatch, capsys, "steps=2", "limit=8", "--json"))
    for folder in record["runs"].values():
        names = {path.name for path in Path(folder).iterdir()}
        assert {"manifest.json", "before", "after", "checkpoint", "report.json", "report.html"} <= names
    journals = list((tmp_path / "cache" / "completions").glob("*/tiny_addition.jsonl"))
    assert len(journals) == 3  # of three models: the base is measured once
    alone, replay = record["comparisons"].values()
    for comparison in (alone, replay):
        assert comparison["tasks"]["tiny_subtraction"]["role"] == "target"
        assert comparison["forgotten"] == []
    before = [[task["before"] for task in one["tasks"].values()] for one in (alone, replay)]
    assert before[0] == before[1]
    assert "Subtraction, learned with and without replay" in Path(record["summary"]).read_text("utf-8")


@pytest.mark.slow
def test_the_demo_shows_forgetting_and_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = json.loads(demo(tmp_path, monkeypatch, capsys, "--json"))
    alone, replay = record["comparisons"].values()
    assert alone["tasks"]["tiny_subtraction"]["verdict"] == "IMPROVED"
    assert replay["tasks"]["tiny_subtraction"]["verdict"] == "IMPROVED"
    assert len(alone["forgotten"]) >= 3
    assert len(replay["forgotten"]) < len(alone["forgotten"])
    kept = [replay["tasks"][task]["after"] - alone["tasks"][task]["after"] for task in alone["forgotten"]]
    assert sum(kept) / len(kept) > 0.2
