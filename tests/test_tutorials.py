"""The tutorials of docs/tutorials do what they show: every block runs, in order, in one new folder.

A comment before a block says what is particular: `file=NAME` (its content), `exit=1,2` (allowed exit codes; default 0),
`background=PORT` (a server, until the end), `skip` (needs what is not here).
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers.paths import ROOT
from helpers.reward_server import stop, wait_ready

pytestmark = pytest.mark.slow
PAGES = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
BLOCK = re.compile(r"^(?:<!-- (\w+)(?:=(\S+))? -->\n)?```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One block of a page."""

    language: str
    text: str
    mark: str
    value: str


def _blocks(page: Path) -> Iterator[Block]:
    for mark, value, language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        yield Block(language, text, mark, value)


def _environment(folder: Path) -> dict[str, str]:
    """`holdfast` is this interpreter's."""
    program = folder / "bin" / "holdfast"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m holdfast "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    sources = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(ROOT / "src")]))
    return {**os.environ, "PATH": path, "PYTHONPATH": sources, "HOLDFAST_CACHE": str(folder / "cache")}


def test_there_are_tutorials_in_order() -> None:
    assert [int(page.name.partition("-")[0]) for page in PAGES] == list(range(1, len(PAGES) + 1))
    assert len(PAGES) >= 8


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_does_what_it_shows(page: Path, tmp_path: Path) -> None:
    environment = _environment(tmp_path)
    folder = tmp_path / "work"
    folder.mkdir()
    ran = 0
    with ExitStack() as ends:
        for block in _blocks(page):
            if block.mark == "file":
                (folder / block.value).write_text(block.text)
            elif block.mark == "background":
                words = ["sh", "-c", f"exec {block.text}"]
                server = subprocess.Popen(words, cwd=folder, env=environment)
                ends.callback(stop, server)
                wait_ready(int(block.value), server)
            elif block.language in ("sh", "python") and block.mark != "skip":
                _run(block, folder, environment)
                ran += 1
    assert ran


def _run(block: Block, folder: Path, environment: dict[str, str]) -> None:
    command = ["sh", "-ec", block.text] if block.language == "sh" else [sys.executable, "-c", block.text]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    allowed = [int(code) for code in block.value.split(",")] if block.mark == "exit" else [0]
    assert result.returncode in allowed, f"{block.text}\n{result.stdout[-2000:]}\n{result.stderr[-3000:]}"
