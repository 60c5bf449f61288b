"""One completion's text against one reference: extraction, reading, equality, and the reason in words."""

import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from holdfast.rewards.answers.numbers import contradicts
from holdfast.rewards.answers.numerals.digits import with_points
from holdfast.rewards.answers.places import Extraction, extract
from holdfast.rewards.answers.statements import answer_in, is_prose
from holdfast.rewards.answers.text import final_part
from holdfast.rewards.answers.words.hedges import unknown
from holdfast.rewards.answers.words.languages import MAYBE, NO, OR, YES
from holdfast.rewards.math_answer.equal.compare import compare
from holdfast.rewards.math_answer.equal.evaluate import HardError, RefusedError
from holdfast.rewards.math_answer.equal.renaming import renamed
from holdfast.rewards.math_answer.equal.rewriting import rewritten
from holdfast.rewards.math_answer.equal.solutions import solutions
from holdfast.rewards.math_answer.parse.reading import Reading, comma_is_ambiguous, read, without_choice
from holdfast.rewards.math_answer.parse.tree import Node, has, symbols, walk
from holdfast.rewards.math_answer.parse.wordings import unit_behind
from holdfast.rewards.math_answer.references import reference_parts
from holdfast.rewards.math_answer.settings import Equality, Settings

_WHOLE = 300
_MATHS = re.compile(r"[\d\\=<>^]")
_FIRST_WORD = re.compile(r"[^\W\d_]+(?:\s[^\W\d_]+)?(?=$|[\s]*[,.;:，。])")


_UNDECIDED = re.compile(rf"\b(?:or|yes|no|true|false|maybe|perhaps)\b|{OR}|{MAYBE}")


class Judgement(NamedTuple):
    """The verdict on one completion."""

    verdict: Equality
    extraction: Extraction
    pending: tuple[Reading, Reading] | None = None
    """What only a worker can decide."""


def judge(text: str, reference: str, settings: Settings) -> Judgement:
    """Is the text's final answer the reference? Raises BadReferenceError."""
    if settings.decimal_comma:
        reference = with_points(reference)
    gold_parts = reference_parts(reference)
    text = final_part(text, settings.stop)
    if settings.decimal_comma:
        text = with_points(text)
    extraction = extract(text, settings.require, settings.which)
    if not extraction.parts:
        whole = None if extraction.marked else _as_a_whole(text, reference, gold_parts[0], settings)
        return whole or Judgement(Equality(False, extraction.origin), extraction)
    pred_parts = extraction.parts
    if len(pred_parts) > 1:  # a box may hold nothing but a placeholder
        pred_parts = tuple(part for part in pred_parts if read(part).key) or pred_parts[-1:]
        extraction = extraction._replace(parts=pred_parts)
    if len(pred_parts) == 1 and extraction.origin in ("box", "the answer field"):
        pred_parts = (_sentence(pred_parts[0], gold_parts[0]),)
        extraction = extraction._replace(parts=pred_parts)
    if len(pred_parts) == 1 and len(gold_parts) == 1:
        judgement = _judged(gold_parts[0], pred_parts[0], extraction, settings)
        if judgement.verdict.equal or extraction.marked:
            return judgement
        return _as_a_whole(text, reference, gold_parts[0], settings) or judgement
    return _several(gold_parts, extraction, settings)


def _sentence(part: str, gold: str) -> str:
    """A box or a field that holds a sentence (`Anna has 9 pens.`) says what the sentence says."""
    reading = read(part)
    derived = reading.node is not None and reading.node.kind == "list" and has(reading.node, "rel")
    if (reading.node is not None and not derived) or reading.words == read(gold).words or not is_prose(part):
        return part
    return answer_in(part) or part


def _as_a_whole(text: str, reference: str, gold: str, settings: Settings) -> Judgement | None:
    """A short text without a marker that is the reference as it stands: `Ann: 7, Ben: 8`, `2nπ, any integer n`."""
    whole = text.strip()
    if whole == reference.strip():
        return Judgement(Equality(True, "the same text"), Extraction((whole,), "the whole text"))
    if len(whole) > _WHOLE or "\n" in whole or unknown(whole) or read(whole).node is None:
        return None
    judgement = _judged(gold, whole, Extraction((whole,), "the whole text"), settings)
    return judgement if judgement.verdict.equal else None


