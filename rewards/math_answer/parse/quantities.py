"""Quantities: the words behind a number as its unit, units side by side, degrees and minutes."""

from holdfast.rewards.answers.words.names import SCALE_WORDS, UNITS
from holdfast.rewards.math_answer.parse.clean import words_of
from holdfast.rewards.math_answer.parse.cursor import Cursor
from holdfast.rewards.math_answer.parse.tree import Node, UnreadableError, add, div, mul, num
from holdfast.rewards.math_answer.parse.units import canonical, convertible

_CHANGING = frozenset(
    "isn't isn’t or but not plus minus wrong incorrect maybe perhaps possibly unless either half factorial".split()
)


_BOUNDS = ("以上", "以下", "以内", "未満", "이상", "이하", "미만", "초과", "かもしれ", "से अधिक", "से कम")
_POWERS = {"squared": "^2", "cubed": "^3"}


def unit(parser: Cursor, left: Node) -> Node:
    """The words after a quantity: its unit in canonical spelling, empty for mere nouns."""
    known: list[str] = []
    if (scale := SCALE_WORDS.get(parser.peek().text)) is not None:
        parser.next()
        left = mul(left, num(scale))
        if parser.peek().kind != "word":
            return left
    while True:
        token = parser.peek()
        if token.kind == "word":
            parser.next()
            _refuse_changed(token.text, bool(known))
            for word in _words(token.text):
                if word in _POWERS and known and "^" not in known[-1]:
                    known[-1] += _POWERS[word]
                elif found := _known(word):
                    known.append(found)
        elif token.text == "^" and parser.peek(-1).kind == "word":
            parser.next()
            exponent = parser.exponent()
            if known and exponent.kind == "num":
                known[-1] += f"^{exponent.value[0]}"
        elif token.text in ("/", "*") and parser.peek(1).kind == "word":
            parser.next()
            known += ["/"] if token.text == "/" else []
        else:
            break
    for prefix, exponent_text in (("sq", "^2"), ("cu", "^3")):
        if known[:1] == [prefix] and len(known) > 1:
            known = [known[1] + exponent_text, *known[2:]]
    return Node("unit", (left,), canonical(known))


def compound(left: Node, right: Node) -> Node:
    """`2 hours 30 minutes` in the first one's unit. Raises Unreadable for what does not add up."""
    scales = convertible(left.value, right.value) if left.kind == right.kind == "unit" else None
    if scales is None or scales[0] <= scales[1]:
        raise UnreadableError("words between two quantities do not multiply them")
    return Node("unit", (add(left.args[0], mul(num(scales[1] / scales[0]), right.args[0])),), left.value)


def _known(word: str) -> str:
    """The unit, with its exponent, in canonical spelling; nothing for a noun."""
    name, caret, exponent = word.partition("^")
    return f"{UNITS[name]}{caret}{exponent.strip('{}')}" if name in UNITS else ""


def _refuse_changed(text: str, after_unit: bool) -> None:
    """`7 or more`, `5 squared`, `3 and a half`: what the words make of the number is not read."""
    words = _words(text)
    bound = any(word.startswith(_BOUNDS) for word in words)
    if bound or not _CHANGING.isdisjoint(words) or (words[:1] in (["squared"], ["cubed"]) and not after_unit):
        raise UnreadableError(f"what {text!r} makes of the number is not known")


def word(parser: Cursor) -> Node:
    """Words where a quantity could stand: a name of their own (`Area = 5`, `Navin`)."""
    words = []
    while parser.peek().kind == "word":
        words.append(words_of(parser.next().text))
    return Node("sym", (), " ".join(words))


def _words(text: str) -> list[str]:
    return text.replace("/", " per ").replace(".", " ").replace("~", " ").split()


def degrees(parser: Cursor, node: Node) -> Node:
    """Read degrees: `30°`, `20°C`."""
    if parser.peek().kind == "name" and parser.peek().text in "CF" and not parser.peek().spaced:
        parser.next()
        return Node("unit", (node,), "celsius")
    for scale in (60, 3600):
        if parser.peek().kind == "num" and parser.peek(1).text == "'":
            part = parser.number()
            parser.next()
            if scale == 3600:
                parser.take("op", "'")
            node = add(node, div(part, num(scale)))
    return Node("deg", (node,))


def minutes(parser: Cursor, node: Node) -> Node:
    """Minutes and seconds of arc are read as units."""
    token = parser.next()
    twice = token.text == "''" or parser.take("op", "'")
    left = Node("unit", (node,), "arcsec" if twice else "arcmin")
    if not twice and parser.peek().kind == "num" and parser.peek(1).text in ("'", "''"):
        return compound(left, minutes(parser, parser.number()))
    return left
