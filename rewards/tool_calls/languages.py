"""Java and JavaScript calls: `name(argument=value, …)` by their tree-sitter grammars, and their values as Python's.

The leaderboard's own converters are regular expressions that take exponential time on hostile text; these readers are
linear and agree with it on the recorded rows (tests/rewards/test_tool_call.py).
"""

import importlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any


class NotACallError(ValueError):
    """The source does not read as one call."""


@cache
def _parser(language: str) -> Any:
    from tree_sitter import Language, Parser

    grammar = importlib.import_module(f"tree_sitter_{language}")
    return Parser(Language(grammar.language()))


def parse_source_call(source: str, language: str) -> tuple[str, dict[str, str]]:
    """(name, arguments as source text) of the first call of the source. String literals lose their quotes.

    Raises NotACallError when the source has a syntax error or no call.
    """
    raw = source.encode("utf-8", "replace")
    tree = _parser(language).parse(raw)
    # A missing semicolon is no error here, as it is none to the leaderboard.
    if any(node.type == "ERROR" for node in _walk(tree.root_node)):
        raise NotACallError(f"not a {language} call: syntax error")
    kind = "method_invocation" if language == "java" else "call_expression"
    call = next((node for node in _walk(tree.root_node) if node.type == kind), None)
    if call is None:
        raise NotACallError(f"no {language} call")
    arguments = call.child_by_field_name("arguments")
    return _name(call, raw), _arguments(arguments, raw) if arguments is not None else {}


def _walk(node: Any) -> Iterator[Any]:
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(current.children))


def _name(call: Any, raw: bytes) -> str:
    if call.type == "call_expression":
        return _text(call.child_by_field_name("function"), raw)
    owner = call.child_by_field_name("object")
    name = _text(call.child_by_field_name("name"), raw)
    return f"{_text(owner, raw)}.{name}" if owner is not None else name


