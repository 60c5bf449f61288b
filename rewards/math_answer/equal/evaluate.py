"""Numeric evaluation of scalars with mpmath, within limits."""

import threading
from collections.abc import Callable, Mapping
from hashlib import blake2b
from time import monotonic
from typing import Any

from holdfast.rewards.math_answer.parse.tree import BINDERS, INF, MAX_TERMS, Node, has, num, substitute, walk

_STEPS = 6000


class Limits:
    """The limits in the caller's process; a worker raises its own."""

    seconds = 0.3
    digits = 1500


LIMITS = Limits()
_local = threading.local()


class UndefinedError(Exception):
    """No value here: a division by zero, a pole."""


class HardError(Exception):
    """Not to be evaluated in the caller's process: an integral, a limit, an endless sum, a huge number."""


class RefusedError(HardError):
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
            raise HardError("too many operations")
        result = self._value(node)
        if not self.ctx.isfinite(result):
            raise UndefinedError
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
        raise (HardError if kind in BINDERS and len(args) > 1 else RefusedError)(f"a {kind} inside a formula")

    def _constant(self, name: str) -> Any:
        if name == "inf":
            raise UndefinedError
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
            raise UndefinedError
        if abs(exponent) * (abs(ctx.log(abs(base))) + 1) > 10**12:
            raise RefusedError("a huge power")
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
                raise RefusedError("a huge argument")
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
            raise UndefinedError
        if not isinstance(value, self.ctx.mpc) and value < 0:
            self.left_reals = True
        result = self.ctx.log(value)
        return result / self.ctx.log(10) if name == "log" and self.log_base == 10 else result

    def _determinant(self, matrix: Node) -> Any:
        size = len(matrix.args)
        if any(len(row.args) != size for row in matrix.args) or size > 8:
            raise UndefinedError
        return self.ctx.det(self.ctx.matrix([[self.value(cell) for cell in row.args] for row in matrix.args]))

    def _repeated(self, node: Node) -> Any:
        if has(node.args[2], "const") and INF in walk(node.args[2]):
            raise HardError("an endless sum")
        low, high = self.value(node.args[1]), self.value(node.args[2])
        if not (self.ctx.isint(low) and self.ctx.isint(high)) or high - low > MAX_TERMS:
            raise RefusedError(f"a {node.kind} of too many terms")
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
        raise RefusedError("a huge factorial")
    return ctx.gamma(value + 1)


def _binomial(ctx: Any, n: Any, k: Any) -> Any:
    if abs(n) > 10**5 or abs(k) > 10**5:
        raise RefusedError("a huge binomial")
    return ctx.binomial(n, k)


def _whole(function: str) -> Callable[..., Any]:
    def evaluate(ctx: Any, *values: Any) -> Any:
        import math

        if not all(ctx.isint(value) for value in values):
            raise UndefinedError
        return ctx.mpf(getattr(math, function)(*(int(ctx.re(value)) for value in values)))

    return evaluate


def _rounded(name: str) -> Callable[..., Any]:
    def evaluate(ctx: Any, value: Any) -> Any:
        if abs(value) > 10**15:
            raise RefusedError("a huge argument")
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


def context_of(digits: int) -> Any:
    """This thread's own mpmath context: mpmath's shared one would carry precision from thread to thread."""
    context = getattr(_local, "context", None)
    if context is None:
        import mpmath

        context = _local.context = mpmath.ctx_mp.MPContext()
    context.dps = digits
    return context
