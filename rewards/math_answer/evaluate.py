"""Numeric evaluation with mpmath at growing precision, and the verdict that follows from it.

A difference refutes equality only when it is larger than the rounding noise of the largest intermediate value; two
values that agree are evaluated again with more digits than the constants in them could hide a difference in.
"""

import threading
from collections.abc import Callable, Mapping
from fractions import Fraction
from hashlib import blake2b
from time import monotonic
from typing import Any, NamedTuple

from holdfast.rewards.math_answer.tree import BINDERS, INF, MAX_TERMS, Node, bits, has, num, substitute, symbols, walk

_DIGITS = 36
_GUARD = 14
_STEPS = 6000


class Limits:
    """In the caller's process; a worker raises its own."""

    seconds = 0.3
    digits = 1500


LIMITS = Limits()
_lock = threading.Lock()
_local = threading.local()


class Undefined(Exception):
    """No value here: a division by zero, a pole."""


class Hard(Exception):
    """Not to be evaluated in the caller's process: an integral, a limit, an endless sum, a huge number."""


class Refused(Hard):
    """Beyond the limits for good: nothing that a worker could settle either."""


class Evaluation:
    """The values of scalars under one assignment of numbers to names."""

    def __init__(
        self, context: Any, values: Mapping[str, Any], log_base: int, seed: bytes, deadline: float = 0.0
    ) -> None:
        self.ctx = context
        self.values = values
        self.log_base = log_base
        self.seed = seed
        self.largest = context.mpf(1)
        self.left_reals = False
        self.steps = 0
        self.deadline = deadline

    def value(self, node: Node) -> Any:
        """The value of a scalar. Raises Undefined or Hard."""
        self.steps += 1
        if self.steps > _STEPS or (self.deadline and monotonic() > self.deadline):
            raise Hard("too many operations")
        result = self._value(node)
        if not self.ctx.isfinite(result):
            raise Undefined
        size = abs(result)
        if size > self.largest:
            self.largest = size
        return result

    def _value(self, node: Node) -> Any:
        kind, args = node.kind, node.args
        if kind == "num":
            fraction = node.value[0]
            return self.ctx.mpf(fraction.numerator) / fraction.denominator
        if kind == "add":
            return self.ctx.fsum(map(self.value, args))
        if kind == "mul":
            return self.ctx.fprod(map(self.value, args))
        if kind == "pow":
            return self._power(*args)
        if kind == "sym":
            return self.values[node.value] if node.value in self.values else self._unknown(node.value)
        if kind == "const":
            return self._constant(node.value)
        if kind == "fn":
            return self._function(node.value, args)
        return self._other(node)

    def _other(self, node: Node) -> Any:
        kind, args = node.kind, node.args
        if kind in ("unit", "base"):
            return self.value(args[0])
        if kind == "percent":
            return self.value(args[0]) / 100
        if kind == "deg":
            return self.value(args[0]) * self.ctx.pi / 180
        if kind in ("index", "app"):
            return self._unknown(node.value, *map(self.value, args))
        if kind == "dots":
            return self._unknown("…")
        if kind in ("sum", "prod"):
            return self._repeated(node)
        raise (Hard if kind in BINDERS and len(args) > 1 else Refused)(f"a {kind} inside a formula")

    def _constant(self, name: str) -> Any:
        if name == "inf":
            raise Undefined
        return self.ctx.mpc(0, 1) if name == "i" else getattr(self.ctx, name) + 0

    def _unknown(self, name: str, *arguments: Any) -> Any:
        """A value between 1 and 2 that depends on the name and the arguments' first digits."""
        text = name + ";".join(self.ctx.nstr(argument, 20) for argument in arguments)
        digest = blake2b(text.encode("utf-8", "replace"), digest_size=16, key=self.seed).digest()
        return 1 + self.ctx.mpf(int.from_bytes(digest, "big")) / 2**128

    def _power(self, base_node: Node, exponent_node: Node) -> Any:
        base, exponent = self.value(base_node), self.value(exponent_node)
        ctx = self.ctx
        if base == 0:
            if ctx.re(exponent) > 0:
                return ctx.mpf(0)
            raise Undefined
        if abs(exponent) * (abs(ctx.log(abs(base))) + 1) > 10**12:
            raise Refused("a huge power")
        if not isinstance(base, ctx.mpc) and base < 0 and not ctx.isint(exponent):
            return self._negative_base(base, exponent, exponent_node)
        if ctx.isint(exponent):
            return base ** int(ctx.re(exponent))
        return ctx.power(base, exponent)

    def _negative_base(self, base: Any, exponent: Any, node: Node) -> Any:
        """An odd root of a negative number is real; every other power leaves the reals."""
        if node.kind == "num" and node.value[0].denominator % 2 == 1:
            size = self.ctx.power(-base, exponent)
            return -size if node.value[0].numerator % 2 else size
        self.left_reals = True
        return self.ctx.power(self.ctx.mpc(base), exponent)

    def _function(self, name: str, args: tuple[Node, ...]) -> Any:
        values = [self.value(argument) for argument in args if name != "det"]
        direct = _DIRECT.get(name)
        if direct is not None and len(values) == 1:
            if abs(values[0]) > 10**9:
                raise Refused("a huge argument")
            return getattr(self.ctx, direct)(values[0])
        if name in ("ln", "log") and len(values) == 1:
            return self._logarithm(name, values[0])
        special = _SPECIAL.get(name)
        if special is not None:
            return special(self.ctx, *values)
        if name == "det":
            return self._determinant(args[0])
        return self._unknown(name, *values)

    def _logarithm(self, name: str, value: Any) -> Any:
        if value == 0:
            raise Undefined
        if not isinstance(value, self.ctx.mpc) and value < 0:
            self.left_reals = True
        result = self.ctx.log(value)
        return result / self.ctx.log(10) if name == "log" and self.log_base == 10 else result

    def _determinant(self, matrix: Node) -> Any:
        size = len(matrix.args)
        if any(len(row.args) != size for row in matrix.args) or size > 8:
            raise Undefined
        return self.ctx.det(self.ctx.matrix([[self.value(cell) for cell in row.args] for row in matrix.args]))

    def _repeated(self, node: Node) -> Any:
        if has(node.args[2], "const") and INF in walk(node.args[2]):
            raise Hard("an endless sum")
        low, high = self.value(node.args[1]), self.value(node.args[2])
        if not (self.ctx.isint(low) and self.ctx.isint(high)) or high - low > MAX_TERMS:
            raise Refused(f"a {node.kind} of too many terms")
        total = self.ctx.mpf(0 if node.kind == "sum" else 1)
        for step in range(int(low), int(high) + 1):
            term = self.value(substitute(node.args[0], node.value, num(step)))
            total = total + term if node.kind == "sum" else total * term
        return total


