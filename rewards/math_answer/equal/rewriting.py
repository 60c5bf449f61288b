"""Two notations of one thing: i + 2j and (1, 2), 1 + 2i and (1, 2), 4k + 1 and 1 mod 4, xy = 6 and 6/x, [x] and ⌊x⌋."""

from collections.abc import Iterator

from holdfast.rewards.math_answer.equal import agreement
from holdfast.rewards.math_answer.equal.agreement import has_imaginary
from holdfast.rewards.math_answer.equal.renaming import Pair, linear
from holdfast.rewards.math_answer.parse.tree import (
    IMAGINARY,
    ONE,
    ZERO,
    Node,
    add,
    fn,
    mul,
    neg,
    num,
    rebuild,
    substitute,
    symbols,
    walk,
)

_BASIS = ("basis i", "basis j", "basis k")


def rewritten(gold: Node, pred: Node, in_square_brackets: bool) -> Iterator[Pair]:
    """Pairs in one notation; nothing where both are in one already."""
    yield from _chained(gold, pred)
    yield from _vectors(gold, pred)
    yield from _other_letters(gold, pred)
    yield from _complex(gold, pred)
    yield from _residues(gold, pred)
    yield from _solved(gold, pred)
    yield from _identity(gold, pred)
    if in_square_brackets and any(part.kind == "fn" and part.value == "floor" for part in walk(gold)):
        yield gold, fn("floor", pred)


def _chained(gold: Node, pred: Node) -> Iterator[Pair]:
    """a = b = 1 gives two names their value, as a = 1, b = 1 and (1, 1) do."""
    sides = [_assignments(node) for node in (gold, pred)]
    if (sides[0] is gold) != (sides[1] is pred):
        yield sides[0], sides[1]


def _assignments(node: Node) -> Node:
    names = node.args[:-1] if node.kind == "rel" and set(node.value) == {"="} else ()
    distinct = len(set(names)) == len(names) > 1 and all(name.kind == "sym" for name in names)
    if not distinct or any(name.value in symbols(node.args[-1]) for name in names) or node.args[-1].kind == "sym":
        return node
    return Node("list", tuple(Node("rel", (name, node.args[-1]), ("=",)) for name in names), ",")


def _vectors(gold: Node, pred: Node) -> Iterator[Pair]:
    sides = [_coordinates(node) for node in (gold, pred)]
    if sides[0] is None and sides[1] is None:
        return
    length = max(len(side) for side in (sides[0] or (), sides[1] or ()))
    other = _length(pred if sides[0] is not None else gold)
    if other is not None and (other < 3 or length <= 3):
        size = max(other, length)
        pair = [Node("tuple", (*side, *(ZERO,) * (size - len(side))), "()") if side is not None else node
                for node, side in zip((gold, pred), sides, strict=True)]  # fmt: skip
        yield pair[0], pair[1]


def _other_letters(gold: Node, pred: Node) -> Iterator[Pair]:
    """i + 2j for a vector, i in another font for a complex number, R for the reals, 19:45 for 7:45 pm."""
    vector = _coordinates(gold) is not None or _length(gold) in (2, 3)
    if vector and symbols(pred) & {"j", "k"} and pred.kind in ("add", "mul", "sym"):
        yield from _vectors(gold, _mapped(pred, _AS_BASIS))
    elif has_imaginary(gold) and "basis i" in symbols(pred):
        yield gold, _mapped(pred, {Node("sym", (), "basis i"): IMAGINARY})
    elif gold.kind == "field" and pred.kind == "sym" and pred.value == gold.value:
        yield gold, gold
    elif {gold.kind, pred.kind} == {"unit", "ratio"}:
        one, other = _of_day(gold), _of_day(pred)
        if one is not None and one == other:
            yield gold, gold


_AS_BASIS = {IMAGINARY: Node("sym", (), "basis i")} | {
    Node("sym", (), letter): Node("sym", (), f"basis {letter}") for letter in "ijk"
}


def _mapped(node: Node, names: dict[Node, Node]) -> Node:
    if node in names:
        return names[node]
    return rebuild(node, tuple(_mapped(part, names) for part in node.args)) if node.args else node


def _of_day(node: Node) -> tuple[int, int] | None:
    """Hour and minute of a time with am or pm, or of one beyond noon."""
    clock = node.args[0] if node.kind == "unit" and node.value in ("am", "pm") else node
    if clock.kind != "ratio" or clock.value != "clock":
        return None
    hour, minute = (int(part.value[0]) for part in clock.args)
    if node.kind == "unit":
        return hour % 12 + 12 * (node.value == "pm"), minute
    return (hour, minute) if hour > 12 or hour == 0 else None


