"""The tokens of a cleaned answer. Kinds: num, name (one symbol), fn, const, rel, sep, word, cmd, op, env (\\begin)."""

import re
from typing import NamedTuple

from holdfast.rewards.answers.words.languages import SEPARATORS
from holdfast.rewards.answers.words.names import (
    CONSTANTS,
    DEGREE_WORDS,
    FUNCTIONS,
    GREEK,
    PERCENT_WORDS,
    RELATIONS,
    SEPARATING_WORDS,
    UNITS,
    WRAPPERS,
)
from holdfast.rewards.math_answer.parse.tree import MAX_CHARS, MAX_DIGITS, MAX_TOKENS, UnreadableError


class Token(NamedTuple):
    """A token; `spaced` tells whether a blank stood before it."""

    kind: str
    text: str
    spaced: bool = False


END = Token("end", "")

_SCAN = re.compile(
    r"(?P<blank>\s+)|(?P<num>\d+(?:\.(?!\.)\d*)?(?:[eE][+-]?\d{1,4}(?![\w.]))?|\.\d+(?:[eE][+-]?\d{1,4}(?![\w.]))?)"
    r"|(?P<cmd>\\[a-zA-Z]+\*?|\\[^a-zA-Z])|(?P<letters>[a-zA-Z]+)"
    r"|(?P<rel><=|>=|=<|(?<!\d)!=|<>|==|:=|->|=>|[<>=~])|(?P<dots>\.\.\.+)|(?P<op>\*\*|[-+*/^_(){}\[\],;:|!%&'°])"
)
_GROUP_NAME = re.compile(r"\s*\{([a-zA-Z]+)\*?\}(?:\s*\{[^{}]*\})?")
_DOTS = frozenset({r"\ldots", r"\dots", r"\cdots", r"\dotsc", r"\dotsb", r"\vdots", r"\ddots", r"\dotsm"})
_PLAIN_PRODUCTS = frozenset("abcdxyz")
_MATHS_INSIDE = re.compile(r"[\d\\^=+<>/]")
_LETTER_LIST = re.compile(r"\(?[A-Z]\)?(?:\s*(?:,|and|&)\s*\(?[A-Z]\)?)+")
_SHORT_WORDS = frozenset(
    (
        "no odd yes all tie win any one two six ten red blue man boy girl even none "
        "the of its was are his her our who how why she it"
    ).split()
)
"""Words of answers that would pass for products of their letters."""
_JOINING = "|".join(sorted({*(word for word in SEPARATORS if not word.isascii()), "and", "or", "oder", "und"}))
_JOINTS = re.compile(rf"\s*(?:[,;]\s*|(?<![^\W\d_])(?:{_JOINING})(?![^\W\d_])\s*)+")
_FILLERS = frozenset("also then either both respectively".split())
_COUNTED = re.compile(r"\$?(-?\d+(?:\.\d+)?(?:/\d+)?) +([a-zA-Z]{3,}(?: [a-zA-Z]+){0,4})")
_SIMPLE = {
    r"\{": Token("op", "set("), r"\}": Token("op", ")set"), r"\lbrace": Token("op", "set("),
    r"\rbrace": Token("op", ")set"), r"\lbrack": Token("op", "["), r"\rbrack": Token("op", "]"),
    r"\cdot": Token("op", "*"), r"\times": Token("op", "*"), r"\ast": Token("op", "*"), r"\div": Token("op", "/"),
    r"\langle": Token("op", "<("), r"\rangle": Token("op", ")>"), r"\lvert": Token("op", "|"),
    r"\rvert": Token("op", "|"), r"\vert": Token("op", "|"), r"\|": Token("op", "||"), r"\Vert": Token("op", "||"),
    r"\lVert": Token("op", "||"), r"\rVert": Token("op", "||"), r"\pm": Token("op", "±"), r"\mp": Token("op", "∓"),
    r"\cup": Token("op", "∪"), r"\bigcup": Token("op", "∪"), r"\cap": Token("op", "∩"),
    r"\setminus": Token("op", "∖"), r"\backslash": Token("op", "∖"), r"\prime": Token("op", "'"),
    r"\%": Token("op", "%"), r"\emptyset": Token("const", "empty"), r"\varnothing": Token("const", "empty"),
    r"\oslash": Token("const", "empty"), r"\bullet": Token("op", "*"),
    r"\quad": Token("sep", "quad"), r"\qquad": Token("sep", "quad"), r"\\": Token("sep", "row"),
    r"\newline": Token("sep", "row"), r"\land": Token("sep", "and"), r"\wedge": Token("sep", "and"),
    r"\lor": Token("sep", "or"), r"\vee": Token("sep", "or"), r"\colon": Token("op", ":"),
    r"\ratio": Token("op", ":"), r"\lparen": Token("op", "("), r"\rparen": Token("op", ")"),
    r"\cos": Token("fn", "cos"), r"\nobreakspace": Token("sep", "quad"),
}  # fmt: skip


