"""Numeric agreement of two scalars, at growing precision.

A difference refutes equality only when it is larger than the rounding noise of the largest intermediate value; two
values that agree are evaluated again with more digits than the constants in them could hide a difference in.
"""

import threading
from fractions import Fraction
from hashlib import blake2b
from time import monotonic
from typing import Any, NamedTuple

from holdfast.rewards.math_answer.equal.evaluate import LIMITS, Evaluation, HardError, UndefinedError, context_of
from holdfast.rewards.math_answer.parse.tree import BINDERS, Node, bits, symbols, walk

_DIGITS = 36
_GUARD = 14
_TURNS, _MANY_TURNS = 7, 24
_lock = threading.Lock()
"""mpmath's constants are cached without one."""


def constant(node: Node, digits: int = _DIGITS, log_base: int = 10) -> Any | None:
    """The value of a scalar without free names, or None."""
    with _lock:
        context = context_of(digits)
        try:
            return Evaluation(context, {}, log_base, b"").value(node)
        except (UndefinedError, HardError, ZeroDivisionError, ValueError, OverflowError, ArithmeticError):
            return None


def approximation(node: Node) -> Fraction | None:
    """A real constant's value to 34 digits; exact where it is a plain number."""
    if node.kind == "num":
        return Fraction(node.value[0])
    value = constant(node)
    if value is None or abs(value.imag) > abs(value) * 10**-30:
        return None
    size = abs(value)
    if size and not 1e-300 < size < 1e300:
        return None  # as a fraction it would fill the memory
    return Fraction(str(value.real))


def equal(one: Node, other: Node, seed: bytes, log_base: int = 10) -> bool | None:
    """Are two scalars equal at every point tried? None when they could not be evaluated."""
    names = sorted(symbols(one) | symbols(other))
    with _lock:
        return _Comparison(one, other, names, log_base, seed).verdict()


def close(one: Node, other: Node, tolerance: float, seed: bytes, log_base: int = 10) -> bool | None:
    """Do two scalars agree within a relative tolerance wherever both have a value?"""
    names = sorted(symbols(one) | symbols(other))
    with _lock:
        comparison = _Comparison(one, other, names, log_base, seed)
        return comparison.near(tolerance)


class _Difference(NamedTuple):
    """How far apart two values are at one point and precision."""

    context: Any
    difference: Any
    size: Any = 0
    """The larger of the two values."""
    refuted: bool = False
    """Larger than the rounding noise."""
    close: bool = False
    """Equal relative to their own size."""