def _several(gold: tuple[str, ...], extraction: Extraction, settings: Settings) -> Judgement:
    """Several boxes: the parts of one answer when the reference has as many, all the same, or a hedge."""
    pred = extraction.parts
    distinct = tuple({read(part).key: part for part in pred}.values())
    if len(gold) > 1:
        joined = distinct[0] if len(distinct) == 1 else _joined(distinct)
        return _judged(_joined(gold), joined, extraction, settings)
    if len(distinct) == 1 or settings.boxes == "last" or _summed_up(distinct):
        return _judged(gold[0], pred[-1], extraction, settings)
    if _part_count(gold[0]) == len(distinct):
        return _judged(gold[0], _joined(distinct), extraction, settings)
    for earlier in distinct[:-1]:
        try:
            same = _verdict(read(distinct[-1]), read(earlier), settings, None).equal
        except HardError:
            same = False
        if not same:
            return Judgement(Equality(False, f"{len(distinct)} boxes that disagree"), extraction)
    return _judged(gold[0], pred[-1], extraction, settings)


def _joined(parts: tuple[str, ...]) -> str:
    return " ; ".join(parts)


def _part_count(gold: str) -> int:
    node = read(gold).node
    return 1 if node is None else len(solutions(node).items)


def _summed_up(parts: tuple[str, ...]) -> bool:
    """Does the last box repeat all the earlier ones (`\\boxed{1}`, `\\boxed{2}`, then `\\boxed{1, 2}`)?"""
    last = read(parts[-1]).node
    items = () if last is None else solutions(last).items
    return len(items) > 1 and all(read(part).node in items for part in parts[:-1])


def _judged(gold_text: str, pred_text: str, extraction: Extraction, settings: Settings) -> Judgement:
    gold, pred = read(gold_text), read(pred_text)
    try:
        return Judgement(_verdict(gold, pred, settings, seed_of(gold_text, pred_text)), extraction)
    except RefusedError as limit:
        return Judgement(Equality(False, f"not compared: {limit}"), extraction)
    except HardError as hard:
        return Judgement(Equality(False, f"not settled in time: {hard}", True), extraction, (gold, pred))


def seed_of(gold: str, pred: str) -> bytes:
    """Random points depend on both texts, so that no answer can be written for them."""
    return blake2b(f"{gold}\0{pred}".encode("utf-8", "replace"), digest_size=16).digest()


def _verdict(gold: Reading, pred: Reading, settings: Settings, seed: bytes | None) -> Equality:
    """The cheapest sound test first. Raises Hard."""
    if gold.key == pred.key and gold.key:
        return Equality(True, "the same text")
    if gold.label and pred.label and gold.label != pred.label:
        return Equality(False, "another option")
    chosen = _choices(gold, pred)
    if chosen is not None:
        return chosen
    if gold.words == pred.words and len(gold.words) > 1 and gold.words.replace(" ", "").isalpha():
        return Equality(True, "the same words")
    if (
        gold.node is not None
        and pred.node is not None
        and _letters(gold.node)
        and _letters(gold.node) == _letters(pred.node)
    ):
        return Equality(True, "the same letters")
    truth = _truth(gold.words, whole=True)
    if truth is not None and (stated_truth := _truth(pred.words)) is not None:
        return Equality(
            stated_truth == truth, "the same truth value" if stated_truth == truth else "another truth value"
        )
    if gold.node is None:
        gold = read(without_choice(gold.text))
    if gold.node is None or pred.node is None:
        side, reading = ("reference", gold) if gold.node is None else ("answer", pred)
        return Equality(False, f"different texts; the {side} is no mathematics: {reading.problem}")
    return _mathematics(gold, pred, settings, seed or seed_of(gold.text, pred.text))


def _truth(words: str, *, whole: bool = False) -> bool | None:
    """Is it yes or no, in any language, alone or before what explains it (`Yes, it is`)?"""
    first = _FIRST_WORD.match(words)
    word = first.group() if first else ""
    if whole and word != words:
        return None
    if word in YES or word in NO:
        rest = words[len(word) :]
        return None if _UNDECIDED.search(rest) else word in YES
    return None


