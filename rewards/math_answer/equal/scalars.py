"""Equality of scalars: exact rational, field identity, numeric refutation; decimals by their rounding."""

from fractions import Fraction

from holdfast.rewards.answers.words.names import UNITS
from holdfast.rewards.math_answer.equal import agreement, modular
from holdfast.rewards.math_answer.parse.tree import (
    COMPUTED,
    MINUS_ONE,
    PI,
    Node,
    div,
    has,
    has_decimals,
    mul,
    neg,
    num,
    symbols,
    walk,
)
from holdfast.rewards.math_answer.parse.units import canonical, convertible
from holdfast.rewards.math_answer.settings import Settings

_FLOAT_ERROR = Fraction(1, 10**9)
_MOST_BITS = 4000
SCALARS = frozenset(
    ("num const sym add mul pow fn app index sum prod int lim deg percent unit base dots ratio").split()
)


def equal(gold: Node, pred: Node, settings: Settings, seed: bytes) -> tuple[bool, str]:
    """Are two scalars equal, and which test said so. Raises Hard when only a worker could tell."""
    for one, other in readings(gold, pred, settings):
        if one == other:
            return True, "the same structure"
        found, test = _equal(one, other, settings, seed)
        if found:
            return True, test
    return False, test


def readings(gold: Node, pred: Node, settings: Settings) -> list[tuple[Node, Node]]:
    """The pairs of plain values to compare: percent, degrees, units and bases are settled here."""
    if _bare(gold).value == _bare(pred).value == "clock":
        same = _bare(gold) == _bare(pred) and "" in (_unit(gold), _unit(pred))
        return [(gold, gold if same else Node("text", (), "another time"))]
    gold, pred = _ratio(_units_together(gold)), _ratio(_units_together(pred))
    gold_unit, pred_unit = _unit(gold), _unit(pred)
    if {gold_unit, pred_unit} == {"deg", "rad"}:
        return [(_radians(gold), _radians(pred))]
    if gold_unit and pred_unit and gold_unit != pred_unit:
        converted = _converted(_bare(gold), gold_unit, _bare(pred), pred_unit)
        return [converted] if converted else [(gold, Node("text", (), "another unit"))]
    if settings.units == "strict" and gold_unit != pred_unit:
        return [(gold, Node("text", (), "another unit"))]
    if _in_a_base(gold) or _in_a_base(pred):
        signed = _is_minus(gold) or _is_minus(pred)
        return _base_pairs(_opposite(gold), _opposite(pred)) if signed else _base_pairs(gold, pred)
    pairs = [(_bare(gold), _bare(pred))]
    if "percent" in (gold.kind, pred.kind) and gold.kind != pred.kind:
        pairs = _percent_pairs(gold, pred, settings)
    if "deg" in (gold.kind, pred.kind) and gold.kind != pred.kind:
        pairs.append((_radians(gold), _radians(pred)))
    return pairs


def _units_together(node: Node) -> Node:
    """`9.8 m · s^-2`: a power of a unit's letter behind a quantity belongs to the unit."""
    if node.kind != "mul" or sum(part.kind == "unit" for part in node.args) != 1:
        return node
    quantity = next(part for part in node.args if part.kind == "unit")
    rest = [part for part in node.args if part is not quantity]
    spelled = [_unit_power(part) for part in rest]
    if not quantity.value or "" in spelled:
        return node
    return Node("unit", quantity.args, canonical([quantity.value, *spelled]))


def _unit_power(node: Node) -> str:
    base, exponent = (node.args[0], node.args[1]) if node.kind == "pow" else (node, num(1))
    known = base.kind == "sym" and base.value in UNITS and exponent.kind == "num"
    return f"{UNITS[base.value]}^{exponent.value[0]}" if known else ""


def _in_a_base(node: Node) -> bool:
    """Digits in a base, with a sign or without?"""
    return node.kind == "base" or _is_minus(node)


def _is_minus(node: Node) -> bool:
    return node.kind == "mul" and node.args[0] == MINUS_ONE and len(node.args) == 2 and node.args[1].kind == "base"


def _opposite(node: Node) -> Node:
    return node.args[1] if _is_minus(node) else num(-node.value[0]) if node.kind == "num" else neg(node)


def _base_pairs(gold: Node, pred: Node) -> list[tuple[Node, Node]]:
    """The digits are the answer, or the number in the question would be one; a side may omit the base, like a unit."""
    written = [node.value if node.kind == "base" else (_digits_of(node), None) for node in (gold, pred)]
    same = written[0][0] == written[1][0] and (written[0][1] == written[1][1] or None in (written[0][1], written[1][1]))
    if same or ((gold.kind == "base") == (pred.kind == "base") and written[0][1] == written[1][1]):
        return [(_bare(gold), _bare(gold if same else pred))]
    ten = [node.args[0] if node.kind == "base" and node.value[1] == 10 else node for node in (gold, pred)]
    return [(ten[0], ten[1] if ten[1].kind != "base" and ten[0].kind != "base" else Node("text", (), "another base"))]


def _digits_of(node: Node) -> str:
    """A whole number as written; nothing for what is too long to be digits of an answer."""
    whole = node.kind == "num" and node.value[0].denominator == 1
    return str(node.value[0]) if whole and node.value[0].numerator.bit_length() < _MOST_BITS else ""


