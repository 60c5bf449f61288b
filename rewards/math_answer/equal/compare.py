"""Equality of two trees of any shape: the cheapest sound test first."""

from dataclasses import replace

from holdfast.rewards.answers.words.names import FLIPPED
from holdfast.rewards.math_answer.equal import agreement, evaluate, modular, scalars
from holdfast.rewards.math_answer.equal.regions import Piece, looks_like, region
from holdfast.rewards.math_answer.equal.solutions import (
    Solutions,
    expanded,
    named,
    quantity,
    settled,
    solutions,
    turned,
)
from holdfast.rewards.math_answer.parse.tree import Node, add, div, has, mul, neg, num, substitute, symbols
from holdfast.rewards.math_answer.settings import Equality, Settings

_MOST_COMPARISONS = 600
_LISTS = ("list", "set", "tuple")
_AXES = frozenset("xyz")
_EQUATION = {"=", "~"}


def compare(gold: Node, pred: Node, settings: Settings, seed: bytes = b"") -> Equality:
    """Is `pred` the answer `gold`? Raises evaluate.Hard when only a worker could tell."""
    comparison = Comparison(settings, seed)
    return Equality(comparison.same(gold, pred), comparison.test)


class Comparison:
    """One comparison: counts its steps and remembers the test that decided last."""

    def __init__(self, settings: Settings, seed: bytes) -> None:
        self.settings = settings
        self.seed = seed
        self.test = "the structures differ"
        self.steps = 0

    def same(self, gold: Node, pred: Node) -> bool:
        """Do both say the same?"""
        self.steps += 1
        if self.steps > _MOST_COMPARISONS:
            raise evaluate.HardError("too many parts to compare")
        if gold == pred:
            return self._note(True, "the same structure")
        if has(gold, "pm") or has(pred, "pm"):
            return self._with_signs(gold, pred)
        if "mod" in (gold.kind, pred.kind):
            return self._modular(gold, pred)
        if looks_like(gold) or looks_like(pred):
            return self._regions(gold, pred)
        if "rel" in (gold.kind, pred.kind):
            return self._relations(gold, pred)
        if gold.kind in _LISTS or pred.kind in _LISTS:
            return self._solutions(gold, pred)
        return self._plain(gold, pred)

    def _plain(self, gold: Node, pred: Node) -> bool:
        if "matrix" in (gold.kind, pred.kind):
            return self._matrices(gold, pred)
        if gold.kind == pred.kind == "ratio" and len(gold.args) == len(pred.args) > 2:
            quotients = [[div(part, node.args[0]) for part in node.args] for node in (gold, pred)]
            return all(map(self.same, *quotients))
        if gold.kind in scalars.SCALARS and pred.kind in scalars.SCALARS:
            return self._note(*scalars.equal(gold, pred, self.settings, self.seed))
        if gold.kind == pred.kind and gold.value == pred.value and len(gold.args) == len(pred.args):
            return bool(gold.args) and all(map(self.same, gold.args, pred.args))
        return self._note(False, f"a {gold.kind} is no {pred.kind}")

    def _note(self, equal: bool, test: str) -> bool:
        self.test = test
        return equal

    def _with_signs(self, gold: Node, pred: Node) -> bool:
        """± stands for two answers."""
        one, other = (Node("list", tuple(_opened(node)), "or") for node in (gold, pred))
        if has(one, "pm") or has(other, "pm"):
            return self._note(False, "too many signs ±")
        return self._solutions(*(node.args[0] if len(node.args) == 1 else node for node in (one, other)))

    def _modular(self, gold: Node, pred: Node) -> bool:
        """Residue classes; a modulus the reference omits is like a unit."""
        if gold.kind == "mod" and pred.kind != "mod":
            return self._note(False, "the modulus is missing")
        if gold.kind != pred.kind:
            return self.same(gold, pred.args[0])
        (a, m), (b, n) = gold.args, pred.args
        if not self.same(m, n):
            return self._note(False, "different moduli")
        if a.kind == b.kind == m.kind == "num" and m.value[0]:
            return self._note((a.value[0] - b.value[0]) % m.value[0] == 0, "residues compared")
        return self.same(a, b)

    # sets of reals and relations

    def _regions(self, gold: Node, pred: Node) -> bool:
        one, other = region(gold), region(pred)
        if one is None or other is None:
            return self._inequalities(gold, pred)
        if _overlapping(gold, one) or _overlapping(pred, other):
            return self._matched(*(list(node.args) if node.kind == "list" else [node] for node in (gold, pred)))
        if len(one) != len(other):
            return self._note(False, "different sets of reals")
        if not all(map(self._pieces, one, other)):
            return self._note(False, "different sets of reals")
        return self._note(True, "the same set of reals")

    def _pieces(self, gold: Piece, pred: Piece) -> bool:
        if (gold.low_closed, gold.high_closed) != (pred.low_closed, pred.high_closed):
            return False
        return self.same(gold.low, pred.low) and self.same(gold.high, pred.high)

    def _inequalities(self, gold: Node, pred: Node) -> bool:
        if gold.kind == pred.kind == "rel":
            if len(gold.args) == len(pred.args) == 2:
                return self._single(gold, pred)
            return self._chains(gold, pred)
        if gold.kind in ("union", "inter", "list") and gold.kind == pred.kind and len(gold.args) == len(pred.args):
            return self._matched(list(gold.args), list(pred.args))
        if "rel" in (gold.kind, pred.kind) and "in" not in (*(gold.value or ()), *(pred.value or ())):
            return self._note(False, "a relation is no value")
        if gold.kind == "rel" and gold.value == ("in",):
            return self.same(gold.args[1], pred)
        if pred.kind == "rel" and pred.value == ("in",):
            return self.same(gold, pred.args[1])
        if gold.kind in _LISTS and pred.kind in _LISTS:
            return self._solutions(gold, pred)
        return self._plain(gold, pred)

    def _single(self, gold: Node, pred: Node) -> bool:
        """Two-sided relations, up to a factor; an inequality's may turn its sign."""
        sign, other = gold.value[0], pred.value[0]
        if sign not in FLIPPED or other not in FLIPPED:
            same_sign = sign == other
            return same_sign and self.same(gold.args[0], pred.args[0]) and self.same(gold.args[1], pred.args[1])
        one = add(gold.args[0], neg(gold.args[1]))
        two = add(pred.args[0], neg(pred.args[1]))
        if sign == other and self._proportional(one, two, positive=sign not in ("=", "!=")):
            return True
        if FLIPPED[sign] == other and sign not in ("=", "!="):
            return self._proportional(one, mul(num(-1), two), positive=True)
        return self._note(False, "different relations")

    def _proportional(self, one: Node, other: Node, positive: bool = False) -> bool:
        """Is one a non-zero (or positive) multiple of the other?"""
        if not all(node.kind in scalars.SCALARS for node in (one, other)) or not symbols(one):
            return False
        if not positive:
            found = modular.proportional(one, other, self.seed)
            if found is not None:
                return self._note(found, "equal up to a factor" if found else "not equal up to a factor")
        names = sorted(symbols(one) | symbols(other))
        ratio = _ratio_of(one, other, names)
        if ratio is None or (positive and ratio.value[0] < 0):
            return self._note(False, "not equal up to a factor")
        equal, _ = scalars.exact(one, mul(ratio, other), self.seed)
        return self._note(equal, "equal up to a factor" if equal else "not equal up to a factor")

    def _chains(self, gold: Node, pred: Node) -> bool:
        """`a < b < c` in either direction."""
        if len(gold.args) != len(pred.args):
            return self._note(False, "relations of different lengths")
        turned = Node("rel", pred.args[::-1], tuple(FLIPPED.get(sign, sign) for sign in pred.value[::-1]))
        for candidate in (pred, turned):
            if candidate.value == gold.value and all(map(self.same, gold.args, candidate.args)):
                return True
        return self._note(False, "different relations")

    def _relations(self, gold: Node, pred: Node) -> bool:
        """Equations against equations, and against bare values."""
        listed = pred.kind == "list" and all(part.kind == "rel" for part in pred.args)
        if listed and all(self.same(gold, part) for part in pred.args):  # 2x = 0, x = 0
            return True
        gold, pred = turned(gold), turned(pred)
        if gold.kind == pred.kind:
            return self._equations(gold, pred)
        relation, value = (gold, pred) if gold.kind == "rel" else (pred, gold)
        if set(relation.value) - _EQUATION:
            return self._note(False, "a relation is no value")
        first, last = relation.args[0], settled(relation)
        if gold.kind == "rel":
            stands = named(first) or not symbols(relation)
        else:
            stands = quantity(first) or not symbols(relation) or _computed(relation) or self._derivation(relation)
        if not stands:
            return self._note(False, "an equation is no value")
        return self.same(last, value) if gold.kind == "rel" else self.same(value, last)

    def _derivation(self, relation: Node) -> bool:
        """`(x-1)(x+1) = x^2 - 1` holds whatever x is: its last side is the answer."""
        sides = (relation.args[0], relation.args[-1])
        if not all(side.kind in scalars.SCALARS for side in sides):
            return False
        return scalars.exact(*sides, self.seed)[0]

    def _equations(self, gold: Node, pred: Node) -> bool:
        if not (set(gold.value) | set(pred.value)) - _EQUATION:
            names = gold.args[0], pred.args[0]
            if named(names[0]) and named(names[1]) and _interchangeable(*names):
                if self.same(settled(gold), settled(pred)):
                    return True
            elif not symbols(names[0]) and not symbols(names[1]):
                return self.same(settled(gold), settled(pred))
            gold, pred = _ends(gold), _ends(pred)
        if len(gold.args) == len(pred.args) == 2:
            return self._single(gold, pred)
        return self._chains(gold, pred)

    # lists, sets, tuples, matrices

    def _solutions(self, gold: Node, pred: Node) -> bool:
        one, other = solutions(gold), solutions(pred)
        if one.names and other.names:
            return self._records(one, other)
        one, other = _by_name(one), _by_name(other)
        if "tuple" in (one.kind, other.kind) and len(one.items) == len(other.items) == 1:
            return self._note(False, "the structures differ")
        if one.kind == "one" or other.kind == "one":
            single, many = (one, other) if one.kind == "one" else (other, one)
            return self._single_item(single, many, gold_is_single=one.kind == "one")
        if not self._ordered(one, other):
            repeated = one.kind == "list" and len(one.items) > len(one.distinct().items)  # 1, 1, 2 is not 1, 2
            one, other = (one, other) if repeated else (one.distinct(), other.distinct())
        if len(one.items) != len(other.items):
            return self._note(False, f"{len(one.items)} parts against {len(other.items)}")
        if self._ordered(one, other):
            if {one.kind, other.kind} == {"tuple", "set"} or _brackets_differ(one, other) or _half_open(one, other):
                return self._note(False, "a tuple is no set" if one.brackets != other.brackets else "")
            return all(map(self.same, one.items, other.items))
        return self._matched(list(one.items), list(other.items))

    def _ordered(self, one: Solutions, other: Solutions) -> bool:
        if self.settings.order == "any":
            return False
        kinds = {one.kind, other.kind}
        return bool(kinds & {"tuple", "record"}) or (self.settings.order == "strict" and "set" not in kinds)

    def _single_item(self, single: Solutions, many: Solutions, gold_is_single: bool) -> bool:
        if len(many.items) != 1 or many.kind == "tuple":
            if many.kind == "tuple" and single.items[0].kind == "matrix":
                vector = Node("matrix", tuple(Node("row", (item,)) for item in many.items))
                pair = (single.items[0], vector) if gold_is_single else (vector, single.items[0])
                return self._matrices(*pair)
            if many.kind == "alternatives" and not many.names:
                return self._alternatives(single.items[0], many.items, gold_is_single)
            return self._note(False, f"1 part against {len(many.items)}")
        pair = (single.items[0], many.items[0])
        return self.same(*(pair if gold_is_single else pair[::-1]))

    def _alternatives(self, single: Node, items: tuple[Node, ...], gold_is_single: bool) -> bool:
        """`1/2 or 0.5` is one answer in two forms; `3 or 4` is a hedge."""
        outer, self.settings = self.settings, replace(self.settings, percent="always")
        alike = all(self.same(items[0], item) for item in items[1:])
        self.settings = outer
        if not alike:
            return self._note(False, f"1 part against {len(items)}")
        return any(self.same(*((single, item) if gold_is_single else (item, single))) for item in items)

    def _records(self, gold: Solutions, pred: Solutions) -> bool:
        if len(gold.names) != len(pred.names):
            return self._note(False, f"{len(gold.names)} parts against {len(pred.names)}")
        values = dict(zip(pred.names, pred.items, strict=False))
        if set(values) != set(gold.names):
            return self._note(False, "other names are given values")
        return all(self.same(item, values[name]) for name, item in zip(gold.names, gold.items, strict=False))

    def _matched(self, gold: list[Node], pred: list[Node]) -> bool:
        """Without order: each item has its own equal."""
        if len(gold) != len(pred):
            return self._note(False, f"{len(gold)} parts against {len(pred)}")
        rest = [item for item in gold if item not in pred] if len(set(gold)) == len(gold) else list(gold)
        left = [item for item in pred if item not in gold] if len(set(gold)) == len(gold) else list(pred)
        if len(rest) != len(left):
            rest, left = list(gold), list(pred)
        for item in rest:
            found = next((other for other in left if self.same(item, other)), None)
            if found is None:
                return self._note(False, "a part of the reference is missing")
            left.remove(found)
        return self._note(True, "the same parts")

    def _matrices(self, gold: Node, pred: Node) -> bool:
        if gold.kind != pred.kind or [len(row.args) for row in gold.args] != [len(row.args) for row in pred.args]:
            nested = _as_matrix(pred) if gold.kind == "matrix" else _as_matrix(gold)
            if nested is None:
                return self._note(False, "matrices of different shapes")
            gold, pred = (gold, nested) if gold.kind == "matrix" else (nested, pred)
            if [len(row.args) for row in gold.args] != [len(row.args) for row in pred.args]:
                return self._note(False, "matrices of different shapes")
        rows = zip(gold.args, pred.args, strict=False)
        return all(self.same(a, b) for row, other in rows for a, b in zip(row.args, other.args, strict=False))


