"""The command lines that a Markdown page shows: in its blocks and between backticks, as words of a shell."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.fences import fences, without_fences
from helpers.paths import ROOT
from holdfast.cli import VERBS, load

_READERS = r"=(?:MODEL|DATA)(?:\.jsonl)?$|=my_rewards:|=suite\.yaml$"
"""What the reader has or writes: a placeholder, a module or a suite that the page shows."""

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@dataclass(frozen=True)
class Shown:
    """One `holdfast VERB …`."""

    page: str
    verb: str
    words: tuple[str, ...]
    whole: bool
    """Nothing is left to the reader (`model=…`, `…`)."""

    def __str__(self) -> str:
        return f"{self.page}: holdfast {' '.join([self.verb, *self.words])}"


def shown(pages: list[Path] = PAGES) -> Iterator[Shown]:
    """Every command of the pages; a block's comments are no part of one."""
    for verb in VERBS:
        for line in _help_lines(load(verb).__doc__ or ""):
            yield from (_command(f"{verb} --help", command) for command in re.findall(r"^holdfast (.*)$", line))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for line in [*_block_lines(text), *_spans(text)]:
            for command in re.findall(r"(?:^|[\s'\"(])holdfast ([a-z]+(?: .*)?)$", line):
                yield _command(page.relative_to(ROOT).as_posix(), command)


def _help_lines(text: str) -> Iterator[str]:
    """Of a verb's help: what stands behind a command is set apart by spaces."""
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        yield re.split(r"\s{2,}", line.strip())[0]


def _block_lines(text: str) -> Iterator[str]:
    for fence in fences(text):
        if fence.language in ("", "bash", "console", "sh", "shell", "yaml"):
            for line in re.sub(r"\\\n\s*", "", fence.text).splitlines():
                yield re.split(r"\s+#(?=\s|$)", line)[0].strip()


def _spans(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", without_fences(text)):
        for span in re.findall(r"`([^`]+)`", paragraph):
            yield re.sub(r"\s+", " ", span).strip()


def _command(page: str, text: str) -> Shown:
    text = re.split(r"\s(?:\|\|?|&&|>|2>|<)\s", text)[0]
    try:
        words = shlex.split(text)
    except ValueError:  # a quotation that a script closes later (`… train '"$*"`)
        words = shlex.split(text.partition("'")[0])
    kept = [word for word in words[1:] if "…" not in word and not re.search(rf"[$<]|^\.\.\.$|{_READERS}", word)]
    return Shown(page, words[0], tuple(kept), whole=len(kept) == len(words) - 1)
