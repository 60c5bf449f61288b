"""One pass over the tokens of one answer, and the levels of the grammar that its parts call back."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from holdfast.rewards.math_answer.parse.tokens import END, Token
from holdfast.rewards.math_answer.parse.tree import MAX_DEPTH, Node, UnreadableError


class Cursor(ABC):
    """Where the reading of one answer stands."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.position = 0
        self.depth = 0
        self.bars = 0
        """How many |…| are open: only then does a bar close."""
        self.builders = 0
        self.integrals = 0
        self.bound: frozenset[str] = frozenset()
        """Names that a sum or limit around this point binds; `i` is no imaginary unit there."""

    def peek(self, ahead: int = 0) -> Token:
        """The next token, or END."""
        at = self.position + ahead
        return self.tokens[at] if at < len(self.tokens) else END

    def next(self) -> Token:
        """The next token, consumed."""
        token = self.peek()
        self.position += 1
        return token

    def take(self, kind: str, *texts: str) -> bool:
        """Consume the next token if it is one of these."""
        token = self.peek()
        if token.kind == kind and (not texts or token.text in texts):
            self.position += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Consume this token or fail."""
        if self.next().text != text:
            raise UnreadableError(f"{text!r} is missing")

    def nested(self, inner: Callable[[], Node]) -> Node:
        """Read what is nested one level deeper."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnreadableError(f"nested more than {MAX_DEPTH} levels deep")
        node = inner()
        self.depth -= 1
        return node

    @abstractmethod
    def relation(self) -> Node:
        """Sides and the signs between them."""

    @abstractmethod
    def sum(self) -> Node:
        """Read a sum: its terms."""

    @abstractmethod
    def product(self) -> Node:
        """Read a product: its factors."""

    @abstractmethod
    def exponent(self) -> Node:
        """Read an exponent."""

    @abstractmethod
    def group(self) -> Node:
        """Read a group, `{…}`."""

    @abstractmethod
    def argument(self) -> Node:
        """The argument of a command."""

    @abstractmethod
    def atom(self) -> Node:
        """Read one of the smallest pieces: a number, a symbol, a group."""

    @abstractmethod
    def number(self) -> Node:
        """Read a number literal."""