def _by_name(found: Solutions) -> Solutions:
    """`y = 2, x = 1` is the point (1, 2)."""
    letters = [name.value for name in found.names if name.kind == "sym" and name.value in _AXES]
    if not found.names or len(letters) != len(found.names):
        return found
    pairs = sorted(zip(letters, found.names, found.items, strict=True), key=lambda pair: pair[0])
    return found._replace(names=tuple(pair[1] for pair in pairs), items=tuple(pair[2] for pair in pairs))


def _computed(relation: Node) -> bool:
    """`y^2 - 3xy = 9 - 27 = -18`: a chain that ends in a number is a computation."""
    return len(relation.args) > 2 and not symbols(settled(relation))


def _opened(node: Node) -> list[Node]:
    parts = node.args if node.kind in ("list", "set") else (node,)
    return [reading for part in parts for reading in expanded(part)]


def _ends(relation: Node) -> Node:
    """First and last side of a chain of equations."""
    return Node("rel", (relation.args[0], settled(relation)), ("=",))


def _interchangeable(one: Node, other: Node) -> bool:
    """The same name, but for case or spelt-out words; or y and f(x)."""
    if one == other:
        return True
    if one.kind == other.kind == "sym":
        return one.value.casefold() == other.value.casefold() or len(one.value) > 3 or len(other.value) > 3
    functions = {node.kind for node in (one, other)} == {"sym", "app"} or one.kind == other.kind == "app"
    return (
        functions
        and all(node.kind == "app" or node.value == "y" for node in (one, other))
        and (one.args == other.args or one.kind != other.kind)
    )


