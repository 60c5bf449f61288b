"""Sets of real numbers: intervals, unions and inequalities in one variable, in one canonical form."""

from fractions import Fraction
from typing import NamedTuple

from holdfast.rewards.answers.words.names import FLIPPED
from holdfast.rewards.math_answer.equal import agreement
from holdfast.rewards.math_answer.parse.tree import (
    INF,
    MINUS_ONE,
    ONE,
    TWO,
    ZERO,
    Node,
    add,
    div,
    mul,
    neg,
    num,
    substitute,
    symbols,
)

MINUS_INF = mul(MINUS_ONE, INF)
_ORDER = ("<", ">", "<=", ">=")
MAX_PARTS = 40


class Piece(NamedTuple):
    """An interval; a point when both ends are the same and closed."""

    low: Node
    high: Node
    low_closed: bool
    high_closed: bool


Region = list[Piece]
REALS: Region = [Piece(MINUS_INF, INF, False, False)]


def region(node: Node) -> Region | None:
    """The set of reals a node describes, in order and merged; None when it describes none."""
    pieces = _region(node)
    return None if pieces is None or len(pieces) > MAX_PARTS else _merged(pieces)


def looks_like(node: Node) -> bool:
    """Is it written as a set of reals that is no mere pair or list?"""
    if node.kind == "rel":
        return any(sign in (*_ORDER, "!=", "in") for sign in node.value)
    if node.kind == "tuple":
        return len(node.args) == 2 and (node.value != "()" or INF in node.args or MINUS_INF in node.args)
    if node.kind == "list":
        return any(looks_like(part) for part in node.args) and all(_part(part) for part in node.args)
    return node.kind in ("union", "inter", "diff", "builder", "field") or node == Node("set")


def _part(node: Node) -> bool:
    return looks_like(node) or (node.kind == "tuple" and len(node.args) == 2) or _point(node) is not None


def _region(node: Node) -> Region | None:
    if node.kind == "tuple" and len(node.args) == 2:
        low, high = node.args
        return [Piece(low, high, node.value[0] == "[", node.value[1] == "]")]
    if node.kind == "field" and node.value in ("R", "R+"):
        return REALS if node.value == "R" else [Piece(ZERO, INF, False, False)]
    if node.kind == "set":
        return [Piece(part, part, True, True) for part in node.args]
    if node.kind in ("union", "inter", "diff"):
        return _combined(node)
    if node.kind == "rel":
        return _relation(node)
    if node.kind == "list":
        return _listed(node)
    if node.kind == "builder":
        head, condition = node.args
        return _region(condition) if head.kind in ("sym", "rel") else None
    return None


def _combined(node: Node) -> Region | None:
    parts = [_region(part) for part in node.args]
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    if node.kind == "union":
        return [piece for part in known for piece in part]
    other = known[1] if node.kind == "inter" else _complement(known[1])
    return None if other is None else _intersection(known[0], other)


def _listed(node: Node) -> Region | None:
    """`x < 1 or x > 3` unites; `x > 1, x ≠ 3` and `x > 1 and x < 3` intersect where that leaves something."""
    parts = [_point(part) or _region(part) for part in node.args]
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    united = [piece for part in known for piece in part]
    if node.value == "or" or not all(part.kind == "rel" for part in node.args):
        return united
    common: Region | None = known[0]
    for part in known[1:]:
        common = None if common is None else _intersection(common, part)
    return common or united


def _point(node: Node) -> Region | None:
    """`x = 1` beside inequalities."""
    if node.kind != "rel" or node.value != ("=",) or node.args[0].kind != "sym" or not _number(node.args[1]):
        return None
    return [Piece(node.args[1], node.args[1], True, True)]


def _relation(node: Node) -> Region | None:
    signs, sides = node.value, node.args
    if signs == ("in",):
        return _region(sides[1]) if sides[0].kind in ("sym", "index", "app") else None
    if signs == ("!=",):
        solved = _solved(sides[0], "=", sides[1])
        return None if solved is None else _complement(solved)
    if not all(sign in (*_ORDER, "=") for sign in signs) or not any(sign in _ORDER for sign in signs):
        return None
    if signs[0] == "=" and len(signs) > 1:
        return None
    pieces: Region | None = None
    for left, sign, right in zip(sides, signs, sides[1:], strict=False):
        step = _solved(left, sign, right)
        if step is None:
            return None
        pieces = step if pieces is None else _intersection(pieces, step)
        if pieces is None:
            return None
    return pieces


def _solved(left: Node, sign: str, right: Node) -> Region | None:
    """One inequality in one variable that is linear in it, or in its absolute value."""
    if symbols(left) and symbols(right):
        left, right = add(left, neg(right)), ZERO
    if symbols(right):
        left, sign, right = right, FLIPPED[sign], left
    names = symbols(left)
    if len(names) != 1:
        return None
    (name,) = names
    if left.kind == "fn" and left.value == "abs":
        return _absolute(left.args[0], sign, right)
    line = _linear(left, name)
    if line is None or not _number(right):
        return None
    slope, start = line
    bound = _shift(right, start, slope)
    return _half_line(bound, FLIPPED[sign] if slope < 0 else sign)


def _shift(right: Node, start: Fraction, slope: Fraction) -> Node:
    if right in (INF, MINUS_INF):
        return right if slope > 0 else mul(MINUS_ONE, right)
    return div(add(right, num(-start)), num(slope))


def _half_line(bound: Node, sign: str) -> Region:
    if sign == "=":
        return [Piece(bound, bound, True, True)]
    if sign in ("<", "<="):
        return [Piece(MINUS_INF, bound, False, sign == "<=")]
    return [Piece(bound, INF, sign == ">=", False)]


def _absolute(inner: Node, sign: str, right: Node) -> Region | None:
    """|a·x + b| < c is -c < a·x + b < c; > is its complement."""
    if sign in ("<", "<="):
        low, high = _solved(inner, FLIPPED[sign], neg(right)), _solved(inner, sign, right)
        return None if low is None or high is None else _intersection(low, high)
    if sign in (">", ">="):
        low, high = _solved(inner, FLIPPED[sign], neg(right)), _solved(inner, sign, right)
        return None if low is None or high is None else [*low, *high]
    return None


def _linear(node: Node, name: str) -> tuple[Fraction, Fraction] | None:
    """Slope and intercept of a·x + b with rational a and b; None for anything else."""
    if node == Node("sym", (), name):
        return Fraction(1), Fraction(0)
    points = [_at(node, name, point) for point in (ZERO, ONE, TWO, num(7), num(-5))]
    if any(point is None for point in points):
        return None
    values = [point for point in points if point is not None]
    start, slope = values[0], values[1] - values[0]
    if slope == 0 or any(start + slope * x != value for x, value in zip((2, 7, -5), values[2:], strict=False)):
        return None
    return slope, start


def _at(node: Node, name: str, point: Node) -> Fraction | None:
    value = substitute(node, name, point)
    return value.value[0] if value.kind == "num" else None


def _number(node: Node) -> bool:
    return node in (INF, MINUS_INF) or not symbols(node)


def _size(node: Node) -> Fraction | float | None:
    """A real number to sort by."""
    if node in (INF, MINUS_INF):
        return float("inf") if node == INF else float("-inf")
    return None if symbols(node) else agreement.approximation(node)


def _less(one: Node, other: Node) -> bool | None:
    a, b = _size(one), _size(other)
    return None if a is None or b is None else a < b


def _intersection(one: Region, other: Region) -> Region | None:
    found: Region = []
    for a in one:
        for b in other:
            low, high = _later(a, b), _earlier(a, b)
            if low is None or high is None:
                return None
            piece = Piece(low[0], high[0], low[1], high[1])
            smaller = _less(piece.low, piece.high)
            if smaller is None:
                return None
            if smaller or (piece.low == piece.high and piece.low_closed and piece.high_closed):
                found.append(piece)
    return found


def _later(a: Piece, b: Piece) -> tuple[Node, bool] | None:
    """The greater of two lower ends."""
    if a.low == b.low:
        return a.low, a.low_closed and b.low_closed
    less = _less(a.low, b.low)
    if less is None:
        return None
    return (b.low, b.low_closed) if less else (a.low, a.low_closed)


def _earlier(a: Piece, b: Piece) -> tuple[Node, bool] | None:
    if a.high == b.high:
        return a.high, a.high_closed and b.high_closed
    less = _less(a.high, b.high)
    if less is None:
        return None
    return (a.high, a.high_closed) if less else (b.high, b.high_closed)


def _complement(pieces: Region) -> Region | None:
    result: Region | None = REALS
    for piece in pieces:
        rest: Region = []
        if piece.low != MINUS_INF:
            rest.append(Piece(MINUS_INF, piece.low, False, not piece.low_closed))
        if piece.high != INF:
            rest.append(Piece(piece.high, INF, not piece.high_closed, False))
        result = None if result is None else _intersection(result, rest)
    return result


def _place(piece: Piece) -> tuple[Fraction | float, bool]:
    return _size(piece.low) or Fraction(0), not piece.low_closed


def _merged(pieces: Region) -> Region | None:
    """In order; pieces that touch or overlap become one."""
    if len(pieces) < 2:
        return pieces
    if any(_size(end) is None for piece in pieces for end in (piece.low, piece.high)):
        return pieces
    ordered = sorted(pieces, key=_place)
    merged = [ordered[0]]
    for piece in ordered[1:]:
        last = merged[-1]
        touching = last.high == piece.low and (last.high_closed or piece.low_closed)
        if not touching and not _less(piece.low, last.high):
            merged.append(piece)
            continue
        end = _earlier(last, piece)
        if end is None:
            return pieces
        farther = piece if end[0] == last.high and last.high != piece.high else last
        closed = (last.high_closed or piece.high_closed) if last.high == piece.high else farther.high_closed
        merged[-1] = Piece(last.low, farther.high, last.low_closed, closed)
    return merged