def tokenize(text: str) -> list[Token]:
    """The tokens of a cleaned text. Raises Unreadable for a foreign character or beyond the limits."""
    if len(text) > MAX_CHARS:
        raise UnreadableError(f"more than {MAX_CHARS} characters")
    tokens: list[Token] = []
    position, spaced = 0, False
    while position < len(text):
        match = _SCAN.match(text, position)
        if match is None:
            raise UnreadableError(f"a character that is no mathematics: {text[position]!r}")
        position = match.end()
        kind, found = match.lastgroup or "", match.group()
        if kind == "blank":
            spaced = True
            continue
        if kind == "cmd":
            position = _command(found, text, position, spaced, tokens)
        else:
            _plain(kind, found, spaced, tokens)
        spaced = False
        if len(tokens) > MAX_TOKENS:
            raise UnreadableError(f"more than {MAX_TOKENS} tokens")
    return tokens


def _plain(kind: str, found: str, spaced: bool, tokens: list[Token]) -> None:
    if kind == "num" and len(found) > MAX_DIGITS:
        raise UnreadableError(f"a number of more than {MAX_DIGITS} digits")
    if kind == "letters":
        _letters(found, spaced, tokens)
    elif kind == "dots":
        tokens.append(Token("cmd", "dots", spaced))
    elif kind == "rel":
        tokens.append(Token("rel", RELATIONS[found], spaced))
    else:
        tokens.append(Token(kind, {"**": "^"}.get(found, found), spaced))


def _command(found: str, text: str, position: int, spaced: bool, tokens: list[Token]) -> int:
    """Append what a LaTeX command stands for; returns where to go on."""
    name = found[1:]
    if found in WRAPPERS and _next(text, position) == "{":
        return _wrapped(text, position, spaced, tokens)
    if found in (r"\begin", r"\end"):
        group = _GROUP_NAME.match(text, position)
        if group is None:
            raise UnreadableError(f"{found} without a name")
        tokens.append(Token("env", f"{name} {group[1]}", spaced))
        return group.end() if name == "begin" and group[1] == "array" else text.index("}", position) + 1
    if found in _SIMPLE:
        tokens.append(_SIMPLE[found]._replace(spaced=spaced))
    elif found in RELATIONS:
        tokens.append(Token("rel", RELATIONS[found], spaced))
    elif found in _DOTS:
        tokens.append(Token("cmd", "dots", spaced))
    elif name in CONSTANTS:
        tokens.append(Token("const", CONSTANTS[name], spaced))
    elif name in GREEK:
        tokens.append(Token("name", name.removeprefix("var"), spaced))
    elif name in FUNCTIONS and name not in ("sqrt", "binom"):
        tokens.append(Token("fn", FUNCTIONS[name], spaced))
    elif name.isalpha():
        tokens.append(Token("cmd", name, spaced))
    elif name.isspace():
        pass
    else:
        raise UnreadableError(f"an unknown command: {found!r}")
    return position


def _wrapped(text: str, position: int, spaced: bool, tokens: list[Token]) -> int:
    """`\\text{…}` and its like: a word, a separator, a letter, or mathematics in another font."""
    start = text.index("{", position) + 1
    depth, end = 1, start
    while end < len(text) and depth:
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
    if depth:
        raise UnreadableError("unbalanced braces")
    inside = text[start : end - 1].strip(" ~")
    bare = inside.strip(" ,.;:()").casefold()
    if not inside:
        pass
    elif inside == ":":
        tokens.append(Token("op", ":", spaced))
    elif bare in SEPARATING_WORDS or not bare:
        tokens.append(Token("sep", SEPARATING_WORDS.get(bare, "quad"), spaced))
    elif bare in PERCENT_WORDS or bare in DEGREE_WORDS:
        tokens.append(Token("op", "%" if bare in PERCENT_WORDS else "°", spaced))
    elif inside.casefold() in SEPARATORS and (len(inside) > 1 or text[start] == " "):
        tokens.append(Token("sep", SEPARATORS[inside.casefold()], spaced))
    elif bare in ("constant", "const"):
        tokens.append(Token("name", "C", spaced))
    elif inside == "min" and tokens and (tokens[-1].kind == "num" or tokens[-1].text in ("}", ")", "/")):
        tokens.append(Token("word", "minutes", spaced))
    elif inside in FUNCTIONS and inside not in UNITS:
        tokens.append(Token("fn", FUNCTIONS[inside], spaced))
    elif inside in CONSTANTS:
        tokens.append(Token("const", CONSTANTS[inside], spaced))
    elif len(inside) == 1 and inside.isascii() and inside.isalpha():
        after_number = bool(tokens) and (tokens[-1].kind == "num" or _after_unit(tokens))
        tokens.append(Token("word" if after_number and inside in UNITS else "name", inside, spaced))
    elif (counted := _COUNTED.fullmatch(inside)) is not None:
        tokens.extend(tokenize(counted[1]))
        tokens.append(Token("word", counted[2], True))
    elif _LETTER_LIST.fullmatch(inside):
        tokens.extend(tokenize(inside))
    elif len(words := _JOINTS.split(inside)) > 1 and not _MATHS_INSIDE.search(inside):
        _joined(words, _JOINTS.findall(inside), tokens)
    elif "/" in inside and all(word in UNITS for word in re.findall(r"[a-zA-Z]+", inside)) and inside[0].isalpha():
        tokens.append(Token("word", inside, spaced))
    elif _MATHS_INSIDE.search(inside) and not any(len(w) > 3 for w in re.findall(r"(?<!\\)[a-zA-Z]+", inside)):
        tokens.extend(tokenize(inside))
    else:
        tokens.append(Token("word", inside, spaced))
    return end


