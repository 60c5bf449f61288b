"""What only sympy and quadrature can tell; runs in a worker.

Trees become sympy objects node by node: no text is ever handed to sympy.
"""

from typing import Any

from holdfast.rewards.math_answer.equal import agreement
from holdfast.rewards.math_answer.equal.compare import compare
from holdfast.rewards.math_answer.equal.evaluate import HardError
from holdfast.rewards.math_answer.parse.tree import Node, has, num, rebuild, substitute, symbols
from holdfast.rewards.math_answer.settings import Equality, Settings

_BIG = ("int", "lim", "sum", "prod")
_DIGITS = 25


def settle(gold: Node, pred: Node, settings: Settings) -> Equality:
    """Compare with integrals, limits and endless sums replaced by their values. Raises Hard and sympy's errors."""
    if _refuted(gold, pred):
        return Equality(False, "refuted by quadrature")
    closed = tuple(_closed(node) for node in (gold, pred))
    if not any(has(node, *_BIG) for node in closed):
        verdict = compare(closed[0], closed[1], settings, b"worker")
        if verdict.equal or not _numeric(gold, pred):
            return verdict._replace(test=f"{verdict.test} (after evaluation by sympy)")
    return _simplified(gold, pred)


def _refuted(gold: Node, pred: Node) -> bool:
    """Do definite integrals, replaced by their numeric values, already tell the two apart?"""
    if not (has(gold, "int") or has(pred, "int")):
        return False
    one, other = (agreement.approximation(_integrated(node)) for node in (gold, pred))
    return one is not None and other is not None and abs(one - other) > max(abs(one), abs(other)) / 1000


def _integrated(node: Node) -> Node:
    if not node.args:
        return node
    node = rebuild(node, tuple(map(_integrated, node.args)))
    if node.kind != "int" or len(node.args) != 3 or symbols(node):
        return node
    import mpmath

    low, high = (agreement.approximation(bound) for bound in node.args[1:])
    if low is None or high is None:
        return node
    body, name = node.args[0], node.value

    def integrand(point: Any) -> Any:
        value = agreement.constant(substitute(body, name, num(_fraction(point), 15)), 20)
        return mpmath.mpf("nan") if value is None else mpmath.mpmathify(str(value.real))

    value, error = mpmath.quad(integrand, [float(low), float(high)], error=True, maxdegree=5)
    return num(_fraction(value), 8) if mpmath.isfinite(value) and error < 1e-6 * abs(value) else node


def _numeric(*nodes: Node) -> bool:
    return any(part.kind == "num" and part.value[1] is not None for node in nodes for part in node.args)


def _closed(node: Node) -> Node:
    """The node with every integral, limit and endless sum that has a numeric value replaced by 25 digits of it."""
    if not node.args:
        return node
    inner = rebuild(node, tuple(_closed(part) for part in node.args))
    if inner.kind not in _BIG or symbols(inner):
        return inner
    value = _value(inner)
    return inner if value is None else value


def _value(node: Node) -> Node | None:
    import sympy

    expression = to_sympy(node).doit()
    exact = from_sympy(expression)
    if exact is not None:
        return exact
    number = sympy.N(expression, _DIGITS)
    if not number.is_Float:
        return None
    return num(_fraction(number), _DIGITS - 3)


def _fraction(number: Any) -> Any:
    from fractions import Fraction

    return Fraction(str(number))


def _simplified(gold: Node, pred: Node) -> Equality:
    import sympy

    difference = to_sympy(gold).doit() - to_sympy(pred).doit()
    equal = sympy.simplify(difference) == 0
    return Equality(bool(equal), f"sympy {'proved' if equal else 'did not prove'} that the difference is 0")


def to_sympy(node: Node) -> Any:
    """A scalar as a sympy object. Raises Hard for what has no counterpart."""
    import sympy

    kind, args = node.kind, node.args
    if kind == "num":
        return sympy.Rational(node.value[0].numerator, node.value[0].denominator)
    if kind == "sym":
        return sympy.Symbol(node.value, real=True)
    if kind == "const":
        return {"pi": sympy.pi, "e": sympy.E, "i": sympy.I, "inf": sympy.oo}[node.value]
    if kind in _BIG:
        return _big(node)
    parts = [to_sympy(part) for part in args]
    if kind == "add":
        return sympy.Add(*parts)
    if kind == "mul":
        return sympy.Mul(*parts)
    if kind == "pow":
        return sympy.Pow(*parts)
    if kind in ("unit", "base"):
        return parts[0]
    if kind == "percent":
        return parts[0] / 100
    if kind == "deg":
        return parts[0] * sympy.pi / 180
    if kind in ("app", "index"):
        return sympy.Function(f"{kind}_{node.value}")(*parts)
    if kind == "fn" and node.value in _FUNCTIONS:
        return getattr(sympy, _FUNCTIONS[node.value])(*parts)
    raise HardError(f"a {kind}")


_SAME = "sin cos tan cot sec csc sinh cosh tanh coth sech csch floor factorial".split()
_FUNCTIONS = {name: name for name in _SAME} | {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arccot": "acot", "arcsec": "asec", "arccsc": "acsc",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "ln": "log", "log": "log", "abs": "Abs",
    "ceil": "ceiling", "binom": "binomial", "Gamma": "gamma", "sgn": "sign", "min": "Min", "max": "Max",
    "gcd": "gcd", "lcm": "lcm", "Re": "re", "Im": "im", "arg": "arg", "conj": "conjugate",
}  # fmt: skip


def _big(node: Node) -> Any:
    import sympy

    name = sympy.Symbol(node.value, real=True)
    parts = [to_sympy(part) for part in node.args]
    if node.kind == "lim":
        return sympy.Limit(parts[0], name, parts[1])
    if len(parts) == 1:
        return sympy.Integral(parts[0], name)
    maker = {"int": sympy.Integral, "sum": sympy.Sum, "prod": sympy.Product}[node.kind]
    return maker(parts[0], (name, parts[1], parts[2]))


def from_sympy(expression: Any) -> Node | None:
    """A rational number; None for anything else."""
    from fractions import Fraction

    if expression.is_Rational:
        return num(Fraction(int(expression.p), int(expression.q)))
    return None
