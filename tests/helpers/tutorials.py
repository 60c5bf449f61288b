"""The tutorials' pages as programs: their blocks, run in order in one new folder, and the output that they show.

A comment before a block says what is particular:

    file=NAME          the block is that file's content
    exit=1,2           allowed exit codes (default 0)
    background=PORT    a server, until the page's end
    skip               needs what is not here
    output             what the block before printed; `make tutorials` writes it
    output=like        the same, but trainings of other machines round differently: words must agree, in any order, and
                       numbers need not
    output=like,2-9    of it the lines 2 to 9 (also `output=2-9`)
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from helpers.paths import ROOT
from helpers.reward_server import stop, wait_ready

PAGES = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
BLOCK = re.compile(r"^(?:<!-- (\w+)(?:=(\S+))? -->\n)?```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_VARYING = re.compile(
    r"\b[\d,]+(?:\.\d+)? (?:s|ms|seconds|minutes|min|h)\b|\b[\d,]+(?:\.\d+)?(?: \w+)?/s\b|\b[\d.]+ ?[KMG]i?B\b"
)
"""What differs from machine to machine and from minute to minute."""


@dataclass(frozen=True)
class Block:
    """One block of a page."""

    language: str
    text: str
    mark: str
    value: str
    start: int
    """Where its text begins in the page."""

    @property
    def runs(self) -> bool:
        """Whether it is a command or a program to run."""
        return self.language in ("sh", "python") and self.mark in ("", "exit", "background")

    @property
    def allowed(self) -> list[int]:
        """The exit codes that are as told."""
        return [int(code) for code in self.value.split(",")] if self.mark == "exit" else [0]


@dataclass(frozen=True)
class Shown:
    """An output that a page shows, and what its run printed."""

    block: Block
    printed: str

    @property
    def expected(self) -> str:
        """The part of what was printed that the page shows."""
        if not (found := re.search(r"(\d+)-(\d+)", self.block.value)):
            return self.printed
        lines = self.printed.splitlines(keepends=True)
        return "".join(lines[int(found[1]) - 1 : int(found[2])])

    @property
    def agrees(self) -> bool:
        """Whether the page shows what was printed."""
        return self._kept(self.block.text) == self._kept(self.expected)

    def _kept(self, text: str) -> list[str]:
        text = _VARYING.sub("", text)
        return sorted(re.findall(r"[A-Za-z]{2,}", text)) if "like" in self.block.value else text.split()


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, in order."""
    for found in BLOCK.finditer(page.read_text(encoding="utf-8")):
        mark, value, language, text = found.groups()
        yield Block(language, text, mark or "", value or "", found.start(4))


def play(page: Path, folder: Path) -> Iterator[Shown]:
    """Run a page in a folder: what it shows, with what came of it. AssertionError: another exit code than told."""
    environment, work = surroundings(folder), folder / "work"
    work.mkdir()
    printed = ""
    with ExitStack() as ends:
        for block in blocks(page):
            if block.mark == "file":
                (work / block.value).write_text(block.text)
            elif block.mark == "background":
                server = subprocess.Popen(["sh", "-c", f"exec {block.text}"], cwd=work, env=environment)
                ends.callback(stop, server)
                wait_ready(int(block.value), server)
            elif block.mark == "output":
                yield Shown(block, printed)
            elif block.runs:
                printed = run_block(block, work, environment)


def run_block(block: Block, folder: Path, environment: dict[str, str]) -> str:
    """Run one; what it printed. Raises AssertionError for another exit code than told."""
    command = ["sh", "-ec", block.text] if block.language == "sh" else [sys.executable, "-c", block.text]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode in block.allowed, f"{block.text}\n{result.stdout[-2000:]}\n{result.stderr[-3000:]}"
    return "".join(line.rstrip() + "\n" for line in result.stdout.strip("\n").splitlines())


def surroundings(folder: Path) -> dict[str, str]:
    """`holdfast` is this interpreter's."""
    program = folder / "bin" / "holdfast"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m holdfast "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    sources = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(ROOT / "src")]))
    return {**os.environ, "PATH": path, "PYTHONPATH": sources, "HOLDFAST_CACHE": str(folder / "cache")}
