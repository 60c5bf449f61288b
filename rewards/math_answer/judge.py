"""One completion's text against one reference: extraction, reading, equality, and the reason in words."""

from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from holdfast.rewards.answers.names import UNIT_LETTERS
from holdfast.rewards.answers.places import NOTHING, Extraction, boxes, extract
from holdfast.rewards.answers.statements import is_prose, without_remark
from holdfast.rewards.math_answer.equal.compare import compare
from holdfast.rewards.math_answer.equal.evaluate import Hard, Refused
from holdfast.rewards.math_answer.equal.solutions import solutions
from holdfast.rewards.math_answer.parse.reading import Reading, comma_is_ambiguous, read, without_choice
from holdfast.rewards.math_answer.parse.tree import MAX_CHARS, Node, mul, rebuild, substitute, symbols, walk
from holdfast.rewards.math_answer.settings import Settings, Verdict

_TRUE, _FALSE = frozenset({"true", "yes"}), frozenset({"false", "no"})

_CONSTANTS_OF_INTEGRATION = frozenset("CcKk")


class Judgement(NamedTuple):
    """The verdict on one completion."""

    verdict: Verdict
    extraction: Extraction
    pending: tuple[Reading, Reading] | None = None
    """What only a worker can decide."""


class BadReference(ValueError):
    """The reference cannot be read: nobody can be judged against it."""


def judge(text: str, reference: str, settings: Settings) -> Judgement:
    """Is the text's final answer the reference? Raises BadReference."""
    gold_parts = reference_parts(reference)
    extraction = extract(text, settings.extract)
    if not extraction.parts:
        return Judgement(Verdict(False, extraction.how), extraction)
    pred_parts = extraction.parts
    if len(pred_parts) > 1:  # a box may hold nothing but a placeholder
        pred_parts = tuple(part for part in pred_parts if read(part, settings.decimal_comma).key) or pred_parts[-1:]
        extraction = extraction._replace(parts=pred_parts)
    if len(pred_parts) == 1 and len(gold_parts) == 1:
        return _judged(gold_parts[0], pred_parts[0], extraction, settings)
    return _several(gold_parts, extraction, settings)


@lru_cache(maxsize=2048)
def reference_parts(reference: str) -> tuple[str, ...]:
    """The final answer of a reference, which may be a whole worked solution; several boxes are its parts.

    Raises BadReference for an empty one, unbalanced braces, or one beyond the limits.
    """
    if not reference.strip():
        raise BadReference("the reference is empty")
    parts: tuple[str, ...] = boxes(reference) if "box" in reference else ()
    if not parts and (len(reference) > 200 or "####" in reference or "\n" in reference.strip() or is_prose(reference)):
        found = extract(reference)
        parts = found.parts if found != NOTHING and found.how != "the whole text" else ()
    parts = tuple(part for part in parts if read(part).key) or (without_remark(reference),)
    for part in parts:
        _check(part)
    return tuple({read(part).key: part for part in parts}.values())


def _check(part: str) -> None:
    if len(part) > MAX_CHARS:
        raise BadReference(f"the reference has more than {MAX_CHARS} characters")
    plain = part.replace(r"\{", "").replace(r"\}", "")
    if plain.count("{") != plain.count("}") or not read(part).key:
        raise BadReference(f"the reference {part!r:.80} is not well-formed")


def _several(gold: tuple[str, ...], extraction: Extraction, settings: Settings) -> Judgement:
    """Several boxes: the parts of one answer when the reference has as many, all the same, or a hedge."""
    pred = extraction.parts
    distinct = tuple({read(part, settings.decimal_comma).key: part for part in pred}.values())
    if len(gold) > 1:
        joined = distinct[0] if len(distinct) == 1 else _joined(distinct)
        return _judged(_joined(gold), joined, extraction, settings)
    if len(distinct) == 1 or settings.boxes == "last" or _summed_up(distinct, settings):
        return _judged(gold[0], pred[-1], extraction, settings)
    if _part_count(gold[0], settings) == len(distinct):
        return _judged(gold[0], _joined(distinct), extraction, settings)
    for earlier in distinct[:-1]:
        try:
            same = _verdict(read(distinct[-1]), read(earlier), settings, None).equal
        except Hard:
            same = False
        if not same:
            return Judgement(Verdict(False, f"{len(distinct)} boxes that disagree"), extraction)
    return _judged(gold[0], pred[-1], extraction, settings)


def _joined(parts: tuple[str, ...]) -> str:
    return " ; ".join(parts)


def _part_count(gold: str, settings: Settings) -> int:
    node = read(gold, settings.decimal_comma).node
    return 1 if node is None else len(solutions(node).items)


def _summed_up(parts: tuple[str, ...], settings: Settings) -> bool:
    """Does the last box repeat all the earlier ones (`\\boxed{1}`, `\\boxed{2}`, then `\\boxed{1, 2}`)?"""
    last = read(parts[-1], settings.decimal_comma).node
    items = () if last is None else solutions(last).items
    return len(items) > 1 and all(read(part, settings.decimal_comma).node in items for part in parts[:-1])


