"""The names that an answer may choose for itself: integer parameters it declares, bound variables, constants of
integration. Nothing else may be renamed: n² is not k²."""

import re
from collections.abc import Iterator
from itertools import permutations

from holdfast.rewards.math_answer.parse.tree import (
    PI,
    Node,
    add,
    div,
    has,
    mul,
    num,
    power,
    rebuild,
    substitute,
    symbols,
    walk,
)

Pair = tuple[Node, Node]
_INTEGERS = frozenset("knmlj")
"""Names that stand for whole numbers beside multiples of pi, undeclared."""
_CONSTANT = re.compile(r"[CcKk](?:_?\d)?")
_ANY_CONSTANT = re.compile(r"[A-DKa-dk](?:_?\d)?")
_MOST_CONSTANTS = 3
_GOLDEN = mul(add(num(1), power(num(5), div(num(1), num(2)))), div(num(1), num(2)))


def renamed(gold: Node, pred: Node, declared: tuple[frozenset[str], frozenset[str]]) -> Iterator[Pair]:
    """Pairs that are equal only by another choice of names; nothing where no name may be chosen."""
    yield from _parameter(_value(gold), _value(pred), declared)
    yield from _argument(gold, pred)
    if "sym" not in (_value(gold).kind, _value(pred).kind):  # a bare name is an answer, no constant of integration
        yield from _constants(gold, pred)
    yield from _products(gold, pred)
    yield from _signs(gold, pred)


def _parameter(gold: Node, pred: Node, declared: tuple[frozenset[str], frozenset[str]]) -> Iterator[Pair]:
    one, other = symbols(gold) - symbols(pred), symbols(pred) - symbols(gold)
    if len(one) != 1 or len(other) != 1:
        return
    (wanted,), (chosen,) = one, other
    changed = substitute(pred, chosen, Node("sym", (), wanted))
    both = wanted in declared[0] and chosen in declared[1]
    either = wanted in declared[0] or chosen in declared[1]
    periodic = {wanted, chosen} <= _INTEGERS and all(
        _turns(node, name) for node, name in ((gold, wanted), (pred, chosen))
    )
    bound = _is_bound(wanted, gold) and _is_bound(chosen, pred)
    if both or periodic or bound or (either and linear(gold, wanted) and linear(pred, chosen)):
        yield gold, changed


def _is_bound(name: str, node: Node) -> bool:
    """Does a set run over the name ({2^n : n in N})?"""
    conditions = node.args[1:] if node.kind == "builder" else ()
    return any(part.kind == "rel" and part.value == ("in",) and part.args[0].value == name for part in conditions)


def _value(node: Node) -> Node:
    """What an equation gives its name."""
    given = node.kind == "rel" and node.value == ("=",) and node.args[0].kind in ("sym", "index", "tuple")
    return node.args[1] if given else node


def _turns(node: Node, name: str) -> bool:
    """Does the name occur in multiples of pi or of degrees only?"""
    places = [part for part in walk(node) if part.kind in ("mul", "deg") and name in symbols(part)]
    return bool(places) and linear(node, name) and all(part.kind == "deg" or PI in part.args for part in places)


def linear(node: Node, name: str) -> bool:
    """Is it of the first degree in the name, wherever that occurs?"""
    if node.kind == "sym" or name not in symbols(node):
        return True
    if node.kind in ("add", "list", "set", "tuple", "rel", "union", "deg", "unit", "percent", "matrix", "row"):
        return all(linear(part, name) for part in node.args)
    if node.kind == "mul":
        return sum(name in symbols(part) for part in node.args) == 1 and all(linear(part, name) for part in node.args)
    return False


def _argument(gold: Node, pred: Node) -> Iterator[Pair]:
    """f(t) = t + 3 is f(x) = x + 3."""
    names = [_applied_to(node) for node in (gold, pred)]
    if names[0] and names[1] and names[0] != names[1] and names[0] not in symbols(pred):
        yield gold, substitute(pred, names[1], Node("sym", (), names[0]))


def _applied_to(node: Node) -> str:
    """The argument of the function that an equation defines."""
    heads = [part.args[0] for part in (node.args if node.kind == "list" else (node,)) if part.kind == "rel"]
    found = {
        head.args[0].value
        for head in heads
        if head.kind == "app" and len(head.args) == 1 and head.args[0].kind == "sym"
    }
    return (
        str(found.pop()) if len(found) == 1 and len(heads) == len(node.args if node.kind == "list" else (node,)) else ""
    )


def _constants(gold: Node, pred: Node) -> Iterator[Pair]:
    """The constants of integration, in any order and spelling, beside at least one variable."""
    names = [_constants_of(node, _CONSTANT) for node in (gold, pred)]
    if not names[0] and names[1]:
        names[0] = _constants_of(gold, _ANY_CONSTANT)
    elif names[0] and len(names[1]) != len(names[0]):
        names[1] = _constants_of(pred, _ANY_CONSTANT)
    wanted, chosen = names
    if not wanted or len(wanted) != len(chosen) or len(wanted) > _MOST_CONSTANTS or wanted == chosen == ["k"]:
        return
    plain = [_spelled(node) for node in (gold, pred)]
    if not symbols(plain[0]) - set(wanted) or not all(
        linear(side, name) for side, group in zip(plain, names, strict=True) for name in group
    ):
        return
    for order in permutations(chosen):
        changed = plain[1]
        for index, name in enumerate(order):
            changed = substitute(changed, name, Node("sym", (), f"constant {index}"))
        for index, name in enumerate(wanted):
            changed = substitute(changed, f"constant {index}", Node("sym", (), name))
        yield plain[0], changed


def _constants_of(node: Node, pattern: re.Pattern[str]) -> list[str]:
    return sorted(name for name in symbols(_spelled(node)) if pattern.fullmatch(name))


def _spelled(node: Node) -> Node:
    """`C_1` as one name."""
    if node.kind == "index" and len(node.args) == 1 and node.args[0].kind == "num":
        return Node("sym", (), f"{node.value}_{node.args[0].value[0]}")
    return rebuild(node, tuple(map(_spelled, node.args))) if node.args else node


def _products(gold: Node, pred: Node) -> Iterator[Pair]:
    """h(h - x) is a product where the other side knows h as a name only."""
    for node, other, first in ((gold, pred, True), (pred, gold, False)):
        applied = {part.value for part in walk(node) if part.kind == "app" and len(part.args) == 1}
        known = {part.value for part in walk(other) if part.kind == "app"}
        names = {name for name in applied - known if name in symbols(other)}
        if names:
            changed = _multiplied(node, names)
            yield (changed, other) if first else (other, changed)


def _multiplied(node: Node, names: set[str]) -> Node:
    if node.kind == "app" and node.value in names:
        return mul(Node("sym", (), node.value), _multiplied(node.args[0], names))
    return rebuild(node, tuple(_multiplied(part, names) for part in node.args)) if node.args else node


def _signs(gold: Node, pred: Node) -> Iterator[Pair]:
    """j as the imaginary unit, phi as the golden ratio, where the reference has no such name."""
    if symbols(pred) == {"j"} and not symbols(gold) and Node("const", (), "i") in walk(gold):
        yield gold, substitute(pred, "j", Node("const", (), "i"))
    if symbols(pred) == {"phi"} and not symbols(gold) and not has(gold, "list", "set", "tuple"):
        yield gold, substitute(pred, "phi", _GOLDEN)