def _percent_pairs(gold: Node, pred: Node, settings: Settings) -> list[tuple[Node, Node]]:
    pairs = [] if settings.units == "strict" else [(_bare(gold), _bare(pred))]
    fraction = (
        pred.kind == "percent" and gold.kind == "num" and gold.value[1] is None and gold.value[0].denominator != 1
    )
    if settings.percent == "always" or (settings.percent == "reference" and (gold.kind == "percent" or fraction)):
        pairs.append((_hundredth(gold), _hundredth(pred)))
    return pairs or [(gold, Node("text", (), "another unit"))]


def _bare(node: Node) -> Node:
    while node.kind in ("unit", "percent", "deg", "base"):
        node = node.args[0]
    return node


def _unit(node: Node) -> str:
    return node.value if node.kind == "unit" else {"percent": "%", "deg": "deg"}.get(node.kind, "")


def _hundredth(node: Node) -> Node:
    return mul(num(Fraction(1, 100)), node.args[0]) if node.kind == "percent" else node


def _radians(node: Node) -> Node:
    return mul(num(Fraction(1, 180)), PI, node.args[0]) if node.kind == "deg" else _bare(node)


def _ratio(node: Node) -> Node:
    """`3:2` with two parts is a quotient."""
    if node.kind == "ratio" and len(node.args) == 2 and node.args[1] != num(0):
        return div(*node.args)
    return node


def _converted(gold: Node, gold_unit: str, pred: Node, pred_unit: str) -> tuple[Node, Node] | None:
    """Both in the same base unit, when both units have one."""
    scales = convertible(gold_unit, pred_unit)
    return None if scales is None else (mul(num(scales[0]), gold), mul(num(scales[1]), pred))


def _equal(gold: Node, pred: Node, settings: Settings, seed: bytes) -> tuple[bool, str]:
    if gold.kind == pred.kind == "num":
        return numbers(gold, pred, settings)
    if not {gold.kind, pred.kind} <= SCALARS or has(gold, "text") or has(pred, "text"):
        return False, "the structures differ"
    if has_decimals(gold) or has_decimals(pred):
        return _approximate(gold, pred, settings, seed)
    return exact(gold, pred, seed)


def numbers(gold: Node, pred: Node, settings: Settings) -> tuple[bool, str]:
    """Two numbers: exactly, or by the rounding of the one that is a decimal."""
    (g, g_decimals), (p, p_decimals) = gold.value, pred.value
    if g == p:
        return True, "equal as exact rational numbers"
    if g_decimals is None and p_decimals is None:
        return False, "different as exact rational numbers"
    if _rounds(g, g_decimals, p, p_decimals, settings.tolerance):
        return True, "equal after rounding"
    return False, "different as decimals"


def _rounds(g: Fraction, g_decimals: int | None, p: Fraction, p_decimals: int | None, tolerance: float) -> bool:
    """Does p fit g? A decimal reference takes what rounds to it; an exact one a decimal of four digits that is it,
    rounded; both take what is within the relative tolerance (for whole references only the error of a float)."""
    difference = abs(g - p)
    slack = Fraction(tolerance) * abs(g)
    if g_decimals is not None:
        return difference <= max(_half_step(g_decimals), slack)
    if p_decimals is None:
        return False
    if g.denominator == 1 and tolerance <= 1e-6:
        return difference <= _FLOAT_ERROR * abs(g)
    if difference <= slack:
        return True
    return _significant(p, p_decimals) >= 4 and difference <= _half_step(p_decimals)


def _half_step(decimals: int) -> Fraction:
    return Fraction(0) if decimals >= COMPUTED else Fraction(1, 2) / Fraction(10) ** decimals


def _significant(value: Fraction, decimals: int) -> int:
    digits = abs(value) * Fraction(10) ** decimals if abs(decimals) < 2000 else Fraction(0)
    return len(str(int(digits))) if digits else 0


def _approximate(gold: Node, pred: Node, settings: Settings, seed: bytes) -> tuple[bool, str]:
    """At least one side holds decimals and they are not both plain numbers."""
    if not symbols(gold) and not symbols(pred):
        g, p = agreement.approximation(gold), agreement.approximation(pred)
        if g is None or p is None:
            return False, "no numeric value"
        g_decimals = gold.value[1] if gold.kind == "num" else (COMPUTED if has_decimals(gold) else None)
        p_decimals = pred.value[1] if pred.kind == "num" else (COMPUTED if has_decimals(pred) else None)
        fits = _rounds(g, g_decimals, p, p_decimals, settings.tolerance)
        return fits, "equal after rounding" if fits else "different as decimals"
    if modular.identical(gold, pred, seed):
        return True, "identical as rational expressions"
    fits = bool(agreement.close(gold, pred, settings.tolerance, seed))
    return fits, f"{'within' if fits else 'not within'} the tolerance at random points"


def exact(gold: Node, pred: Node, seed: bytes) -> tuple[bool, str]:
    """Two exact scalars. Raises Hard."""
    found = modular.identical(gold, pred, seed)
    if found is not None:
        return found, f"{'identical' if found else 'different'} as rational expressions"
    bases = (10, 0) if has_log(gold) or has_log(pred) else (10,)
    known = None
    for base in bases:
        known = agreement.equal(gold, pred, seed, base)
        if known:
            return True, "equal at random points to high precision"
    if known is None:
        return False, "the structures differ and neither has a numeric value"
    return False, "refuted numerically"


def has_log(node: Node) -> bool:
    """Does a logarithm without a base occur, which may be to base ten or natural?"""
    return any(part.kind == "fn" and part.value == "log" for part in walk(node))