_DIRECT = {name: name for name in (
        "sin cos tan cot sec csc sinh cosh tanh coth sech csch exp sign"
    ).split()} | {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arccot": "acot", "arcsec": "asec", "arccsc": "acsc",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "sgn": "sign", "Re": "re", "Im": "im", "arg": "arg",
    "conj": "conj",
}  # fmt: skip


def _factorial(ctx: Any, value: Any) -> Any:
    if abs(value) > (10**5 if ctx.dps < 100 else 1000):
        raise Refused("a huge factorial")
    return ctx.gamma(value + 1)


def _binomial(ctx: Any, above: Any, below: Any) -> Any:
    if abs(above) > 10**5 or abs(below) > 10**5:
        raise Refused("a huge binomial")
    return ctx.binomial(above, below)


def _whole(function: str) -> Callable[..., Any]:
    def evaluate(ctx: Any, *values: Any) -> Any:
        import math

        if not all(ctx.isint(value) for value in values):
            raise Undefined
        return ctx.mpf(getattr(math, function)(*(int(ctx.re(value)) for value in values)))

    return evaluate


def _rounded(name: str) -> Callable[..., Any]:
    def evaluate(ctx: Any, value: Any) -> Any:
        if abs(value) > 10**15:
            raise Refused("a huge argument")
        return getattr(ctx, name)(value)

    return evaluate


