"""Tokens to a tree: recursive descent, one method per level of binding, nesting limited.

answer    relation (separator relation)*          a bare list, groups of solutions
relation  union (sign union)*                      equations, inequalities, membership, chains
union     sum ((∪|∩|∖) sum)*
sum       product ((+|-|±|∓) product)*
product   factor ((*|/|nothing) factor)*           then words: a unit
factor    [-] power                                power: postfix (! % ° ') and ^
"""

from holdfast.rewards.answers.words.names import INVERSES
from holdfast.rewards.math_answer.parse import quantities, structures
from holdfast.rewards.math_answer.parse.arithmetic import binomial, call, factorial, in_base, literal, proper, repeating
from holdfast.rewards.math_answer.parse.cursor import Cursor
from holdfast.rewards.math_answer.parse.tokens import END, Token, tokenize
from holdfast.rewards.math_answer.parse.tree import (
    IMAGINARY,
    INF,
    MAX_HEIGHT,
    MINUS_ONE,
    PI,
    E,
    Node,
    UnreadableError,
    add,
    div,
    height,
    mul,
    neg,
    num,
)

_CONSTANTS = {"pi": PI, "e": E, "i": IMAGINARY, "inf": INF, "empty": Node("set")}
_ATOM_OPS = frozenset({"(", "{", "set(", "<("})
_ATOM_COMMANDS = frozenset(
    (
        "frac dfrac tfrac cfrac sqrt cbrt binom dbinom tbinom overline bar lfloor lceil sum prod int lim dots "
        "mathbb mathds boxed fbox basis ddot widetilde tilde overrightarrow"
    ).split()
)


def parse(text: str) -> Node:
    """The tree of a cleaned answer. Raises Unreadable when it is none, or beyond the limits."""
    parser = Parser(tokenize(text))
    node = parser.answer()
    if parser.peek() is not END:
        raise UnreadableError(f"what {parser.peek().text!r} means here is not known")
    if height(node) > MAX_HEIGHT:
        raise UnreadableError(f"more than {MAX_HEIGHT} levels")
    return node