def _coordinates(node: Node) -> tuple[Node, ...] | None:
    """The coefficients of i, j, k; None without any of them."""
    names = symbols(node) & set(_BASIS)
    if not names or not all(linear(node, name) for name in names) or node.kind not in ("add", "mul", "sym"):
        return None
    size = 3 if "basis k" in names else 2
    found = []
    for wanted in _BASIS[:size]:
        value = node
        for name in _BASIS:
            value = substitute(value, name, ONE if name == wanted else ZERO)
        found.append(_folded(value))
    return tuple(found)


def _folded(node: Node) -> Node:
    """Without the products by zero that a substitution leaves."""
    if node.kind == "mul" and ZERO in node.args:
        return ZERO
    return add(*map(_folded, node.args)) if node.kind == "add" else node


def _length(node: Node) -> int | None:
    if node.kind == "tuple":
        return len(node.args)
    return len(node.args) if node.kind == "matrix" and all(len(row.args) == 1 for row in node.args) else None


def _complex(gold: Node, pred: Node) -> Iterator[Pair]:
    """The pair of a complex number's parts, for a reference that is one."""
    point = pred.kind == "tuple" and len(pred.args) == 2 and pred.value == "()" and not has_imaginary(pred)
    if point and has_imaginary(gold) and not symbols(gold):
        yield gold, add(pred.args[0], mul(IMAGINARY, pred.args[1]))


def _residues(gold: Node, pred: Node) -> Iterator[Pair]:
    """4k + 1 is 1 modulo 4."""
    if "mod" in (gold.kind, pred.kind) and gold.kind != pred.kind:
        sides = [node if node.kind == "mod" else _residue(node) for node in (gold, pred)]
        if sides[0] is not None and sides[1] is not None:
            yield sides[0], sides[1]
    if gold.kind == pred.kind == "list" or {gold.kind, pred.kind} == {"list", "mod"}:
        parts = [[part if part.kind == "mod" else _residue(part) for part in _parts(node)] for node in (gold, pred)]
        if (
            any(part.kind == "mod" for node in (gold, pred) for part in _parts(node))
            and None not in parts[0] + parts[1]
        ):
            lists = [Node("list", tuple(part for part in side if part is not None), "or") for side in parts]
            yield lists[0], lists[1]


def _parts(node: Node) -> tuple[Node, ...]:
    return node.args if node.kind == "list" else (node,)


def _residue(node: Node) -> Node | None:
    """The residue class of a·k + b with whole a and b."""
    if node.kind == "rel" and node.value == ("=",) and node.args[0].kind == "sym":
        node = node.args[1]
    names = symbols(node)
    if len(names) != 1:
        return None
    (name,) = names
    start, step = (substitute(node, name, value) for value in (ZERO, ONE))
    start = _folded(start)
    if not linear(node, name) or start.kind != "num" or step.kind != "num":
        return None
    modulus = step.value[0] - start.value[0]
    if modulus.denominator != 1 or start.value[0].denominator != 1 or abs(modulus) < 2:
        return None
    return Node("mod", (start, num(abs(modulus))))


def _identity(gold: Node, pred: Node) -> Iterator[Pair]:
    """A reference that states one expression in two forms (`sin 2x = 2 sin x cos x`) is that expression."""
    plain = pred.kind not in ("rel", "list", "set", "tuple")
    stated = gold.kind == "rel" and gold.value == ("=",) and gold.args[0].kind != "sym" and bool(symbols(gold))
    if plain and stated and agreement.equal(gold.args[0], gold.args[1], b""):
        yield gold.args[1], pred


def _solved(gold: Node, pred: Node) -> Iterator[Pair]:
    """An expression for the one name that a reference's equation has and the answer does not: 6/x for xy = 6."""
    if gold.kind != "rel" or gold.value != ("=",) or pred.kind in ("rel", "list", "set", "tuple", "num"):
        return
    missing = symbols(gold) - symbols(pred)
    if len(missing) != 1 or not symbols(pred) or symbols(pred) - symbols(gold):
        return
    (name,) = missing
    difference = add(gold.args[0], neg(gold.args[1]))
    without, once = (substitute(difference, name, value) for value in (ZERO, ONE))
    if agreement.equal(without, once, b"") is not False:
        return  # the name cancels: anything would do
    if linear(difference, name):
        yield substitute(gold.args[0], name, pred), substitute(gold.args[1], name, pred)