def _judged(gold_text: str, pred_text: str, extraction: Extraction, settings: Settings) -> Judgement:
    gold, pred = read(gold_text, settings.decimal_comma), read(pred_text, settings.decimal_comma)
    try:
        return Judgement(_verdict(gold, pred, settings, seed_of(gold_text, pred_text)), extraction)
    except Refused as limit:
        return Judgement(Verdict(False, f"not compared: {limit}"), extraction)
    except Hard as hard:
        return Judgement(Verdict(False, f"not settled in time: {hard}", True), extraction, (gold, pred))


def seed_of(gold: str, pred: str) -> bytes:
    """Random points depend on both texts, so that no answer can be written for them."""
    return blake2b(f"{gold}\0{pred}".encode("utf-8", "replace"), digest_size=16).digest()


def _verdict(gold: Reading, pred: Reading, settings: Settings, seed: bytes | None) -> Verdict:
    """The cheapest sound test first. Raises Hard."""
    if gold.key == pred.key and gold.key:
        return Verdict(True, "the same text")
    chosen = _choices(gold, pred)
    if chosen is not None:
        return chosen
    if gold.words == pred.words and len(gold.words) > 1 and gold.words.replace(" ", "").isalpha():
        return Verdict(True, "the same words")
    if (
        gold.node is not None
        and pred.node is not None
        and _letters(gold.node)
        and _letters(gold.node) == _letters(pred.node)
    ):
        return Verdict(True, "the same letters")
    if {gold.words, pred.words} <= _TRUE or {gold.words, pred.words} <= _FALSE:
        return Verdict(True, "the same truth value")
    if gold.node is None:
        gold = read(without_choice(gold.text), settings.decimal_comma)
    if gold.node is None or pred.node is None:
        side, reading = ("reference", gold) if gold.node is None else ("answer", pred)
        return Verdict(False, f"different texts; the {side} is no mathematics: {reading.problem}")
    return _mathematics(gold, pred, settings, seed or seed_of(gold.text, pred.text))


def _mathematics(gold: Reading, pred: Reading, settings: Settings, seed: bytes) -> Verdict:
    assert gold.node is not None and pred.node is not None
    verdict = compare(gold.node, pred.node, settings, seed)
    if verdict.equal:
        return verdict
    bare = _without_unit_letters(gold.node, pred.node) if settings.units == "ignore" else None
    if bare is not None and (again := compare(gold.node, bare, settings, seed)).equal:
        return again
    renamed = _with_constant(gold.node, pred.node)
    if renamed is not None and (again := compare(gold.node, renamed, settings, seed)).equal:
        return again
    if comma_is_ambiguous(gold.text) or comma_is_ambiguous(pred.text):
        one, other = (read(reading.text, settings.decimal_comma, thousands=False) for reading in (gold, pred))
        if one.node is not None and other.node is not None:
            again = compare(one.node, other.node, settings, seed)
            return again if again.equal else verdict
    return verdict


def _choices(gold: Reading, pred: Reading) -> Verdict | None:
    """A single capital letter as reference is a choice."""
    if not gold.choice or not pred.choice or not (len(gold.key) == 1 or gold.bracketed):
        return None
    if gold.choice == pred.choice:
        return Verdict(True, "the same letter")
    if gold.choice.upper() == pred.choice.upper() and (gold.bracketed or pred.bracketed) and gold.choice.isupper():
        return Verdict(True, "the same letter")
    if gold.choice in "ABCDEFGHIJ":
        return Verdict(False, "another letter")
    return None


def _letters(node: Node) -> frozenset[str]:
    """The choices of `A, C, D` or `ACD`; empty for anything else."""
    if node.kind not in ("mul", "list", "set") or not all(part.kind == "sym" for part in node.args):
        return frozenset()
    letters = frozenset(part.value for part in node.args)
    return letters if letters <= frozenset("ABCDEFG") else frozenset()


def _without_unit_letters(gold: Node, pred: Node) -> Node | None:
    """`5 m` for a reference that is a pure number: letters that can only be units are taken off."""
    names = symbols(pred)
    known = {word for part in walk(gold) if part.kind == "unit" for word in part.value.replace("^", " ").split()}
    if not names or symbols(gold) or (known and not names <= known) or not names <= UNIT_LETTERS or pred.kind != "mul":
        return None
    if any(part.kind == "sym" for part in walk(gold)):
        return None
    rest = [factor for factor in pred.args if not _unit_factor(factor)]
    if not rest or any(symbols(factor) for factor in rest):
        return None
    return mul(*rest) if len(rest) > 1 else rebuild(rest[0], rest[0].args)


def _with_constant(gold: Node, pred: Node) -> Node | None:
    """The constant of integration may have another letter (`+ C`, `+ c`, `+ K`), where it is added."""
    one, other = symbols(gold) - symbols(pred), symbols(pred) - symbols(gold)
    if len(one) != 1 or len(other) != 1 or not one | other <= _CONSTANTS_OF_INTEGRATION:
        return None
    (wanted,), (found,) = one, other
    if {wanted, found} == {"C", "c"}:
        return substitute(pred, found, Node("sym", (), wanted))
    sides = [part for node in (gold, pred) for part in walk(node) if part.kind == "add"]
    added = {part.value for side in sides for part in side.args if part.kind == "sym"}
    return substitute(pred, found, Node("sym", (), wanted)) if {wanted, found} <= added else None


def _unit_factor(factor: Node) -> bool:
    base = factor.args[0] if factor.kind == "pow" and factor.args[1].kind == "num" else factor
    return base.kind == "sym" and base.value in UNIT_LETTERS