def _brackets_differ(one: Solutions, other: Solutions) -> bool:
    """A pair in other brackets may be an interval; longer ones are vectors."""
    return len(one.items) == 2 and "" not in (one.brackets, other.brackets) and one.brackets != other.brackets


def _overlapping(node: Node, found: list[Piece]) -> bool:
    """A list of sets that overlap (a domain and a range) is no union."""
    listed = node.kind == "list" and node.value != "or" and all(part.kind != "rel" for part in node.args)
    return listed and len(found) < len(node.args)


def _half_open(one: Solutions, other: Solutions) -> bool:
    """`[2,5)` is an interval and no list of two."""
    return bool({one.brackets, other.brackets} & {"[)", "(]"}) and one.brackets != other.brackets


def _as_matrix(node: Node) -> Node | None:
    """`[[1, 2], [3, 4]]`."""
    if node.kind == "tuple" and all(row.kind == "tuple" for row in node.args):
        return Node("matrix", tuple(Node("row", row.args) for row in node.args))
    return None


def _ratio_of(one: Node, other: Node, names: list[str]) -> Node | None:
    """The rational ratio of two expressions at one point, small enough to be the true one."""
    a, b = one, other
    for index, name in enumerate(names):
        a, b = (substitute(node, name, num(3 + 2 * index)) for node in (a, b))
    x, y = agreement.approximation(a), agreement.approximation(b)
    if not x or not y:
        return None
    ratio = (x / y).limit_denominator(10**6)
    return div(num(ratio), num(1)) if abs(ratio - x / y) < abs(ratio) / 10**20 else None