def _mathematics(gold: Reading, pred: Reading, settings: Settings, seed: bytes) -> Equality:
    assert gold.node is not None and pred.node is not None
    if contradicts(pred.text):
        return Equality(False, "the sides of the equation are different numbers")
    verdict = compare(gold.node, pred.node, settings, seed)
    if verdict.equal:
        return verdict
    if settings.brackets == "ignore" and (again := _by_parts(gold.node, pred.node, settings, seed)):
        return again
    bare = _without_unit_letters(gold, pred) if settings.units == "ignore" else None
    if bare is not None and (again := compare(gold.node, bare, settings, seed)).equal:
        return again
    if otherwise := _otherwise(gold, pred, settings, seed):
        return otherwise
    if comma_is_ambiguous(gold.text) or comma_is_ambiguous(pred.text):
        one, other = (read(reading.text, thousands=False) for reading in (gold, pred))
        if one.node is not None and other.node is not None:
            again = compare(one.node, other.node, settings, seed)
            return again if again.equal else verdict
    return verdict


def _by_parts(gold: Node, pred: Node, settings: Settings, seed: bytes) -> Equality | None:
    """Equal part by part, whatever holds the parts: a matrix row by row, a point, a set, a list?"""
    sides = [Node("tuple", tuple(_parts(node)), "()") for node in (gold, pred)]
    if len(sides[0].args) != len(sides[1].args) or len(sides[0].args) < 2:
        return None
    again = compare(sides[0], sides[1], settings, seed)
    return again if again.equal else None


def _parts(node: Node) -> Iterator[Node]:
    if node.kind in ("tuple", "list", "set", "matrix", "row") and node.value not in ("[)", "(]"):
        for part in node.args:
            yield from _parts(part)
    else:
        yield node


def _otherwise(gold: Reading, pred: Reading, settings: Settings, seed: bytes) -> Equality | None:
    """Equal by another choice of names, or in another notation?"""
    assert gold.node is not None and pred.node is not None
    declared = gold.declared, pred.declared
    bracketed = pred.key.startswith("[") and pred.key.endswith("]")
    pairs = [*renamed(gold.node, pred.node, declared), *rewritten(gold.node, pred.node, bracketed)]
    for one, other in pairs:
        if (again := compare(one, other, settings, seed)).equal:
            return again
    return None


def _choices(gold: Reading, pred: Reading) -> Equality | None:
    """A single capital letter as reference is a choice."""
    if not gold.choice or not pred.choice or not (len(gold.key) == 1 or gold.bracketed):
        return None
    values = [without_choice(side.text) for side in (gold, pred)]
    both = values[0] != gold.text and values[1] != pred.text and any(_MATHS.search(value) for value in values)
    if (gold.label and pred.label) or both:
        return None  # (C) 12 against (C) 13: their values are compared
    if gold.choice == pred.choice:
        return Equality(True, "the same letter")
    if gold.choice.upper() == pred.choice.upper() and (gold.bracketed or pred.bracketed) and gold.choice.isupper():
        return Equality(True, "the same letter")
    if gold.choice in "ABCDEFGHIJ":
        return Equality(False, "another letter")
    return None


def _letters(node: Node) -> frozenset[str]:
    """The choices of `A, C, D` or `ACD`; empty for anything else."""
    if node.kind not in ("mul", "list", "set") or not all(part.kind == "sym" for part in node.args):
        return frozenset()
    letters = frozenset(part.value for part in node.args)
    return letters if letters <= frozenset("ABCDEFG") else frozenset()


def _without_unit_letters(gold: Reading, pred: Reading) -> Node | None:
    """The number of `5 m`, `9.8 m/s^2` for a reference without letters: a unit stands apart, and is the same one."""
    if gold.node is None or symbols(gold.node):
        return None
    found = unit_behind(pred.text)
    if found is None:
        return None
    number, unit = read(found[0]).node, found[1]
    wanted = {part.value for part in walk(gold.node) if part.kind == "unit"}
    if number is None or (wanted and gold.node.kind != "unit"):
        return None
    return Node("unit", (number,), unit) if wanted else number
