"""The parts of the grammar that are no arithmetic: lists, brackets, commands, big operators, matrices, names, units."""

from fractions import Fraction

from holdfast.rewards.answers.words.names import FIELDS
from holdfast.rewards.math_answer.parse import arithmetic
from holdfast.rewards.math_answer.parse.cursor import Cursor
from holdfast.rewards.math_answer.parse.matrices import environment, matrix_power, matrix_product, matrix_sum
from holdfast.rewards.math_answer.parse.tree import DOTS, Node, UnreadableError, add, div, fn, mul, neg, num, power

SHAPES = frozenset({"matrix"})
MODULI = frozenset({"mod", "bmod", "pmod"})
_STRENGTH = {"": 0, ",": 1, "quad": 1, "row": 2, "and": 2, ";": 3, "or": 4}
_APPLIED = frozenset("fgh")
_APPLIED_TO_ONE = frozenset("FGHPQTSVyuvpqwWzrxN")

__all__ = ["SHAPES", "bracketed", "command", "matrix_sum", "product", "sequence"]


def sequence(parser: Cursor) -> Node:
    """Relations with separators between them: one stays itself, more are a `list`."""
    items: list[Node] = []
    signs: list[str] = []
    sign = _separator(parser)
    while not _closes(parser) or (not items and parser.peek().text == "]"):  # `]0, 1[`
        if items:
            if not sign and parser.peek().text == "[":
                break
            if not sign:
                raise UnreadableError(f"what {parser.peek().text!r} means here is not known")
            signs.append(sign)
        items.append(parser.relation())
        sign = _separator(parser)
    if not items:
        raise UnreadableError("nothing between the brackets")
    return items[0] if len(items) == 1 else _grouped(items, signs)


def _separator(parser: Cursor) -> str:
    """All separators up to the next item; the strongest of them."""
    strongest = ""
    while True:
        token = parser.peek()
        if token.kind != "sep" and not (token.kind == "op" and token.text in (",", ";", "&")):
            return strongest
        parser.next()
        text = {"&": "quad"}.get(token.text, token.text)
        if _STRENGTH[text] > _STRENGTH[strongest]:
            strongest = text


def _closes(parser: Cursor) -> bool:
    token = parser.peek()
    if token.kind == "end":
        return True
    if token.kind == "env":
        return token.text.startswith("end")
    if token.kind == "cmd":
        return token.text in ("over", "choose", "rfloor", "rceil")
    if token.kind == "rel":
        return bool(parser.builders) and token.text == "divides"
    return token.kind == "op" and (
        token.text in (")", "]", "}", ")set", ")>")
        or (token.text in ("|", "||") and bool(parser.bars or parser.builders))
        or (token.text == ":" and bool(parser.builders))
    )


def _grouped(items: list[Node], signs: list[str]) -> Node:
    """A flat list, or groups of equations (`p=5, q=2; p=7, q=2`) when a stronger sign divides them evenly."""
    strongest = max(signs, key=_STRENGTH.__getitem__)
    if _STRENGTH[strongest] > 1 and all(item.kind == "rel" for item in items):
        groups: list[list[Node]] = [[items[0]]]
        for sign, item in zip(signs, items[1:], strict=False):
            if _STRENGTH[sign] == _STRENGTH[strongest]:
                groups.append([])
            groups[-1].append(item)
        if len(groups[0]) > 1 and len({len(group) for group in groups}) == 1:
            return Node("list", tuple(Node("list", tuple(group), ",") for group in groups), ";")
    return Node("list", tuple(items), strongest)


def modulus(parser: Cursor, node: Node) -> Node:
    """`… \\pmod{7}`, `… (mod 7)`, `… mod 7` after a relation."""
    bracket = parser.peek().text == "(" and parser.peek(1).text in MODULI
    if not bracket and parser.peek().text not in MODULI:
        return node
    if bracket:
        parser.next()
    parser.next()
    value = parser.sum()
    if bracket:
        parser.expect(")")
    if node.kind == "rel":
        node = node.args[-1] if len(node.args) == 2 and node.args[0].kind in ("sym", "index") else node
    return Node("mod", (node, value))


def remainder(node: Node) -> Node:
    """`n mod 2` as a number, where one calculates with it."""
    if node.kind != "mod":
        return node
    value, divisor = node.args
    quotient = arithmetic.call("floor", None, (div(value, divisor),))
    return add(value, neg(mul(divisor, quotient)))


