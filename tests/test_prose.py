"""Every page can be read: nine sentences of ten have at most 30 words; and the counting itself."""

from itertools import pairwise
from pathlib import Path

import pytest
from helpers.paths import ROOT
from helpers.prose import ninth_tenth, sentences, words

LONGEST = 30
NAMES = ("README.md", "CONTRIBUTING.md", "AGENTS.md", "SECURITY.md", "CODE_OF_CONDUCT.md", "examples/plugin/README.md")
PAGES = [*(ROOT / name for name in NAMES), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_is_not_dense(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    long = sorted((s for s in sentences(text) if words(s) > LONGEST), key=words, reverse=True)
    assert ninth_tenth(text) <= LONGEST, "break these up:\n" + "\n".join(f"{words(s)}: {s}" for s in long)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_column_of_a_table_has_a_head(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").split("\n")
    heads = [
        line for line, rule in pairwise(lines) if line.startswith("|") and set(rule) <= set("|-: ") and "-" in rule
    ]
    assert [head for head in heads if not all(cell.strip() for cell in head.strip("| ").split("|"))] == []
    assert [head for head in heads if head[1:].lstrip().startswith("|")] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One is here. Two is there!", ["One is here.", "Two is there!"]),
        ("# A head\n\nOne line\nof two.", ["One line of two."]),
        ("- one item\n- two items", ["one item", "two items"]),
        ("| a b | c d |\n| --- | --- |\n| e f. G h | `x y` z |", ["a b", "c d", "e f.", "G h", "`x y` z"]),
        ("Before it:\n```sh\nholdfast demo\n```\nafter it.", ["Before it:", "after it."]),
        ("See e.g. this one. `code` begins one.", ["See e.g. this one.", "`code` begins one."]),
        ("It takes 2.5 s and v1.2 is fine.", ["It takes 2.5 s and v1.2 is fine."]),
        ("<!-- a remark of mine -->\nSeen by all.", ["Seen by all."]),
        ("(It is so.) And on.", ["(It is so.", "And on."]),
    ],
)
def test_sentences_are_found(text: str, expected: list[str]) -> None:
    assert [one.rstrip(")") if one.endswith(".)") else one for one in sentences(text)] == expected


@pytest.mark.parametrize(
    ("sentence", "count"),
    [
        ("two words", 2),
        ("a [link](https://a.example/very/long) here", 3),
        ("`holdfast train trainer=sft` is one", 3),
        ("a – b = c", 3),
        ("−2.5 points [−3.0, −2.0]", 4),
    ],
)
def test_words_are_counted(sentence: str, count: int) -> None:
    assert words(sentence) == count


def test_the_ninth_tenth_is_the_nearest_rank() -> None:
    page = " ".join("Word " * n + "end." for n in range(1, 11))
    assert ninth_tenth(page) == 10
    assert ninth_tenth("") == 0