class Parser(Cursor):
    """The levels of the grammar."""

    def answer(self) -> Node:
        """A whole answer: one relation, or a bare list of them."""
        return structures.sequence(self)

    def relation(self) -> Node:
        """Sides and the signs between them; what leads (`=`, `≈`, `⇒`) is dropped."""
        while self.peek().kind == "rel" and self.peek().text in ("=", "~", "so", "to"):
            self.next()
        sides = [self.union()]
        signs: list[str] = []
        while self.peek().kind == "rel" and not (self.builders and self.peek().text == "divides"):
            sign = self.next().text
            if sign == "so":
                sides, signs = [self.union()], []
                continue
            signs.append(sign)
            sides.append(self.union())
        node = sides[0] if not signs else Node("rel", tuple(sides), tuple(signs))
        return structures.modulus(self, node)

    def union(self) -> Node:
        """Unions, intersections and differences of sets."""
        left = self.sum()
        while self.peek().kind == "op" and self.peek().text in "∪∩∖":
            kind = {"∪": "union", "∩": "inter", "∖": "diff"}[self.next().text]
            right = self.sum()
            same = left.kind == kind == "union"
            left = Node(kind, (*left.args, right) if same else (left, right))
        while self.peek() == Token("op", ":", self.peek().spaced) and not self.builders:
            self.next()
            right = self.sum()
            left = Node("ratio", (*left.args, right) if left.kind == "ratio" else (left, right))
        return left

    def sum(self) -> Node:
        """Terms; ± makes a node of its own."""
        left = self.product()
        while self.peek().kind == "op" and self.peek().text in ("+", "-", "±", "∓"):
            sign = self.next().text
            left, right = structures.remainder(left), structures.remainder(self.product())
            if sign in "±∓":
                left = Node("pm", (left, right), "+" if sign == "±" else "-")
            elif left.kind in structures.SHAPES or right.kind in structures.SHAPES:
                left = structures.matrix_sum(left, right if sign == "+" else neg(right))
            else:
                left = add(left, right if sign == "+" else neg(right))
        return left

    def product(self) -> Node:
        """Factors, with or without a sign between them; the words after them are their unit."""
        left = self.factor()
        while True:
            token = self.peek()
            if token.kind == "op" and token.text in "*/":
                self.next()
                right = self.factor()
                left = structures.product(left, right) if token.text == "*" else div(left, right)
            elif token.kind == "word":
                left = quantities.unit(self, left)
            elif self.starts_factor(token) and self.peek(-1).kind == "word":
                left = quantities.compound(left, self._counted())
            elif self.starts_factor(token):
                left = self._juxtaposed(left)
            else:
                return left

    def _counted(self) -> Node:
        """A factor and the words behind it."""
        node = self.factor()
        return quantities.unit(self, node) if self.peek().kind == "word" else node

    def starts_factor(self, token: Token) -> bool:
        """Can this token follow a factor without a sign, as another one?"""
        if token.kind in ("num", "const", "fn"):
            return True
        if token.kind == "name":
            return not (self.integrals and token.text == "d" and self.peek(1).kind == "name")
        if token.kind == "op":
            if token.text == "(" and self.peek(1).text in structures.MODULI:
                return False
            if token.text == "[":
                return self.peek(1).kind == "env" or self._brackets_factor()
            return token.text in _ATOM_OPS or (token.text == "|" and not self.bars and not self.builders)
        return (token.kind == "cmd" and token.text in _ATOM_COMMANDS) or (
            token.kind == "env" and token.text.startswith("begin")
        )

    def _brackets_factor(self) -> bool:
        """Do square brackets hold one sum here, and no interval?"""
        depth = 0
        if self.peek(1).text in ("∪", "∩", "]"):
            return False
        for token in self.tokens[self.position :]:
            depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(token.text, 0)
            if depth == 0:
                return token.text == "]"
            if token.text in (",", ";") and depth == 1:
                return False
        return False

    def _juxtaposed(self, left: Node) -> Node:
        """Side by side: a product, except a mixed number; two bare numbers are no product."""
        before, token = self.peek(-1), self.peek()
        if before.kind == "num" and token.kind == "num" and self.peek(1) == Token("op", "/", self.peek(1).spaced):
            right = self._plain_fraction()
        elif before.kind == token.kind == "num" and self.peek(-2).text == "^" and token.spaced:
            return structures.product(left, self.factor())  # 2^6 3^5
        elif before.kind == token.kind == "num":
            raise UnreadableError("two numbers side by side")
        else:
            right = self.factor()
        if (
            before.kind == "num"
            and left.kind == "num"
            and left.value[1] is None
            and proper(right, token.kind, token.text)
        ):
            return add(left, right)
        if (
            before.kind == "num"
            and left.kind == "num"
            and right.kind in ("percent", "deg")
            and proper(right.args[0], token.kind, token.text)
        ):
            return right._replace(args=(add(left, right.args[0]),))
        return structures.product(left, right)

    def _plain_fraction(self) -> Node:
        """`1/2` after an integer."""
        numerator = self.atom()
        self.expect("/")
        denominator = self.atom()
        fraction = div(numerator, denominator)
        if fraction.kind != "num" or not 0 < fraction.value[0] < 1:
            raise UnreadableError("two numbers side by side")
        return fraction

    def factor(self) -> Node:
        """A sign and a power."""
        token = self.peek()
        if token.kind == "op" and token.text in ("-", "+", "±", "∓"):
            self.next()
            node = self.nested(self.factor)
            if token.text in "±∓":
                return Node("pm", (node,), "+" if token.text == "±" else "-")
            return neg(self._mixed(node)) if token.text == "-" else node
        return self.power()

    def _mixed(self, node: Node) -> Node:
        """-1 3/4 is -(1 3/4): the fraction belongs to the number before the sign applies."""
        if (
            node.kind == "num"
            and self.peek(-1).kind == "num"
            and (self.peek().kind == "num" or self.peek().text in ("frac", "dfrac", "tfrac"))
        ):
            return self._juxtaposed(node)
        return node

    def power(self) -> Node:
        """An atom with what follows it: factorials, percent, degrees, primes, exponents."""
        node = self.atom()
        while True:
            token = self.peek()
            if token.kind != "op":
                return node
            if token.text == "!":
                self.next()
                node = factorial(node)
            elif token.text == "%":
                self.next()
                node = Node("percent", (node,))
            elif token.text == "°":
                self.next()
                node = quantities.degrees(self, node)
            elif token.text == "'" and node.kind in ("sym", "app"):
                self.next()
                node = node._replace(value=f"{node.value}'")
            elif token.text in ("'", "''"):
                node = quantities.minutes(self, node)
            elif token.text == "^":
                self.next()
                node = structures.raised(node, self.exponent())
                node = structures.inverse_function(self, node)
            else:
                return node

    def exponent(self) -> Node:
        """What stands above: a group, or a signed atom."""
        if self.peek().text == "{":
            return self.group()
        if self.peek().kind == "op" and self.peek().text in "+-":
            sign = self.next().text
            inner = self.nested(self.exponent)
            return neg(inner) if sign == "-" else inner
        if self.peek().kind == "op" and self.peek().text == "*":
            self.next()
            return Node("sym", (), "*")
        node = self.atom()
        return structures.raised(node, self.nested(self.exponent)) if self.take("op", "^") else node

    def group(self) -> Node:
        """Read a group, `{…}`, which leaves its content as it is."""
        self.expect("{")
        if self.take("op", "}"):
            raise UnreadableError("an empty group")
        node = self.nested(lambda: structures.sequence(self))
        if self.take("cmd", "over"):
            node = div(node, self.nested(lambda: structures.sequence(self)))
        elif self.take("cmd", "choose"):
            node = binomial(node, self.nested(lambda: structures.sequence(self)))
        self.expect("}")
        return node

    def argument(self) -> Node:
        """The argument of a command: a group, one digit, or one atom."""
        token = self.peek()
        if token.text == "{":
            return self.group()
        if token.kind == "num" and len(token.text) > 1 and token.text.isdigit():
            self.tokens[self.position] = Token("num", token.text[1:])
            return num(int(token.text[0]))
        if token.kind == "op" and token.text == "-":
            self.next()
            return neg(self.nested(self.argument))
        return self.nested(self.atom)

    # atoms

    def atom(self) -> Node:
        """Read one of the smallest pieces: a number, a symbol, a group."""
        token = self.peek()
        if token.kind == "num":
            return self.number()
        if token.kind == "name":
            return self.name()
        if token.kind == "const":
            self.next()
            return self._subscripted_constant(token)
        if token.kind == "fn":
            return self.function()
        if token.kind == "op":
            return self.nested(lambda: structures.bracketed(self))
        if token.kind in ("cmd", "env"):
            return self.nested(lambda: structures.command(self))
        if token.kind == "word":
            return quantities.word(self)
        raise UnreadableError(f"something is missing before {token.text!r}" if token is not END else "it breaks off")

    def _subscripted_constant(self, token: Token) -> Node:
        if self.peek().text == "_" and token.text in ("e", "i"):
            return structures.subscripted(self, token.text)
        return Node("sym", (), token.text) if token.text in self.bound else _CONSTANTS[token.text]

    def number(self) -> Node:
        """A literal; with its base as a subscript; with a repeating part."""
        text = self.next().text
        if self.peek().text == "_":
            self.next()
            base = self.argument() if self.peek().text != "(" else self.atom()
            return in_base(text, base)
        if self.peek().text in ("overline", "dot", "bar") and "." in text and not self.peek().spaced:
            return structures.repeating_decimal(self, text)
        if text.endswith(".") and self.peek().text == "(" and self.peek(1).kind == "num" and self.peek(2).text == ")":
            self.position += 3
            return repeating(text, self.peek(-2).text)
        if self.peek() == Token("cmd", "dots") and "." in text:
            self.next()
            return repeating(text)
        return literal(text)

    def name(self) -> Node:
        """A symbol, a subscripted one, or an unknown function's value."""
        text = self.next().text
        while self.take("op", "'"):
            text += "'"
        node = structures.subscripted(self, text) if self.peek().text == "_" else Node("sym", (), text)
        return structures.application(self, node)

    def function(self) -> Node:
        """A known function: its power, its base, its argument."""
        name = self.next().text
        if name in ("sqrt", "cbrt"):
            return structures.root(self, name)
        base = self._base() if self.peek().text == "_" else None
        exponent = None
        if self.take("op", "^"):
            exponent = self.exponent()
            if exponent == MINUS_ONE and name in INVERSES:
                name, exponent = INVERSES[name], None
        if base is None and self.peek().text == "_":
            base = self._base()
        value = call(name, base, self._arguments(name))
        return value if exponent is None else structures.raised(value, exponent)

    def _base(self) -> Node:
        self.expect("_")
        return self.argument()

    def _arguments(self, name: str) -> tuple[Node, ...]:
        if self.peek().text in ("(", "{", "[", "set("):
            node = self.atom()
            if node.kind in ("tuple", "list", "set") and name in ("gcd", "lcm", "min", "max", "binom", "log", "round"):
                return node.args
            return (node,)
        return (self.nested(self._bare_argument),)

    def _bare_argument(self) -> Node:
        """`sin 2x`: factors up to the next function or sign."""
        if self.peek().kind == "fn":
            return self.function()
        node = self.factor()
        while self.starts_factor(self.peek()) and self.peek().kind != "fn" and self.peek().text not in _ATOM_OPS:
            node = mul(node, self.power())
        return node