def product(left: Node, right: Node) -> Node:
    """A product; of matrices too."""
    return matrix_product(left, right) if "matrix" in (left.kind, right.kind) else mul(left, right)


def raised(base: Node, exponent: Node) -> Node:
    """A power; of a matrix too."""
    return matrix_power(base, exponent) if base.kind == "matrix" else power(base, exponent)


def bracketed(parser: Cursor) -> Node:
    """What an opening bracket opens."""
    token = parser.peek()
    if token.text == "{":
        return parser.group()
    parser.next()
    if token.text in ("|", "||"):
        return _bars(parser, token.text)
    if token.text not in ("(", "[", "]", "set(", "<("):
        raise UnreadableError(f"something is missing before {token.text!r}")
    outer = parser.bars, parser.builders
    parser.bars, parser.builders = 0, int(token.text == "set(")
    node = _set(parser) if token.text == "set(" else _tuple(parser, token.text)
    parser.bars, parser.builders = outer
    return node


def _bars(parser: Cursor, sign: str) -> Node:
    parser.bars += 1
    inside = sequence(parser)
    parser.expect(sign)
    parser.bars -= 1
    if inside.kind == "matrix":
        return fn("det", inside)
    return arithmetic.call("abs" if sign == "|" else "norm", None, (inside,))


def _set(parser: Cursor) -> Node:
    if parser.take("op", ")set"):
        return Node("set")
    head = sequence(parser)
    if parser.peek().text in ("|", ":", "divides"):
        parser.next()
        parser.builders = 0
        condition = sequence(parser)
        parser.expect(")set")
        return Node("builder", (head, condition))
    parser.expect(")set")
    return Node("set", head.args if head.kind == "list" else (head,))


def _tuple(parser: Cursor, opening: str) -> Node:
    inside = sequence(parser)
    closing = parser.next().text
    if closing not in ((")>",) if opening == "<(" else (")", "]", "[")):
        raise UnreadableError(f"the bracket {opening!r} is not closed")
    if inside.kind != "list":
        return inside
    if inside.value == "or":
        return inside
    left = {"]": "(", "<(": "("}.get(opening, opening)
    return Node("tuple", inside.args, left + {"[": ")", ")>": ")"}.get(closing, closing))


def command(parser: Cursor) -> Node:
    """A LaTeX command at the start of a factor."""
    token = parser.next()
    name = token.text
    if token.kind == "env":
        return environment(parser, name)
    if name in ("frac", "dfrac", "tfrac", "cfrac"):
        above = parser.argument()
        return div(above, parser.argument())
    if name in ("sqrt", "cbrt"):
        return root(parser, name)
    if name in ("binom", "dbinom", "tbinom"):
        above = parser.argument()
        return arithmetic.binomial(above, parser.argument())
    if name in ("lfloor", "lceil"):
        inside = sequence(parser)
        parser.expect("rfloor" if name == "lfloor" else "rceil")
        return arithmetic.call("floor" if name == "lfloor" else "ceil", None, (inside,))
    if name in ("sum", "prod", "int", "lim"):
        return _big(parser, name)
    if name in ("overline", "bar", "overrightarrow", "widetilde", "overset", "dot", "ddot", "tilde"):
        return Node("app", (parser.argument(),), name)
    if name in ("mathbb", "mathds"):
        return _field(parser)
    if name in ("boxed", "fbox"):
        return parser.argument()
    if name == "dots":
        return DOTS
    if name == "basis":
        parser.expect("{")
        letter = parser.next().text
        parser.expect("}")
        return Node("sym", (), f"basis {letter}")
    raise UnreadableError(f"an unknown command: \\{name}")


def _field(parser: Cursor) -> Node:
    node = parser.argument()
    name = node.value if node.kind == "sym" else ""
    if parser.peek().text == "^" and parser.peek(1).text == "+":
        parser.next()
        parser.next()
        name += "+"
    return Node("field", (), name) if name.rstrip("+") in FIELDS else node


def root(parser: Cursor, name: str) -> Node:
    """`\\sqrt[n]{x}`, `sqrt(x)`, `\\sqrt x`."""
    index = num(3) if name == "cbrt" else num(2)
    if parser.take("op", "["):
        index = parser.sum()
        parser.expect("]")
    of = parser.atom() if parser.peek().text == "(" else parser.argument()
    return power(of, div(num(1), index))


