"""Known functions of exact numbers, folded within bounds."""

from fractions import Fraction
from math import ceil, comb, floor, gcd, lcm

from holdfast.rewards.math_answer.parse.tree import MAX_FACTORIAL, Node, UnreadableError, div, fn, num, power


def factorial(node: Node) -> Node:
    """n!, computed up to 5000!."""
    value = _integer(node)
    if value is not None and 0 <= value <= MAX_FACTORIAL:
        from math import factorial as compute

        return num(compute(value))
    return fn("factorial", node)


def binomial(total: Node, chosen: Node) -> Node:
    """The binomial coefficient, n over k."""
    n, k = _integer(total), _integer(chosen)
    if n is not None and k is not None and 0 <= n <= MAX_FACTORIAL and k >= 0:
        return num(comb(n, k))
    return fn("binom", total, chosen)


def call(name: str, base: Node | None, arguments: tuple[Node, ...]) -> Node:
    """A known function applied; `base` is that of a logarithm. Raises Unreadable for a function of nothing."""
    if not arguments:
        raise UnreadableError(f"{name} of nothing")
    if name == "exp" and len(arguments) == 1:
        return power(Node("const", (), "e"), arguments[0])
    if name == "lg":
        name, base = "log", num(10)
    if name == "log" and base is None and len(arguments) == 2:
        base, arguments = arguments[1], arguments[:1]
    if name == "log" and base is not None:
        return _logarithm(base, arguments[0])
    if name == "binom" and len(arguments) == 2:
        return binomial(*arguments)
    if name == "factorial":
        return factorial(arguments[0])
    if name in ("min", "max") and len(arguments) == 1:
        return Node("app", arguments, name)  # of one thing: where it is, not what
    return _exact(name, arguments) or fn(name, *arguments)


def in_base(digits: str, base: Node) -> Node:
    """`101_2`: the value, with the digits as written. Raises Unreadable for digits the base does not have."""
    value = _integer(base)
    whole, _, after = digits.partition(".")
    if value is None or not 2 <= value <= 36 or not (whole + after).isdigit():
        raise UnreadableError(f"{digits!r} is no number in that base")
    try:
        return Node("base", (num(Fraction(int(whole + after, value), value ** len(after))),), (digits, value))
    except ValueError as error:
        raise UnreadableError(f"{digits!r} is no number in base {value}") from error


def repeating(text: str, period: str = "") -> Node:
    """A repeating decimal: `text` up to the period, then the period; without one, `0.333…` is an approximation."""
    whole, _, after = text.partition(".")
    if not period:
        digit = after[-1:]
        if digit not in ("", "0", "9") and after.endswith(digit * 3):  # 0.1666… is 1/6
            return repeating(text.rstrip(digit), digit)
        return num(Fraction(text), len(after))
    if not period.isdigit() or len(period) > 40:
        raise UnreadableError("no repeating part")
    scale = 10 ** len(after)
    start = Fraction(int((whole or "0") + after or "0"), scale)
    return num(start + Fraction(int(period), (10 ** len(period) - 1) * scale))


def _logarithm(base: Node, of: Node) -> Node:
    b, x = _rational(base), _rational(of)
    if b is not None and x is not None and b.denominator == 1 and b > 1 and x > 0:
        steps = _whole_log(b.numerator, x)
        if steps is not None:
            return num(steps)
    if base == Node("const", (), "e"):
        return fn("ln", of)
    return div(fn("ln", of), fn("ln", base))


def _whole_log(base: int, x: Fraction) -> int | None:
    sign, value = (1, x) if x >= 1 else (-1, 1 / x)
    if value.denominator != 1 or value.numerator.bit_length() > 4000:
        return None
    steps, rest = 0, value.numerator
    while rest > 1 and rest % base == 0:
        rest //= base
        steps += 1
    return sign * steps if rest == 1 else None


def _exact(name: str, arguments: tuple[Node, ...]) -> Node | None:
    values = [_rational(argument) for argument in arguments]
    if not values or any(value is None for value in values):
        return None
    known = [value for value in values if value is not None]
    if name in ("gcd", "lcm") and all(value.denominator == 1 for value in known):
        return num((gcd if name == "gcd" else lcm)(*(value.numerator for value in known)))
    if name in ("min", "max"):
        return num((min if name == "min" else max)(known))
    if len(known) == 1 and name in ("abs", "floor", "ceil"):
        return num(abs(known[0]) if name == "abs" else floor(known[0]) if name == "floor" else ceil(known[0]))
    return None


def _rational(node: Node) -> Fraction | None:
    return node.value[0] if node.kind == "num" else None


def _integer(node: Node) -> int | None:
    value = _rational(node)
    return value.numerator if value is not None and value.denominator == 1 else None


def literal(text: str) -> Node:
    """A number as written; `decimals` counts what its rounding can be read from (all zeros: exact)."""
    if text.isdigit():
        return num(int(text))
    mantissa, _, exponent = text.replace("E", "e").partition("e")
    _, _, after = mantissa.partition(".")
    shift = int(exponent) if exponent else 0
    if abs(shift) > 2000:
        raise UnreadableError("an exponent of more than 2000")
    value = Fraction(mantissa.rstrip(".")) * Fraction(10) ** shift
    exact = not after.strip("0") and not (exponent and shift < 0 and after)
    return num(value, None if exact else len(after) - shift)


def proper(right: Node, kind: str, text: str) -> bool:
    """Is it a proper fraction written as one?"""
    if right.kind != "num" or right.value[1] is not None or text not in ("frac", "dfrac", "tfrac", "cfrac"):
        return right.kind == "num" and kind == "num"
    return bool(0 < right.value[0] < 1)
