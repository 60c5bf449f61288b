"""A newcomer's first pages: their commands, in order, in an empty folder, with a model and data of the reader's."""

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.paths import ROOT
from helpers.tutorials import blocks, play, run_block, surroundings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
START = ROOT / "docs" / "start.md"
HERE = {"MODEL": "tiny", "DATA.jsonl": "my.jsonl", "suite=quick": "suite=[tiny_upper,tiny_reverse,tiny_subtraction]"}
"""What the reader puts in; the demo is made shorter."""


def _filled(text: str) -> str:
    text = re.sub(r"^pip install.*$", "", text, flags=re.MULTILINE)
    text = text.replace("holdfast demo", "holdfast demo steps=10 limit=20")
    for name, value in HERE.items():
        text = text.replace(name, value)
    return text.replace("trainer=sft", "trainer=sft limit=20 trainer.args.max_steps=5")


def _prepare(folder: Path) -> None:
    rows = [{"prompt": f"Compute {n + 20} - {n}", "completion": "20"} for n in range(60)]
    (folder / "my.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, right in (("before", "42"), ("after", "41")):
        scored = [{"id": n, "prompt": f"p{n}", "completion": f"so {right}", "reference": "42"} for n in range(30)]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in scored))


def test_its_commands_lead_to_a_report(tmp_path: Path) -> None:
    environment, work = surroundings(tmp_path), tmp_path / "work"
    work.mkdir()
    _prepare(work)
    for block in blocks(START):
        if block.runs:
            run_block(replace(block, text=_filled(block.text)), work, environment)
    for report in ("runs/demo/alone", "runs/mine", "runs/again"):
        assert (work / report / "report.html").is_file(), report
    assert (work / "report.html").is_file()


def test_the_page_of_ones_own_reward_leads_to_a_training(tmp_path: Path) -> None:
    assert list(play(ROOT / "docs" / "own-reward.md", tmp_path)) == []
    (report,) = (tmp_path / "work" / "runs").glob("*/report.html")
    assert "my_rewards:close" in (report.parent / "manifest.json").read_text()


@pytest.mark.parametrize("number", [0, 1])
def test_both_shapes_of_a_row_are_read(number: int, tmp_path: Path) -> None:
    (shown,) = [block for block in blocks(START) if block.language == "json"]
    row = shown.text.splitlines()[number]
    (tmp_path / "rows.jsonl").write_text(f"{row}\n" * 8)
    words = ["holdfast", "data", "card", "rows.jsonl", "--json"]
    done = subprocess.run(words, cwd=tmp_path, env=surroundings(tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["trainer"] == "sft"
