"""What a list, a set, a tuple or a chain of equations says: its items, whether their order counts, their names."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple

from holdfast.rewards.math_answer.parse.tree import BINDERS, Node, add, has, neg, rebuild, symbols, walk

_MOST_SIGNS = 4
_DIFFERENTIALS = (Node("sym", (), "d"), Node("sym", (), "partial"))


class Solutions(NamedTuple):
    """Items in order; `names` where each was assigned to one (`k = 45, n = 2`)."""

    items: tuple[Node, ...]
    kind: str
    """one, list (bare), set, tuple, record"""
    names: tuple[Node, ...] = ()
    brackets: str = ""

    def distinct(self) -> "Solutions":
        """These solutions without repeated items."""
        return self._replace(items=_distinct(self.items))


def solutions(node: Node) -> Solutions:
    """The items of an answer of any shape."""
    if node.kind == "set":
        return Solutions(_flat(node.args), "set")
    if node.kind == "tuple":
        return Solutions(node.args, "tuple", (), node.value)
    if node.kind != "list":
        return Solutions((node,), "one")
    if all(part.kind == "list" for part in node.args):
        return Solutions(tuple(_record_or_tuple(part) for part in node.args), "list")
    if node.value != "or" and all(_is_computed(part) for part in node.args):
        return Solutions(tuple(part.args[-1] for part in node.args), "record")
    named = [_assignment(part) for part in node.args]
    found = [pair for pair in named if pair is not None]
    if len(found) == len(node.args):
        if len({pair[0] for pair in found}) == 1:
            return Solutions(_flat(pair[1] for pair in found), "list")
        return Solutions(tuple(pair[1] for pair in found), "record", tuple(pair[0] for pair in found))
    if found and named[0] is not None and len(found) == 1:
        return Solutions(_flat((found[0][1], *node.args[1:])), "list")
    return Solutions(_flat(node.args), "alternatives" if node.value == "or" else "list")


def _is_computed(node: Node) -> bool:
    """`\\cos \\pi = -1`: an equation without unknowns gives a value, and where it stands says of what."""
    return node.kind == "rel" and set(node.value) == {"="} and not symbols(node) and not has(node, "index", "app")


def _record_or_tuple(group: Node) -> Node:
    inner = solutions(group)
    if inner.kind != "record":
        return group
    return Node("tuple", inner.items, "()")


def _assignment(node: Node) -> tuple[Node, Node] | None:
    """Name and value of `x = …`."""
    if node.kind != "rel" or set(node.value) - {"=", "~"}:
        return None
    node = turned(node)
    value = settled(node)
    return (node.args[0], value) if named(node.args[0]) else None


def turned(node: Node) -> Node:
    """`5 = x` with its name first."""
    if node.kind == "rel" and node.value == ("=",) and node.args[1].kind == "sym" and not symbols(node.args[0]):
        return node._replace(args=node.args[::-1])
    return node


def settled(node: Node) -> Node:
    """The last exact side of a chain: `x = 5 + 6 = 11 ≈ 11.0` is 11."""
    exact = node.args
    if "~" in node.value:
        cut = node.value.index("~") + 1
        exact = node.args[:cut] if cut > 1 or not named(node.args[0]) else node.args[: cut + 1]
    return exact[-1]


def named(node: Node) -> bool:
    """Is it a mere name for a quantity: x, f(x), a_1, (x, y), |AB|, NO/BO, the area?"""
    if node.kind in ("sym", "index", "app", *BINDERS) or _derivative(node):
        return True
    if node.kind == "tuple":
        return all(named(part) for part in node.args)
    if node.kind in ("mul", "pow", "fn", "deg", "ratio"):
        leaves = [part for part in walk(node) if not part.args]
        geometric = all(
            (leaf.kind == "sym" and (leaf.value[:1].isupper() or len(leaf.value) > 2)) or _minus_one(leaf)
            for leaf in leaves
        )
        if node.kind == "fn":
            return node.value in ("abs", "norm", "Re", "Im", "arg", "deg", "min", "max", "gcd", "lcm", "det") and (
                geometric or all(part.kind == "sym" for part in node.args)
            )
        return geometric and any(leaf.kind == "sym" for leaf in leaves)
    return False


def _derivative(node: Node) -> bool:
    """dy/dx, d/dx of something: d above and below the line."""
    if node.kind != "mul":
        return False
    below = [part.args[0].args for part in node.args if part.kind == "pow" and part.args[0].kind == "mul"]
    return any(mark in node.args and any(mark in factors for factors in below) for mark in _DIFFERENTIALS)


def _minus_one(leaf: Node) -> bool:
    return leaf.kind == "num" and leaf.value[0] == -1


def quantity(node: Node) -> bool:
    """Looser: an expression of at least two names without numbers (`a + b`), as on the left of `a + b = 7`."""
    if named(node):
        return True
    leaves = [part for part in walk(node) if not part.args]
    names = {leaf.value for leaf in leaves if leaf.kind == "sym"}
    inner = {id(leaf) for part in walk(node) if part.kind in ("app", "index") for leaf in part.args}
    numbers = [leaf for leaf in leaves if leaf.kind == "num" and id(leaf) not in inner and not _minus_one(leaf)]
    applied = sum(part.kind in ("app", "index") for part in walk(node))
    return not numbers and len(names) + applied >= 2 and node.kind in ("add", "mul", "pow", "fn")


def _flat(items: Iterable[Node]) -> tuple[Node, ...]:
    """Items with ± written out and inner bare lists opened."""
    found: list[Node] = []
    for item in items:
        for part in item.args if item.kind == "list" else (item,):
            found.extend(expanded(part))
    return tuple(found)


def _distinct(items: tuple[Node, ...]) -> tuple[Node, ...]:
    return tuple(dict.fromkeys(items))


def expanded(node: Node) -> list[Node]:
    """Every reading of the ± in it: each sign for itself, all together when ∓ occurs."""
    signs = [part for part in walk(node) if part.kind == "pm"]
    if not signs or len(signs) > _MOST_SIGNS:
        return [node]
    if any(part.value == "-" for part in signs):
        choices = [[1] * len(signs), [-1] * len(signs)]
    else:
        choices = [list(choice) for choice in product((1, -1), repeat=len(signs))]
    return list(dict.fromkeys(_chosen(node, iter(choice)) for choice in choices))


def _chosen(node: Node, choice: Iterator[int]) -> Node:
    if not node.args:
        return node
    if node.kind == "pm":
        sign = next(choice)
        sign = sign if node.value == "+" else -sign
        args = [_chosen(part, choice) for part in node.args]
        last = args[-1] if sign > 0 else neg(args[-1])
        return last if len(args) == 1 else add(args[0], last)
    return rebuild(node, tuple(_chosen(part, choice) for part in node.args))