_SPECIAL: dict[str, Callable[..., Any]] = {
    "abs": lambda ctx, value: abs(value),
    "factorial": _factorial,
    "binom": _binomial,
    "Gamma": lambda ctx, value: _factorial(ctx, value - 1),
    "gcd": _whole("gcd"),
    "lcm": _whole("lcm"),
    "floor": _rounded("floor"),
    "ceil": _rounded("ceil"),
    "min": lambda ctx, *values: min(map(ctx.re, values)),
    "max": lambda ctx, *values: max(map(ctx.re, values)),
}


def _context(digits: int) -> Any:
    """This thread's own mpmath context: mpmath's shared one would carry precision from thread to thread."""
    context = getattr(_local, "context", None)
    if context is None:
        import mpmath

        context = _local.context = mpmath.ctx_mp.MPContext()
    context.dps = digits
    return context


def constant(node: Node, digits: int = _DIGITS, log_base: int = 10) -> Any | None:
    """The value of a scalar without free names, or None."""
    with _lock:
        context = _context(digits)
        try:
            return Evaluation(context, {}, log_base, b"").value(node)
        except (Undefined, Hard, ZeroDivisionError, ValueError, OverflowError, ArithmeticError):
            return None


def approximation(node: Node) -> Fraction | None:
    """A real constant's value to 34 digits; exact where it is a plain number."""
    if node.kind == "num":
        return Fraction(node.value[0])
    value = constant(node)
    if value is None or abs(value.imag) > abs(value) * 10**-30:
        return None
    text = str(value.real)
    return Fraction(text) if len(text) < 60 else None


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
    refuted: bool = False
    """Larger than the rounding noise."""
    close: bool = False
    """Equal relative to their own size."""


class _Comparison:
    def __init__(self, one: Node, other: Node, names: list[str], log_base: int, seed: bytes) -> None:
        self.pair, self.names, self.log_base, self.seed = (one, other), names, log_base, seed
        self.discrete = _discrete(one) | _discrete(other)
        self.complex = has_imaginary(one) or has_imaginary(other)
        self.strict = _takes_abs(one) != _takes_abs(other)
        self.finest = 60 + (_constant_bits(one) + _constant_bits(other)) // 3
        self.deadline = monotonic() + LIMITS.seconds

    def verdict(self) -> bool | None:
        rounds = range(7) if self.names else range(1)
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
        context = _context(_DIGITS)
        agreed = 0
        for turn in range(7 if self.names else 1):
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
        if fine is None or fine.refuted or fine.close:
            return None if fine is None else fine.close
        # Both drown in the noise of larger values that cancel: a true zero shrinks as the precision grows.
        shrunk = fine.difference <= coarse.difference * fine.context.mpf(10) ** (_DIGITS + _GUARD - self.finest)
        return True if shrunk else None

    def _with(self, digits: int, turn: int) -> "_Difference | None":
        if digits > LIMITS.digits:
            raise Hard("numbers that need too many digits")
        context = _context(digits)
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
        return _Difference(
            context, difference, not close and difference > slack * max(one.largest, other.largest), close
        )

    def _value(self, evaluation: Evaluation, node: Node) -> Any | None:
        try:
            return evaluation.value(node)
        except Hard:
            raise
        except (Undefined, ZeroDivisionError, ValueError, OverflowError, ArithmeticError):
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


def has_imaginary(node: Node) -> bool:
    """Does i occur in it?"""
    return any(part.kind == "const" and part.value == "i" for part in walk(node))


def _takes_abs(node: Node) -> bool:
    return any(part.kind == "fn" and part.value == "abs" for part in walk(node))


def _constant_bits(node: Node) -> int:
    return sum(bits(part.value[0]) for part in walk(node) if part.kind == "num" and bits(part.value[0]) > 40)