def _joined(words: list[str], joints: list[str], tokens: list[Token]) -> None:
    """`goats and`, `boys, `, `line segment and circle`: words and the separators between them."""
    for word, joint in zip(words, [*joints, ""], strict=True):
        if word and word not in _FILLERS:
            tokens.append(Token("word", word, True))
        if joint:
            found = {SEPARATORS.get(part, "and") for part in re.findall(r"[^\W\d_]+", joint.casefold())}
            tokens.append(Token("sep", "or" if "or" in found else "and" if found else "quad", True))


def _after_unit(tokens: list[Token]) -> bool:
    """`km /`, `m` (a product of units)."""
    return len(tokens) > 1 and tokens[-1].text in ("/", "*") and tokens[-2].kind == "word"


def _letters(run: str, spaced: bool, tokens: list[Token]) -> None:
    """A run of plain letters: a function, a constant, a separator, a unit, a word, or a product of symbols."""
    last = tokens[-1] if tokens else END
    if run == "min" and last.kind == "num":
        tokens.append(Token("word", "minutes", spaced))
    elif run in FUNCTIONS:
        tokens.append(Token("fn", FUNCTIONS[run], spaced))
    elif run in CONSTANTS:
        tokens.append(Token("const", CONSTANTS[run], spaced))
    elif run in _SHORT_WORDS or (run[1:].islower() and run.casefold() in _SHORT_WORDS):
        tokens.append(Token("word", run, spaced))
    elif run in ("oder", "und"):
        tokens.append(Token("sep", SEPARATORS[run], spaced))
    elif run.casefold() in SEPARATING_WORDS:
        tokens.append(Token("sep", SEPARATING_WORDS[run.casefold()], spaced))
    elif run in PERCENT_WORDS or run in DEGREE_WORDS:
        tokens.append(Token("op", "%" if run in PERCENT_WORDS else "°", spaced))
    elif run == "in" and spaced:
        tokens.append(Token("rel", "in", spaced) if last.kind == "name" else Token("word", "inch", spaced))
    elif run == "mod":
        tokens.append(Token("cmd", "mod", spaced))
    elif (last.kind == "word" and spaced and len(run) > 1) or (
        len(run) == 1 and run in UNITS and _after_unit(tokens)
    ):  # `20 years old`
        tokens.append(Token("word", run, spaced))
    elif len(run) == 1:
        tokens.append(Token("name", run, spaced))
    elif last.kind == "num" and len(run) > 2 and run.casefold() in UNITS:
        tokens.append(Token("word", run.casefold(), spaced))
    elif run in UNITS and (last.kind in ("num", "word") or last.text in (")", "}", "/") or len(run) > 2):
        tokens.append(Token("word", run, spaced))
    elif len(run) > 4 and (applied := _APPLIED_RUN.fullmatch(run)):
        for name, letter in _APPLIED_PART.findall(applied[0]):
            tokens.append(Token("fn", name, spaced))
            tokens.append(Token("name", letter))
    elif len(run) <= 3 or _PLAIN_PRODUCTS.issuperset(run):
        _split(run, spaced, tokens)
    elif (known := _leading_name(run)) is not None:
        tokens.append(Token("fn" if known in FUNCTIONS else "const", FUNCTIONS.get(known, known), spaced))
        _letters(run[len(known) :], False, tokens)
    else:
        tokens.append(Token("word", run, spaced))


def _split(run: str, spaced: bool, tokens: list[Token]) -> None:
    known = _leading_name(run)
    if known is not None:
        tokens.append(Token("fn" if known in FUNCTIONS else "const", FUNCTIONS.get(known, known), spaced))
        _letters(run[len(known) :], False, tokens)
        return
    for letter in run:
        tokens.append(Token("const" if letter in ("e", "i") else "name", letter, spaced))
        spaced = False


_APPLIED_PART = re.compile(r"(sin|cos|tan|ln)([a-z])")
_APPLIED_RUN = re.compile(rf"(?:{_APPLIED_PART.pattern}){{2,4}}")
_LEADING = ("arcsin", "arccos", "arctan", "sqrt", "sin", "cos", "tan", "log", "ln", "exp", "pi")


def _leading_name(run: str) -> str | None:
    """`sinx`, `pir`: a known name and one symbol after it."""
    return next((name for name in _LEADING if run.startswith(name) and len(run) == len(name) + 1), None)


def _next(text: str, position: int) -> str:
    while position < len(text) and text[position] == " ":
        position += 1
    return text[position : position + 1]
