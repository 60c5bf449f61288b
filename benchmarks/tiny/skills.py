"""The generated skills of the embedded tiny model: deterministic rows, train and eval splits disjoint.

A row is `{prompt, reference, completion, skill}`, where `completion` is a gold answer for training and
`reference` what the skill's task judges against; `last` also holds preferences (`chosen`, `rejected`) and one
answer marked good or not (`shown`, `good`), and `python` holds `checks`, a reference for the reward `code`. One row of
each:

    addition     Compute 47 + 38                          85
    subtraction  Compute 85 - 38                          47         (not pretrained: the demo's new skill)
    reverse      Reverse planet                           tenalp
    upper        Uppercase planet                         PLANET
    repeat       Repeat cat 3 times                       cat cat cat
    capitals     Capital of France? A) Rome B) Paris …    Paris      (the reference is the letter, B)
    json         JSON of name=ana age=31                  {"name": "ana", "age": 31}
    python       Python f: multiply by 3, add 7           def f(x): return x * 3 + 7
    sort         Sort 5 2 9 1                             1 2 5 9    (few pretraining rows: half learned)
    last         Last letter of planet                    t          (pretrained in two styles, mostly a sentence)

A prompt belongs to the eval split when its hash says so, so the splits share no prompt whatever n and seed are.
The four words of `capitals` differ between the splits, the facts do not: a fact cannot be generalised to.
"""

import hashlib
import json
import operator
import random
import string
from collections.abc import Callable, Iterator
from typing import Any, Literal

from holdfast.benchmarks.tiny.countries import CAPITALS
from holdfast.errors import UsageError, unknown

Split = Literal["train", "eval"]
Row = dict[str, Any]
Draw = Callable[[random.Random], Row]

EVAL_SHARE = 10
"""One prompt in this many belongs to the eval split."""

MAX_TRIES = 20
"""Draws per wanted row before a skill is declared exhausted (its space of prompts is finite)."""


def generate(skill: str, split: Split, n: int, seed: int = 0) -> list[Row]:
    """`n` rows of `skill` with distinct prompts; the same arguments give the same rows.

    Raises UsageError for an unknown skill or split, or when the skill has fewer than `n` prompts.
    """
    rows: list[Row] = []
    prompts: set[str] = set()
    source = stream(skill, split, seed)
    for _ in range(MAX_TRIES * n):
        if len(rows) == n:
            break
        row = next(source)
        if row["prompt"] not in prompts:
            prompts.add(row["prompt"])
            rows.append(row)
    if len(rows) < n:
        raise UsageError(f"skill {skill!r} has no {n} distinct {split} prompts; ask for at most {len(rows)}")
    return rows


def stream(skill: str, split: Split, seed: int = 0) -> Iterator[Row]:
    """Rows of `skill` without end, prompts may recur. Raises UsageError for an unknown skill or split."""
    if skill not in SKILLS:
        raise unknown("skill", skill, SKILLS)
    if split not in ("train", "eval"):
        raise unknown("split", split, ("train", "eval"))
    return _stream(skill, split, random.Random(f"{skill}/{split}/{seed}"))


def split_of(prompt: str) -> Split:
    """The split that a prompt belongs to, by its hash."""
    digest = hashlib.blake2b(prompt.encode(), digest_size=4).digest()
    return "eval" if int.from_bytes(digest, "big") % EVAL_SHARE == 0 else "train"


def _stream(skill: str, split: Split, rng: random.Random) -> Iterator[Row]:
    draw = SKILLS[skill]
    while True:
        row = draw(rng)
        if split_of(row["prompt"]) == split:
            yield {**row, "skill": skill}


def _row(prompt: str, completion: str, reference: Any = None) -> Row:
    return {
        "prompt": prompt,
        "reference": completion if reference is None else reference,
        "completion": completion,
    }


def _word(rng: random.Random, shortest: int = 3, longest: int = 6) -> str:
    return "".join(rng.choices(string.ascii_lowercase, k=rng.randint(shortest, longest)))


