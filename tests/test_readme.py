"""What the README shows is what happens."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.fences import fences
from helpers.paths import ROOT, shared

README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return [fence.text for fence in fences(README) if fence.language == language]


def test_the_first_console_block_prints_what_it_shows(tmp_path: Path) -> None:
    (tmp_path / "example_model_solutions.jsonl").symlink_to(shared("gsm8k", "example_model_solutions.jsonl"))
    lines = _blocks("console")[0].splitlines()
    commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    shown = [line for line in lines if not line.startswith("$ ")]
    printed = ""
    for command in commands:
        words = [sys.executable, "-m", *shlex.split(command)]
        result = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        printed = result.stdout
    assert [line.rstrip() for line in shown if line.strip()] == [
        line.rstrip() for line in printed.splitlines()[: len(shown)] if line.strip()
    ]
    assert (tmp_path / "report.html").is_file()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_every_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_every_verb_it_shows_exists() -> None:
    from holdfast.cli import VERBS

    assert set(re.findall(r"\bholdfast (\w+) ", " ".join(_blocks("console") + _blocks("")))) <= set(VERBS)
