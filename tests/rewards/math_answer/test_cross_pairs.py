"""Each data set's references against the nearest other ones: equal only where they are mathematically equal.

Who says so is somebody else: the same spelling once markup, units and nouns are off, or the same exact number. What
neither settles was read by hand and stands in `cross_pairs.jsonl` (data set, reference, answer); a new one fails.
"""

import gzip
import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import SHARED_DATA, shared

from holdfast.reward import Reward
from holdfast.sample import Sample

REWARD = Reward("math")
KNOWN = Path(__file__).parent / "cross_pairs.jsonl"
NEAREST = 3
FILES = sorted(path.relative_to(SHARED_DATA) for path in SHARED_DATA.glob("math/*/test.jsonl*"))
FILES += [Path("math/theoremqa/theoremqa_test.json")]
LARGE = {"math_test5000", "college_math", "asdiv", "svamp", "theoremqa", "aqua"}
_MARKUP = re.compile(
    r"\\(?:left|right|displaystyle|[dt](?=frac)|text(?:bf|rm|it)?|math(?:rm|bf)|mbox|operatorname|quad)(?![a-z])"
    r"|\\[,;:! ]|[\s{}$~]|\^?\\circ|°|\\?%|\\"
)
_PLAIN = re.compile(r"(?<=\d),(?=\d{3}(?!\d))|[().]|^[a-z]=|^[a-d]\.")
"""Digit groups, brackets, the name of an unknown, an option's letter."""
_NUMBER = re.compile(r"[^\d.-]*(-?\d+(?:\.\d+)?)(?:/(\d+))?[^\d]*")


def references(path: Path) -> set[str]:
    """The distinct answers of a data set's rows."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(shared(*path.parts), "rt", encoding="utf-8") as file:
        text = file.read()
    rows: list[dict[str, Any]] = json.loads(text) if text.startswith("[") else list(map(json.loads, text.splitlines()))
    found = set()
    for row in rows:
        answer = next((row[key] for key in ("answer", "final_answer", "Answer", "correct") if key in row), None)
        answer = answer[0] if isinstance(answer, list) and answer else answer
        boxed = re.findall(r"boxed\{([^{}]+)\}", str(row.get("solution", ""))) if answer is None else [str(answer)]
        found |= {one for one in boxed[-1:] if 0 < len(one) < 200}
    return found


def nearest(found: set[str]) -> Iterator[tuple[str, str]]:
    """Pairs that lie beside each other: by their beginning, by their end, by their shape."""
    keys = (_bare, lambda text: _bare(text)[::-1], lambda text: (re.sub(r"\d", "0", _bare(text)), text))
    for key in keys:
        ordered = sorted(found, key=key)  # type: ignore[arg-type]
        for index, one in enumerate(ordered):
            yield from ((one, other) for other in ordered[index + 1 : index + 1 + NEAREST])


def _bare(text: str) -> str:
    return _MARKUP.sub("", text).replace("frac", "").casefold()


def confirmed(gold: str, answer: str) -> bool:
    """The same letters and signs, or one and the same number with words around it, as the reference rounds it?"""
    plain = [_PLAIN.sub("", _bare(text)) for text in (gold, answer)]
    if plain[0] == plain[1]:
        return True
    numbers = [_NUMBER.fullmatch(_MARKUP.sub("", re.sub(r"(?<=\d),(?=\d{3})", "", text))) for text in (gold, answer)]
    values = [Fraction(number[1]) / (int(number[2] or 1) or 1) for number in numbers if number is not None]
    if len(values) < 2 or numbers[0] is None:
        return False
    digits = len(numbers[0][1].partition(".")[2])
    return abs(values[0] - values[1]) <= (Fraction(1, 2 * 10**digits) if digits else 0)


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.parent.name, marks=[pytest.mark.slow] * (path.parent.name in LARGE)) for path in FILES],
)
def test_other_references_are_other_answers(path: Path) -> None:
    known = {(row["set"], row["reference"], row["answer"]) for row in map(json.loads, KNOWN.open(encoding="utf-8"))}
    pairs = sorted({pair for near in nearest(references(path)) for pair in (near, near[::-1])})
    scores = REWARD.score_batch([Sample(f"The answer is $\\boxed{{{answer}}}$.", gold) for gold, answer in pairs])
    equal = [pair for pair, score in zip(pairs, scores, strict=True) if score.value == 1.0]
    new = [pair for pair in equal if not confirmed(*pair) and (path.parent.name, *pair) not in known]
    assert new == [], f"{len(equal)} of {len(pairs)} pairs are equal"
