"""Identity testing in a prime field: exact for rational expressions, and no precision to lose (Schwartz-Zippel).

Every name, constant and unknown value is a random residue; i is a square root of -1. Functions that are no rational
operations become residues that depend on their arguments' residues, so agreement proves equality (up to a chance of
about 2^-50), while disagreement refutes it only when nothing of that kind occurs.
"""

from fractions import Fraction
from hashlib import blake2b

from holdfast.rewards.math_answer.parse.tree import MAX_TERMS, Node, num, substitute

PRIME = 2305843009213693921
"""The largest prime below 2^61 that is 1 modulo 4, so that -1 has a square root."""
_ROOT = pow(7, (PRIME - 1) // 4, PRIME)
assert _ROOT * _ROOT % PRIME == PRIME - 1
_STEPS = 20_000


class IndefiniteError(Exception):
    """A division by zero, or no scalar."""


class Field:
    """One random assignment of residues; `opaque` tells afterwards whether a function was met."""

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self.opaque = False
        self.steps = 0

    def residue(self, name: str, *values: int) -> int:
        """The residue of a name, or of an unknown function's value."""
        text = f"{name}:{values}".encode("utf-8", "replace")
        return int.from_bytes(blake2b(text, digest_size=8, key=self.seed).digest(), "big") % PRIME

    def value(self, node: Node) -> int:
        """The residue of a scalar. Raises Indefinite."""
        self.steps += 1
        if self.steps > _STEPS:
            raise IndefiniteError
        kind = node.kind
        if kind == "num":
            value: Fraction = node.value[0]
            return value.numerator % PRIME * self._inverse(value.denominator % PRIME) % PRIME
        if kind == "add":
            return sum(map(self.value, node.args)) % PRIME
        if kind == "mul":
            product = 1
            for factor in node.args:
                product = product * self.value(factor) % PRIME
            return product
        if kind == "pow":
            return self._power(*node.args)
        if kind == "sym":
            return self.residue(f"sym {node.value}")
        if kind in ("index", "app"):
            return self.residue(f"{kind} {node.value}", *map(self.value, node.args))
        return self._special(node)

    def _special(self, node: Node) -> int:
        kind = node.kind
        if kind == "const" and node.value == "i":
            return _ROOT
        if kind == "const" and node.value != "inf":
            self.opaque = True
            return self.residue(f"const {node.value}")
        if kind in ("unit", "base"):
            return self.value(node.args[0])
        if kind == "percent":
            return self.value(node.args[0]) * self._inverse(100) % PRIME
        if kind in ("fn", "deg"):
            self.opaque = True
            return self.residue(f"fn {node.value}", *map(self.value, node.args))
        if kind == "dots":
            return self.residue("dots")
        if kind in ("sum", "prod"):
            return self._repeated(node)
        raise IndefiniteError

    def _power(self, base: Node, exponent: Node) -> int:
        if exponent.kind == "num" and exponent.value[0].denominator == 1:
            value, times = self.value(base), exponent.value[0].numerator
            if value == 0 and times <= 0:
                raise IndefiniteError
            return pow(value, times, PRIME) if times >= 0 else pow(self._inverse(value), -times, PRIME)
        self.opaque = True
        return self.residue("pow", self.value(base), self.value(exponent))

    def _repeated(self, node: Node) -> int:
        body, low, high = node.args
        if low.kind != "num" or high.kind != "num" or high.value[0] - low.value[0] > MAX_TERMS:
            raise IndefiniteError
        total = 0 if node.kind == "sum" else 1
        for step in range(int(low.value[0]), int(high.value[0]) + 1):
            term = self.value(substitute(body, node.value, num(step)))
            total = (total + term if node.kind == "sum" else total * term) % PRIME
        return total

    def _inverse(self, value: int) -> int:
        if value == 0:
            raise IndefiniteError
        return pow(value, PRIME - 2, PRIME)


def identical(one: Node, other: Node, seed: bytes) -> bool | None:
    """Are two scalars the same rational expression? None when functions leave it open."""
    for turn in range(2):
        field = Field(seed + bytes([turn]))
        try:
            a, b = field.value(one), field.value(other)
        except IndefiniteError:
            return None
        if a != b:
            return None if field.opaque else False
    return True


def proportional(one: Node, other: Node, seed: bytes) -> bool | None:
    """Is one a constant non-zero multiple of the other? None when functions leave it open."""
    ratios = set()
    opaque = False
    for turn in range(3):
        field = Field(seed + bytes([turn]))
        try:
            a, b = field.value(one), field.value(other)
        except IndefiniteError:
            return None
        opaque = opaque or field.opaque
        if a == 0 or b == 0:  # 0 = 0 says nothing
            return None if opaque and (a or b) else False
        ratios.add(a * pow(b, PRIME - 2, PRIME) % PRIME)
    if len(ratios) == 1:
        return True
    return None if opaque else False