def repeating_decimal(parser: Cursor, text: str) -> Node:
    """`0.1\\overline{6}`."""
    parser.next()
    parser.expect("{")
    period = parser.next().text
    parser.expect("}")
    return arithmetic.repeating(text, period)


def subscripted(parser: Cursor, name: str) -> Node:
    """`x_1`, `a_{n+1}` (an `index`), `x_{max}`, `S_{ABC}` (names of their own)."""
    parser.expect("_")
    if parser.peek().text != "{":
        node = parser.argument() if parser.peek().kind != "word" else Node("sym", (), parser.next().text)
        return Node("index", (node,), name)
    end = parser.position + 1
    while parser.tokens[end : end + 1] and parser.tokens[end].text != "}":
        end += 1
    inside = parser.tokens[parser.position + 1 : end]
    if len(inside) > 1 and all(token.kind in ("name", "word", "const", "fn") for token in inside):
        parser.position = end + 1
        return Node("sym", (), f"{name}_" + "".join(token.text for token in inside))
    if len(inside) == 1 and inside[0].kind in ("word", "fn"):
        parser.position = end + 1
        return Node("sym", (), f"{name}_{inside[0].text.casefold()}")
    return Node("index", (parser.group(),), name)


def application(parser: Cursor, node: Node) -> Node:
    """`f(x)`; for other letters than f, g, h only with a single simple argument, else it is a product."""
    if node.kind not in ("sym", "index") or parser.peek().text != "(":
        return node
    name = node.value.rstrip("'")
    if name == "C" and node.kind == "sym" and [parser.peek(at).text for at in (2, 4)] == [",", ")"]:
        pair = parser.atom()
        if pair.kind == "tuple":
            return arithmetic.binomial(*pair.args)
        return mul(node, pair)
    at_zero = parser.peek(1).text == "0" and parser.peek(2).text == ")"
    simple = parser.peek(1).kind in ("name", "num") and parser.peek(2).text == ")"
    if (
        name not in _APPLIED
        and not at_zero
        and not (simple and name in _APPLIED_TO_ONE and parser.peek(1).text != name)
    ):
        return node
    inside = parser.atom()
    arguments = inside.args if inside.kind == "tuple" else (inside,)
    return Node("app", (*node.args, *arguments), node.value)


def inverse_function(parser: Cursor, node: Node) -> Node:
    """Read an inverse function: `f^{-1}(x)`."""
    if node.kind != "pow" or node.args[0].kind != "sym" or node.args[1].kind != "num":
        return node
    if node.args[0].value not in _APPLIED:
        return node
    return application_of(parser, f"{node.args[0].value}^{node.args[1].value[0]}") or node


def application_of(parser: Cursor, name: str) -> Node | None:
    """A named function's value when a bracket follows."""
    if parser.peek().text != "(":
        return None
    inside = parser.atom()
    return Node("app", inside.args if inside.kind == "tuple" else (inside,), name)


def _big(parser: Cursor, kind: str) -> Node:
    low = high = None
    while parser.peek().text in ("_", "^") and (low is None or high is None):
        if parser.next().text == "_":
            low = parser.argument()
        else:
            high = parser.exponent()
    if kind == "int":
        return _integral(parser, low, high)
    if low is None or low.kind != "rel" or len(low.args) != 2 or low.args[0].kind not in ("sym", "const"):
        raise UnreadableError(f"a {kind} without its bounds")
    name, start = low.args[0].value, low.args[1]
    outer, parser.bound = parser.bound, parser.bound | {name}
    body = parser.nested(parser.product)
    parser.bound = outer
    if kind == "lim":
        return Node("lim", (body, start), name)
    if high is None:
        raise UnreadableError(f"a {kind} without its bounds")
    return Node(kind, (body, start, high), name)


def _integral(parser: Cursor, low: Node | None, high: Node | None) -> Node:
    parser.integrals += 1
    body = num(Fraction(1)) if parser.peek().text == "d" else parser.nested(parser.sum)
    parser.integrals -= 1
    if parser.next().text != "d" or parser.peek().kind != "name":
        raise UnreadableError("an integral without its variable")
    bounds = () if low is None or high is None else (low, high)
    return Node("int", (body, *bounds), parser.next().text)
