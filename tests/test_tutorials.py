"""The tutorials of docs/tutorials do what they show: every block runs, and every output shown is what was printed."""

import re
from pathlib import Path

import pytest
from helpers.tutorials import PAGES, Block, Shown, blocks, play


def test_there_are_tutorials_in_order() -> None:
    assert [int(page.name.partition("-")[0]) for page in PAGES] == list(range(1, len(PAGES) + 1))
    assert len(PAGES) >= 9


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_shows_what_it_does(page: Path) -> None:
    found = list(blocks(page))
    assert any(block.runs for block in found)
    shown = [block for block in found if block.mark == "output"]
    assert shown, "no output is shown"
    assert all(block.text.strip() for block in shown), "an output is empty: run `make tutorials`"
    outputs = [block for block in found if block.language == "text"]
    assert outputs == shown, "an output is written by hand"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_reader_is_told_what_each_file_is_called(page: Path) -> None:
    """The mark above a block is a comment, which nobody sees on the site."""
    text = page.read_text(encoding="utf-8")
    for found in re.finditer(r"<!-- file=(\S+) -->", text):
        before = text[: found.start()].rstrip().rpartition("\n\n")[2]
        assert f"`{found[1]}`" in before, found[1]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_does_what_it_shows(page: Path, tmp_path: Path) -> None:
    for shown in play(page, tmp_path):
        assert shown.agrees, f"the page shows\n{shown.block.text}\nand was printed\n{shown.expected}"


@pytest.mark.parametrize(
    ("mark", "page", "printed", "agrees"),
    [
        ("", "it is 4", "it is 4", True),
        ("", "it is 4", "it is 5", False),
        ("", "done in 12 s", "done in 3 s", True),
        ("like", "change −2.5 ▼ Regressed", "change −3.0 ▼ Regressed", True),
        ("like", "change −2.5 ▼ Regressed", "change −2.5 ● Held", False),
        ("like,2-2", "held", "lost\nheld\n", True),
        ("2-3", "b\nc", "a\nb\nc\nd\n", True),
        ("2-3", "b\nd", "a\nb\nc\nd\n", False),
    ],
)
def test_an_output_that_rots_is_noticed(mark: str, page: str, printed: str, agrees: bool) -> None:
    assert Shown(Block("text", page, "output", mark, 0), printed).agrees is agrees