class _Comparison:
    def __init__(self, one: Node, other: Node, names: list[str], log_base: int, seed: bytes) -> None:
        self.pair, self.names, self.log_base, self.seed = (one, other), names, log_base, seed
        self.discrete = _discrete(one) | _discrete(other)
        self.stepped = _stepped(one) | _stepped(other)
        self.complex = has_imaginary(one) or has_imaginary(other)
        self.strict = _takes_abs(one) != _takes_abs(other)
        self.finest = 60 + (_constant_bits(one) + _constant_bits(other)) // 3
        self.deadline = monotonic() + LIMITS.seconds

    def verdict(self) -> bool | None:
        rounds = range(_MANY_TURNS if self.stepped else _TURNS) if self.names else range(1)
        agreed = [found for turn in rounds if (found := self._at(turn)) is not None]
        if False in agreed:
            return False
        if len(agreed) >= min(3, len(rounds)):
            return True
        if self.names and not self.complex:
            self.complex = True  # nowhere real: compared as complex functions
            return self.verdict()
        return None

    def near(self, tolerance: float) -> bool | None:
        """Agreement within a tolerance at four points or more."""
        context = context_of(_DIGITS)
        agreed = 0
        for turn in range(_TURNS if self.names else 1):
            values = {name: self._coordinate(context, name, turn) for name in self.names}
            sides = [Evaluation(context, values, self.log_base, self.seed, self.deadline) for _ in range(2)]
            a, b = self._value(sides[0], self.pair[0]), self._value(sides[1], self.pair[1])
            if a is None or b is None:
                continue
            if abs(a - b) > tolerance * abs(a):
                return False
            agreed += 1
        return agreed >= (3 if self.names else 1) or None

    def _at(self, turn: int) -> bool | None:
        """One point, at growing precision: False refutes; None leaves this point out."""
        coarse = self._with(_DIGITS, turn)
        if coarse is None or coarse.refuted or (coarse.close and turn > 1):
            return None if coarse is None else coarse.close  # two points at the finest precision are enough
        fine = self._with(self.finest, turn)
        if fine is None or fine.refuted:
            return None if fine is None else False
        if fine.size > 1 and fine.size > 10**6 * coarse.size:
            return False  # it grows with the precision: a pole in disguise, such as 1/sin(pi)
        if fine.close:
            return True
        # Both drown in the noise of larger values that cancel: a true zero shrinks as the precision grows.
        shrunk = fine.difference <= coarse.difference * fine.context.mpf(10) ** (_DIGITS + _GUARD - self.finest)
        return True if shrunk else None

    def _with(self, digits: int, turn: int) -> "_Difference | None":
        if digits > LIMITS.digits:
            raise HardError("numbers that need too many digits")
        context = context_of(digits)
        values = {name: self._coordinate(context, name, turn) for name in self.names}
        one, other = (Evaluation(context, values, self.log_base, self.seed, self.deadline) for _ in range(2))
        a, b = self._value(one, self.pair[0]), self._value(other, self.pair[1])
        nothing = context.mpf(0)
        if a is None and b is None:
            return None
        left = one.left_reals, other.left_reals
        if a is None or b is None:
            return None if self.names else _Difference(context, nothing, refuted=True)
        if self.names and not self.complex and any(left):
            return _Difference(context, nothing, refuted=True) if self.strict and left[0] != left[1] else None
        slack = context.mpf(10) ** (_GUARD - digits)
        difference = abs(a - b)
        close = difference <= slack * max(abs(a), abs(b))
        refuted = bool(not close and difference > slack * max(one.largest, other.largest))
        return _Difference(context, difference, max(abs(a), abs(b)), refuted, bool(close))

    def _value(self, evaluation: Evaluation, node: Node) -> Any | None:
        try:
            return evaluation.value(node)
        except HardError:
            raise
        except (UndefinedError, ZeroDivisionError, ValueError, OverflowError, ArithmeticError):
            return None

    def _coordinate(self, context: Any, name: str, turn: int) -> Any:
        """A rational point: positive in every other round, all or some negative in the others; small integers if
        discrete."""
        digest = blake2b(f"{name}:{turn}".encode("utf-8", "replace"), digest_size=8, key=self.seed).digest()
        draw = int.from_bytes(digest, "big")
        if name in self.discrete:
            return context.mpf(2 + draw % 7 + turn)
        value = (context.mpf(draw) + 1) / 2**63 + (0 if turn % 3 else context.mpf(1) / 8)
        negative = turn == 1 or (turn == 3 and self.names.index(name) % 2 == 0) or (turn == 5 and draw & 1)
        if name in self.stepped:
            value *= 5**turn if turn < _TURNS else 20  # between two steps all rounded functions look alike
        return -value if negative else value


def _discrete(node: Node) -> set[str]:
    """Names that stand for whole numbers: in the bounds of sums, factorials, subscripts, exponents of negatives."""
    found: set[str] = set()
    for part in walk(node):
        if part.kind in BINDERS:
            for bound in part.args[1:]:
                found |= symbols(bound)
        elif part.kind == "index" or (part.kind == "fn" and part.value in ("factorial", "binom", "gcd", "lcm")):
            for argument in part.args:
                found |= symbols(argument)
        elif part.kind == "pow" and part.args[0].kind == "num" and part.args[0].value[0] < 0:
            found |= symbols(part.args[1])
    return found


def _stepped(node: Node) -> set[str]:
    """Names inside a rounding."""
    rounded = [part for part in walk(node) if part.kind == "fn" and part.value in ("floor", "ceil", "round")]
    return {name for part in rounded for name in symbols(part)}


def has_imaginary(node: Node) -> bool:
    """Does i occur in it?"""
    return any(part.kind == "const" and part.value == "i" for part in walk(node))


def _takes_abs(node: Node) -> bool:
    return any(part.kind == "fn" and part.value == "abs" for part in walk(node))


def _constant_bits(node: Node) -> int:
    return sum(bits(part.value[0]) for part in walk(node) if part.kind == "num" and bits(part.value[0]) > 40)
