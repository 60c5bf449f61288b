"""Reading tool calls out of a completion: Python calls, JSON, chat templates' markup, Java and JavaScript calls.

Nothing here evaluates anything: Python calls are read from the syntax tree, JSON by the json module.
"""

import ast
import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from holdfast.rewards.answers.thinking import strip_thinking
from holdfast.rewards.tool_calls.errors import BrokenCallError, NoCallsError
from holdfast.rewards.tool_calls.languages import parse_source_call
from holdfast.rewards.tool_calls.markup import marked_calls, marks_a_call, without_marks
from holdfast.sample import Sample, Text

Language = Literal["python", "java", "javascript"]
Syntax = Literal["auto", "python", "json"]

MAX_LENGTH = 20_000
"""Characters of a completion's calls; no benchmark's answer comes near."""
_MAX_DEPTH = 50
_MAX_TREE = 200
"""Levels of a syntax tree: x+x+x+… nests without brackets, and how much Python's parser takes differs by version."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the function's name and its arguments by name."""

    name: str
    arguments: Mapping[str, Any]
    positional: int = 0
    """How many arguments were given without a name: the rules know named ones only."""


def read_calls(sample: Sample, language: Language, syntax: Syntax) -> list[Call]:
    """The calls a completion makes, in order.

    `syntax="python"` reads it whole as calls in the language (`[f(a=1), g(b=2)]`, brackets optional), as the
    leaderboard does with models that are prompted. `auto` also takes the calls of an assistant message, `<tool_call>`
    markup, JSON, and code fences. Raises NoCallsError.
    """
    if syntax != "python":
        structured = _message_calls(sample.completion)
        if structured:
            return structured
    text = sample.text
    if len(text) > MAX_LENGTH:
        raise NoCallsError(f"{len(text)} characters are too many for tool calls")
    if _depth(text) > _MAX_DEPTH:
        raise NoCallsError("nested too deeply")
    if syntax == "python":
        return _source_calls(text, language, as_given=True)
    return _any_calls(_answer(text), language, syntax)


def looks_like_a_call(sample: Sample, error: Exception, tools: Sequence[Any]) -> bool:
    """Did a completion that does not read as calls try to make one? It uses a template's markup, JSON of a call, or a
    line or a fenced block that begins as the call of a tool does. A sentence that mentions one (`f(a=1) would …`) is
    talk: where a call is wanted it would not count as one either."""
    if isinstance(error, BrokenCallError):
        return True
    if any(message.get("tool_calls") for message in sample.completion if isinstance(message, Mapping)):
        return True
    text = (strip_thinking(sample.text) or "")[:MAX_LENGTH]
    if marks_a_call(text):
        return True
    names = [re.escape(str(tool["name"])) for tool in tools if isinstance(tool, Mapping) and "name" in tool]
    one = "|".join(names)
    begins, named = rf"^[\[({{`\s]*(?:{one})[ \t]*\((?!.*\)`?[ \t]+\w)", rf'"name"\s*:\s*"(?:{one})"'
    return bool(names) and re.search(rf"{begins}|{named}", text, re.MULTILINE) is not None


def _any_calls(text: str, language: Language, syntax: Syntax) -> list[Call]:
    marked = marked_calls(text)
    if marked is not None:
        return [_json_call({"name": name, "arguments": arguments}) for name, arguments in marked]
    blocks = _MARKUP.findall(text)
    if blocks:
        return [call for block in blocks for call in _json_calls(without_marks(block))]
    fenced = _FENCE.findall(text)
    if len(fenced) < 2:
        return _block_calls(without_marks(fenced[0] if fenced else text), language, syntax)
    return _calls_of_blocks([without_marks(block) for block in fenced], language, syntax)


def _calls_of_blocks(blocks: Sequence[str], language: Language, syntax: Syntax) -> list[Call]:
    """The calls of the first fenced block that reads as such, and those of the blocks behind it that are calls without
    a doubt; a block that repeats them counts once. Raises NoCallsError, the first block's, where none reads."""
    first: NoCallsError | None = None
    for number, block in enumerate(blocks):
        try:
            calls = _block_calls(block, language, syntax)
        except BrokenCallError:
            raise
        except NoCallsError as error:
            first = first or error
            continue
        for later in blocks[number + 1 :]:
            found = _certain_calls(later, language, syntax)
            calls += [] if all(call in calls for call in found) else found
        return calls
    raise first or NoCallsError("no calls")