def _addition(rng: random.Random) -> Row:
    a, b = rng.randint(0, 99), rng.randint(0, 99)
    return _row(f"Compute {a} + {b}", str(a + b))


def _subtraction(rng: random.Random) -> Row:
    b, a = sorted((rng.randint(0, 99), rng.randint(0, 99)))
    return _row(f"Compute {a} - {b}", str(a - b))


def _reverse(rng: random.Random) -> Row:
    word = _word(rng)
    return _row(f"Reverse {word}", word[::-1])


def _upper(rng: random.Random) -> Row:
    word = _word(rng)
    return _row(f"Uppercase {word}", word.upper())


def _repeat(rng: random.Random) -> Row:
    word, times = _word(rng, 2, 4), rng.randint(2, 4)
    return _row(f"Repeat {word} {times} times", " ".join([word] * times))


def _capitals(rng: random.Random) -> Row:
    country = rng.choice(list(CAPITALS))
    right = CAPITALS[country]
    others = rng.sample([city for city in CAPITALS.values() if city != right], 3)
    choices = rng.sample([right, *others], 4)
    listed = "".join(f"\n{letter}) {city}" for letter, city in zip("ABCD", choices, strict=True))
    letter = "ABCD"[choices.index(right)]
    return {**_row(f"Capital of {country}?{listed}", right, letter), "choices": choices}


def _json(rng: random.Random) -> Row:
    values: dict[str, str | int] = {
        "name": _word(rng, 2, 5),
        "age": rng.randint(1, 99),
        "city": _word(rng, 2, 5),
        "size": rng.randint(1, 99),
    }
    chosen = {key: values[key] for key in rng.sample(list(values), 2)}
    listed = " ".join(f"{key}={value}" for key, value in chosen.items())
    return _row(f"JSON of {listed}", json.dumps(chosen))


_OPERATIONS = {"add": "+", "subtract": "-", "multiply by": "*"}
_COMPUTES = {"add": operator.add, "subtract": operator.sub, "multiply by": operator.mul}
_PROBES = (0, 1, -7, 50)
"""Arguments that a written function is called with."""


def _python(rng: random.Random) -> Row:
    steps = [(rng.choice(list(_OPERATIONS)), rng.randint(1, 99)) for _ in range(rng.randint(1, 2))]
    body = "x"
    for position, (verb, number) in enumerate(steps):
        inner = f"({body})" if position and verb == "multiply by" else body
        body = f"{inner} {_OPERATIONS[verb]} {number}"
    listed = ", ".join(f"{verb} {number}" for verb, number in steps)
    tests = [{"args": [x], "expected": _applied(steps, x)} for x in _PROBES]
    checks = {"style": "function", "entry_point": "f", "tests": tests}
    return {**_row(f"Python f: {listed}", f"def f(x):\n    return {body}"), "checks": checks}


def _applied(steps: list[tuple[str, int]], x: int) -> int:
    for verb, number in steps:
        x = _COMPUTES[verb](x, number)
    return x


def _sort(rng: random.Random) -> Row:
    digits = rng.sample(range(10), rng.randint(3, 5))
    return _row("Sort " + " ".join(map(str, digits)), " ".join(map(str, sorted(digits))))


def _last(rng: random.Random) -> Row:
    """The letter alone is wanted; the model was pretrained to say it in a sentence more often than not."""
    word = _word(rng)
    short, sentence = word[-1], f"The last letter is {word[-1]}."
    good = rng.random() < 0.5
    return {
        **_row(f"Last letter of {word}", short),
        "chosen": short,
        "rejected": sentence,
        "shown": short if good else sentence,
        "good": good,
    }


SKILLS: dict[str, Draw] = {
    "addition": _addition,
    "subtraction": _subtraction,
    "reverse": _reverse,
    "upper": _upper,
    "repeat": _repeat,
    "capitals": _capitals,
    "json": _json,
    "python": _python,
    "sort": _sort,
    "last": _last,
}