def _arguments(node: Any, raw: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for child in node.children:
        if child.type != "assignment_expression":
            continue
        name = _text(child.children[0], raw)
        if name in found:
            raise NotACallError(f"argument {name!r} is there twice")
        found[name] = _unquoted(_text(child.children[2], raw))
    return found


def _text(node: Any, raw: bytes) -> str:
    return raw[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _unquoted(text: str) -> str:
    quoted = len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text


_INTEGER = re.compile(r"-?\d{1,400}")
_REAL = re.compile(r"-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,4})?")
_SUFFIXED = {"long": "lL", "float": "fF", "Bigint": "n"}


def convert(value: Any, kind: str, language: str) -> Any:
    """The Python value of an argument whose declared type is `kind`; text that does not fit stays text.

    Values that came as JSON are taken as they are, but for scalars where the language would have written text.
    """
    if not isinstance(value, str):
        return value if isinstance(value, list | dict | bool | int | float) else str(value)
    if kind == "String" and language == "javascript":
        return _unquoted(value)
    if kind in ("Array", "ArrayList", "array"):
        return _collection(value, language, _array)
    if kind in ("HashMap", "dict"):
        return _collection(value, language, _mapping)
    if kind in ("boolean", "Boolean"):
        return {"true": True, "false": False}.get(value, value)
    return _number(value, kind, language)


def _number(text: str, kind: str, language: str) -> Any:
    suffix = _SUFFIXED.get(kind) if language == "java" or kind == "Bigint" else None
    digits = text[:-1] if suffix and text[-1:] and text[-1] in suffix else text
    if suffix and digits is text:
        return text
    if kind in ("byte", "short", "integer", "long", "Bigint"):
        return int(digits) if _INTEGER.fullmatch(digits) else text
    if kind in ("float", "double"):
        return float(digits) if _REAL.fullmatch(digits) else text
    return text


_JAVA_LIST = re.compile(r"new\s{1,9}ArrayList\s{0,9}<[\w\s]{0,60}>\s{0,9}\(\s{0,9}(Arrays\.asList|List\.of)\s{0,9}\(")
_JAVA_ADDS = re.compile(r"\b(?:add|put)\s{0,9}\(")
_JAVA_ARRAY = re.compile(r"new\s{1,9}\w{1,60}\s{0,9}\[\s{0,9}\]\s{0,9}\{")
_JAVA_NEW = re.compile(r"new\s{1,9}(ArrayList|HashMap)\s{0,9}<[^()]{0,200}>\s{0,9}\(\s{0,9}\)")


def _collection(text: str, language: str, read: Callable[[str, str], Any]) -> Any:
    found = read(text.strip(), language)
    return text if found is None else found


def _array(text: str, language: str) -> list[Any] | None:
    if language == "java":
        opened = _JAVA_LIST.match(text) or _JAVA_ARRAY.match(text)
        if opened:
            return [_plain(part) for part in _split(_inside(text, opened.end() - 1))]
        if _JAVA_NEW.match(text):
            return [_plain(inner) for inner in _adds(text)]
        return None
    inner = _bracketed(text, "[", "]")
    if inner is None and re.match(r"new\s{1,9}Array\s{0,9}\(", text):
        inner = _inside(text, text.index("("))
    return None if inner is None else [_script_value(part) for part in _split(inner)]


def _mapping(text: str, language: str) -> dict[Any, Any] | None:
    if language == "java":
        if not _JAVA_NEW.match(text):
            return None
        pairs = [_split(inner) for inner in _adds(text)]
        return {_plain(pair[0]): _plain(pair[1]) for pair in pairs if len(pair) == 2}
    inner = _bracketed(text, "{", "}")
    if inner is None:
        return None
    pairs = [_split(part, ":") for part in _split(inner)]
    if any(len(pair) != 2 for pair in pairs):
        return None
    return {_script_value(key): _script_value(value) for key, value in pairs}


def _adds(text: str) -> list[str]:
    """What stands inside each `add(…)` or `put(…)` of a double-brace initialiser."""
    return [_inside(text, found.end() - 1) for found in _JAVA_ADDS.finditer(text)]


def _script_value(text: str) -> Any:
    if text.startswith("["):
        return _collection(text, "javascript", _array)
    if text.startswith("{"):
        return _collection(text, "javascript", _mapping)
    return _plain(text)


def _plain(text: str) -> Any:
    """A scalar without a declared type."""
    if text in ("true", "false"):
        return text == "true"
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    digits = text[:-1] if text[-1:] and text[-1] in "lLfF" else text
    if _INTEGER.fullmatch(digits):
        return int(digits) if text[-1] not in "fF" else float(digits)
    return float(digits) if _REAL.fullmatch(digits) else text


def _bracketed(text: str, opening: str, closing: str) -> str | None:
    return text[1:-1] if len(text) >= 2 and text[0] == opening and text[-1] == closing else None


def _inside(text: str, start: int) -> str:
    """What stands between the bracket at `start` and its partner (or the end)."""
    depth = 0
    for index, character in _unquoted_characters(text, start):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            return text[start + 1 : index]
    return text[start + 1 :]


def _split(text: str, separator: str = ",") -> list[str]:
    """Parts at the separator, outside brackets and quotes; none of an empty text."""
    parts, depth, last = [], 0, 0
    for index, character in _unquoted_characters(text, 0):
        depth += (character in "([{") - (character in ")]}")
        if character == separator and depth == 0:
            parts.append(text[last:index].strip())
            last = index + 1
    return [*parts, text[last:].strip()] if text.strip() else []


def _unquoted_characters(text: str, start: int) -> Iterator[tuple[int, str]]:
    quote = ""
    for index in range(start, len(text)):
        character = text[index]
        if quote:
            quote = "" if character == quote and text[index - 1] != "\\" else quote
        elif character in "\"'":
            quote = character
        else:
            yield index, character