def _certain_calls(block: str, language: Language, syntax: Syntax) -> list[Call]:
    """The calls of a block among others, which may as well hold a result or an example's code: JSON with a call's
    keys, or calls with named arguments. Raises BrokenCallError for such JSON that does not read."""
    as_json = _JSON_BEGINS.match(block) is not None
    certain = as_json and _CALL_KEY.search(block) is not None
    try:
        calls = _block_calls(block, language, syntax)
    except NoCallsError as error:
        if certain:
            raise BrokenCallError(str(error)) from error
        return []
    named = not as_json and all(call.arguments and not call.positional for call in calls)
    return calls if certain or named else []


def _block_calls(body: str, language: Language, syntax: Syntax) -> list[Call]:
    try:
        return list(_json_calls(body))
    except NoCallsError:
        if syntax == "json":
            raise
    behind = _JSON_LINE.search(body)
    if behind and language == "python":
        with contextlib.suppress(NoCallsError):
            return list(_json_calls(body[behind.start() :]))
    return _source_calls(body, language)


_MARKUP = re.compile(r"<tool_call>(.*?)(?:</tool_call>|\Z)", re.DOTALL)
_FENCE = re.compile(r"```[\w-]*\n(.*?)```", re.DOTALL)
_JSON_LINE = re.compile(r'^[ \t]*\[?\s*\{\s*"(?:name|type|function|tool_calls)"', re.MULTILINE)
"""Where JSON of a call begins, behind a sentence."""
_JSON_BEGINS = re.compile(r"\s*\[?\s*\{")
_CALL_KEY = re.compile(r'"(?:arguments|parameters|function|tool_calls)"\s*:')


def _answer(text: str) -> str:
    """What stands after the thought. Raises NoCallsError while it is still open."""
    answer = strip_thinking(text)
    if answer is None:
        raise NoCallsError("the thought never ends")
    return answer


def _message_calls(completion: Text) -> list[Call]:
    """The calls of the last assistant message that carries any (OpenAI's `tool_calls`)."""
    if isinstance(completion, str):
        return []
    for message in reversed(completion):
        calls = message.get("tool_calls")
        if calls:
            return [_json_call(call) for call in calls]
    return []


def _json_calls(text: str) -> Iterator[Call]:
    """The calls of a JSON object, of an array of them, or of several objects one after another."""
    rest = text.strip()
    while rest:
        try:
            loaded, end = json.JSONDecoder().raw_decode(rest)
        except (ValueError, RecursionError) as error:
            raise NoCallsError(f"not JSON: {error}") from error
        loaded = loaded["tool_calls"] if isinstance(loaded, Mapping) and "tool_calls" in loaded else loaded
        for item in loaded if isinstance(loaded, list) else [loaded]:
            yield _json_call(item)
        rest = rest[end:].lstrip(" \t\r\n,;")
    if not text.strip():
        raise NoCallsError("no JSON")


def _json_call(item: Any) -> Call:
    """`{name, arguments|parameters}`, `{function: {…}}` or `{name: arguments}`; arguments may be JSON text."""
    if not isinstance(item, Mapping):
        raise NoCallsError(f"a call must be an object, not {type(item).__name__}")
    item = item["function"] if isinstance(item.get("function"), Mapping) else item
    name = item.get("name")
    if isinstance(name, str):
        arguments: Any = _arguments(item)
    elif len(item) == 1 and isinstance(next(iter(item.values())), Mapping):
        name, arguments = next(iter(item.items()))
    else:
        raise NoCallsError("a call must name its function")
    if isinstance(arguments, str):
        arguments = _loaded_arguments(arguments)
    if not isinstance(arguments, Mapping):
        raise NoCallsError(f"the arguments of {name} must be an object, not {type(arguments).__name__}")
    return Call(str(name), dict(arguments))


