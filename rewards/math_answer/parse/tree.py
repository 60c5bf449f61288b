"""The expression tree: one node type, and constructors that fold exact constants within bounds.

Kinds of a scalar: `num` (value: Fraction, decimals or None), `const` (pi, e, i, inf), `sym` (name), `add`, `mul`,
`pow`, `fn` (name), `app` (an unknown function), `index` (a name with a computed subscript), `sum`, `prod`, `int`, `lim`
(value: the bound name), `pm` (value: + or -), `deg`, `percent`, `unit` (value: the unit), `base` (value: the digits as
written), `ratio`, `dots`. Kinds of a structure: `tuple` (value: its brackets), `set`, `list` (value: its separator),
`matrix` of `row`, `union`, `inter`, `diff`, `builder`, `rel` (value: the signs), `mod`, `field`, `text`.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import isqrt
from typing import Any, NamedTuple

MAX_CHARS = 4000
"""Longest answer read, in characters."""
MAX_TOKENS = 1500
MAX_DEPTH = 45
MAX_HEIGHT = 100
"""Most levels of a tree: it is walked by recursion later."""
MAX_DIGITS = 1200
"""Longest number literal read."""
MAX_BITS = 60_000
"""Largest exact integer computed (2^(2^16) fits into numerator and denominator together)."""
MAX_FACTORIAL = 5000
MAX_CELLS = 400
COMPUTED = 999
"""Decimals of a number computed from decimals: no rounding of its own, only the relative tolerance."""
MAX_TERMS = 400
"""Longest sum or product written out."""


class UnreadableError(Exception):
    """The text is not an answer this package can read; never leaves the package."""


class Node(NamedTuple):
    """A node of the tree; equal nodes are structurally equal."""

    kind: str
    args: tuple["Node", ...] = ()
    value: Any = None


def num(value: Fraction | int, decimals: int | None = None) -> Node:
    """A number; `decimals` counts the decimals it was written with (None: an exact form)."""
    return Node("num", (), (Fraction(value), decimals))


ZERO, ONE, TWO, MINUS_ONE = num(0), num(1), num(2), num(-1)
PI, E, IMAGINARY, INF = (Node("const", (), name) for name in ("pi", "e", "i", "inf"))
DOTS = Node("dots")


def bits(value: Fraction) -> int:
    """The size of a fraction in bits."""
    return value.numerator.bit_length() + value.denominator.bit_length()


def add(*terms: Node) -> Node:
    """The sum, flattened, with its exact numbers folded."""
    total, decimals, rest = Fraction(0), None, []
    for term in terms:
        for part in term.args if term.kind == "add" else (term,):
            if part.kind == "num" and bits(part.value[0]) + bits(total) < MAX_BITS:
                total += part.value[0]
                decimals = COMPUTED if decimals is not None and part.value[1] is not None else _either(decimals, part)
            else:
                rest.append(part)
    if not rest:
        return num(total, decimals)
    if total or decimals is not None:
        rest.append(num(total, decimals))
    return rest[0] if len(rest) == 1 else Node("add", tuple(rest))


def mul(*factors: Node) -> Node:
    """The product, flattened, with its exact numbers folded."""
    total, decimals, rest = Fraction(1), None, []
    for factor in factors:
        for part in factor.args if factor.kind == "mul" else (factor,):
            if part.kind == "num" and bits(part.value[0]) + bits(total) < MAX_BITS:
                decimals = _shifted(total, decimals, part)
                total *= part.value[0]
            else:
                rest.append(part)
    if not rest:
        return num(total, decimals)
    if total != 1 or decimals is not None:
        rest.insert(0, num(total, decimals))
    return rest[0] if len(rest) == 1 else Node("mul", tuple(rest))


def power(base: Node, exponent: Node) -> Node:
    """The power; computed when both are numbers, the exponent is an integer and the result is within bounds."""
    if exponent == ONE:
        return base
    if base.kind == "num" and exponent.kind == "num":
        (b, decimals), (e, e_decimals) = base.value, exponent.value
        if e.denominator == 1 and e_decimals is None and _affordable(b, e.numerator):
            return num(b**e.numerator, None if decimals is None else COMPUTED)
        if b > 0 and e.denominator == 2 and abs(e.numerator) < 20:
            root = _square_root(b)
            if root is not None:
                return power(num(root, None if decimals is None else COMPUTED), num(e.numerator))
    return Node("pow", (base, exponent))


def neg(node: Node) -> Node:
    """Minus the node, distributed over a structure's parts."""
    if node.kind in ("list", "set", "tuple"):
        return node._replace(args=tuple(neg(part) for part in node.args))
    return mul(MINUS_ONE, node)


def div(numerator: Node, denominator: Node) -> Node:
    """The quotient of two nodes."""
    return mul(numerator, power(denominator, MINUS_ONE))


def fn(name: str, *args: Node) -> Node:
    """A known function's value, left as it stands."""
    return Node("fn", args, name)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(current.args)


def height(node: Node) -> int:
    """How many levels it has (without recursion)."""
    level, levels = [node], 0
    while level:
        levels += 1
        level = [part for current in level for part in current.args]
        if levels > MAX_HEIGHT:
            break
    return levels


def symbols(node: Node) -> frozenset[str]:
    """The free names in it (the bound name of a sum, integral or limit is not free)."""
    if node.kind == "sym":
        return frozenset((node.value,))
    if not node.args:
        return frozenset()
    found = frozenset().union(*map(symbols, node.args))
    return found - {node.value} if node.kind in BINDERS else found


BINDERS = ("sum", "prod", "int", "lim")


def has(node: Node, *kinds: str) -> bool:
    """Does any of these kinds occur in it?"""
    return any(part.kind in kinds for part in walk(node))


def has_decimals(node: Node) -> bool:
    """Does a number written with decimals occur in it?"""
    return any(part.kind == "num" and part.value[1] is not None for part in walk(node))


def substitute(node: Node, name: str, value: Node) -> Node:
    """The node with a free name replaced; numbers are folded again."""
    if node.kind == "sym":
        return value if node.value == name else node
    if not node.args or (node.kind in BINDERS and node.value == name):
        return node
    args = tuple(substitute(part, name, value) for part in node.args)
    if args == node.args:
        return node
    return rebuild(node, args)


def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
    """The node over other arguments, folded."""
    if node.kind == "add":
        return add(*args)
    if node.kind == "mul":
        return mul(*args)
    return power(*args) if node.kind == "pow" else node._replace(args=args)


def _either(decimals: int | None, part: Node) -> int | None:
    return part.value[1] if decimals is None else decimals


def _shifted(total: Fraction, decimals: int | None, part: Node) -> int | None:
    """The decimals of total·part: those of the one that has decimals, shifted where the other is a power of ten."""
    value, own = part.value
    if decimals is None and own is None:
        return None
    if decimals is not None and own is not None:
        return COMPUTED
    places, other = (own, total) if decimals is None else (decimals, value)
    shift = _power_of_ten(abs(other))
    return COMPUTED if shift is None or places == COMPUTED else places - shift


def _power_of_ten(value: Fraction) -> int | None:
    if value == 0 or bits(value) > 2000:
        return None
    numerator, denominator = str(value.numerator), str(value.denominator)
    if numerator.rstrip("0") == "1" and denominator.rstrip("0") == "1":
        return len(numerator) - len(denominator)
    return None


def _affordable(base: Fraction, exponent: int) -> bool:
    if base == 0:
        return exponent > 0
    return abs(base) == 1 or abs(exponent) * bits(base) < MAX_BITS


def _square_root(value: Fraction) -> Fraction | None:
    numerator, denominator = isqrt(value.numerator), isqrt(value.denominator)
    return (
        Fraction(numerator, denominator)
        if numerator**2 == value.numerator and denominator**2 == value.denominator
        else None
    )