def _arguments(item: Mapping[str, Any]) -> Any:
    """What a call gives its function: no key, null and an empty text are no arguments. Raises BrokenCallError."""
    given = [item[key] for key in ("arguments", "parameters", "input") if item.get(key) is not None]
    if any(other != given[0] for other in given[1:]):
        raise BrokenCallError("arguments are given twice, and differ")
    if given and not isinstance(given[0], str | Mapping):
        raise BrokenCallError(f"arguments must be an object, not {type(given[0]).__name__}")
    return given[0] if given and given[0] != "" else {}


def _loaded_arguments(text: str) -> Any:
    if len(text) > MAX_LENGTH:
        raise NoCallsError("too many characters in the arguments")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoCallsError(f"the arguments are not JSON: {error}") from error


def _source_calls(text: str, language: Language, as_given: bool = False) -> list[Call]:
    """Calls written in the language, with or without brackets around them. A line end in front breaks a Java or
    JavaScript call on the leaderboard (`as_given`), and only there."""
    bracketed = text if text.lstrip().startswith("[") else f"[{text}]"
    if language != "python":
        name, arguments = parse_source_call(bracketed[1:-1] if as_given else bracketed.strip()[1:-1].strip(), language)
        return [Call(name, arguments)]
    try:
        body = ast.parse(bracketed, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        calls = None if as_given else _statements(text)
        if calls is None:
            raise NoCallsError(f"not calls: {error}") from error
        body = calls
    if _tree_depth(body) > _MAX_TREE:
        raise NoCallsError("nested too deeply")
    if not isinstance(body, ast.List | ast.Tuple):
        raise NoCallsError("not a list of calls")
    return [_python_call(element) for element in body.elts]


def _statements(text: str) -> ast.expr | None:
    """Calls one after another, a line or a semicolon between; None for anything else."""
    try:
        found = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    calls: list[ast.expr] = [
        node.value for node in found if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ]
    return ast.List(calls) if calls and len(calls) == len(found) else None


def _python_call(node: ast.expr) -> Call:
    if not isinstance(node, ast.Call):
        raise NoCallsError(f"{type(node).__name__.lower()} is no call")
    if node.args and not node.keywords:
        raise BrokenCallError("arguments must be named")
    named = {word.arg: _value(word.value) for word in node.keywords if word.arg is not None}
    return Call(_dotted(node.func), named, len(node.args))


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        raise NoCallsError("a function's name must be a dotted name")
    return ".".join([node.id, *reversed(parts)])


_OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Mod: "%",
}


def _value(node: ast.expr) -> Any:
    """A literal as its value; a name or an arithmetic expression as its text, as the leaderboard reads them."""
    if isinstance(node, ast.Constant):
        return "..." if node.value is Ellipsis else node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        return _negated(node)
    if isinstance(node, ast.List):
        return [_value(element) for element in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(element) for element in node.elts)
    if isinstance(node, ast.Dict):
        return _dictionary(node)
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return f"{_value(node.left)} {_OPERATORS[type(node.op)]} {_value(node.right)}"
    if isinstance(node, ast.Call):
        inner = _python_call(node)
        return {inner.name: dict(inner.arguments)}
    if isinstance(node, ast.Subscript):
        return ast.unparse(node)
    raise NoCallsError(f"an argument cannot be a {type(node).__name__.lower()}")


def _negated(node: ast.UnaryOp) -> Any:
    value = node.operand.value if isinstance(node.operand, ast.Constant) else None
    if not isinstance(node.op, ast.USub) or not isinstance(value, int | float | complex):
        raise NoCallsError("only a number can be negative")
    return -value


def _dictionary(node: ast.Dict) -> dict[Any, Any]:
    found = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            raise NoCallsError("a dictionary cannot be unpacked here")
        name = _value(key)
        if isinstance(name, list | dict):
            raise NoCallsError("a dictionary's key must be a plain value")
        found[name] = _value(value)
    return found


def _tree_depth(tree: ast.expr) -> int:
    """Levels of a syntax tree, at most one more than are allowed."""
    depth = 0
    level: list[ast.AST] = [tree]
    while level and depth <= _MAX_TREE:
        depth, level = depth + 1, [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


def _depth(text: Sequence[str]) -> int:
    """Deepest nesting of brackets, quotes not regarded."""
    deepest = depth = 0
    for character in text:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest
