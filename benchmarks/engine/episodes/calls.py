"""What a model said as a message: its tool calls read from an API's reply or from text, never executed here.

Read are JSON in `<tool_call>` (Qwen, Hermes), `<function=name>{…}</function>` (Llama), `<function=name><parameter=key>`
(Qwen-Coder), `[TOOL_CALLS]` (Mistral), `<|python_tag|>`, a bare JSON call and a bare list of Python calls, the last two
only where they name a tool there is: any other text is a message.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from holdfast.environment import ToolSpec
from holdfast.rewards.tool_calls.calls import read_calls
from holdfast.rewards.tool_calls.errors import NoCallsError
from holdfast.sample import Message, Sample

LONGEST = 20_000
"""Characters of one call; a longer one does not parse."""
MOST = 64
"""Calls of one message; more do not parse."""
_OPEN, _CLOSE = "<tool_call>", "</tool_call>"
_FUNCTION = re.compile(r"<function=([\w.\-]{1,128})>")
_PARAMETER = re.compile(r"<parameter=([\w.\-]{1,128})>")
_NAME = re.compile(r"\s{0,9}([\w.\-]{1,128})\s{0,9}")


class FaultError(ValueError):
    """A call does not parse; the message says why, for the model to read."""


@dataclass(frozen=True, slots=True)
class ModelMessage:
    """A model's message, and what is wrong with its calls."""

    message: Message
    fault: str = ""
    """Why a call in it does not parse; then it has no calls."""


def model_message(
    text: str, calls: Sequence[Mapping[str, Any]], tools: Iterable[ToolSpec], number: int = 0
) -> ModelMessage:
    """The message of a completion. `calls`: those of an API's reply; `number`: how many calls came before."""
    text = text.rpartition("</think>")[2] if "</think>" in text else text
    names = frozenset(str(tool["function"]["name"]) for tool in tools)
    try:
        content, found = (text, _native(calls)) if calls else _from_text(text, names)
        if len(found) > MOST:
            raise FaultError(f"{len(found)} calls in one message; at most {MOST} are taken")
    except FaultError as error:
        return ModelMessage({"role": "assistant", "content": text}, str(error))
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if found:
        message["tool_calls"] = [_call(f"call{number + i:05d}", *one) for i, one in enumerate(found)]
    return ModelMessage(message)


def _call(name: str, function: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    encoded = json.dumps(arguments, ensure_ascii=False)
    return {"id": name, "type": "function", "function": {"name": function, "arguments": encoded}}


def _native(calls: Sequence[Mapping[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return [_pair(call) for call in calls]


def _from_text(text: str, names: frozenset[str]) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    if _OPEN in text:
        return _tagged(text)
    body = text.strip()
    if body.startswith("[TOOL_CALLS]"):
        return "", _mistral(body.removeprefix("[TOOL_CALLS]").strip())
    if body.startswith("<|python_tag|>"):
        return "", _json_pairs(body.removeprefix("<|python_tag|>"))
    if _FUNCTION.match(body):
        return "", [_function(body)]
    bare = _bare(body, names)
    return ("", bare) if bare else (text, [])


def _tagged(text: str) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    """Text before the first block, and the calls of all blocks. Linear in the text."""
    before, cursor = text.partition(_OPEN)[0], 0
    found: list[tuple[str, dict[str, Any]]] = []
    while (start := text.find(_OPEN, cursor)) >= 0:
        end = text.find(_CLOSE, start)
        if end < 0:
            raise FaultError(f"a {_OPEN} without {_CLOSE}")
        if len(found) > MOST:
            raise FaultError(f"more than {MOST} calls in one message")
        body = text[start + len(_OPEN) : end].strip()
        found += [_function(body)] if _FUNCTION.match(body) else _json_pairs(body)
        cursor = end + len(_CLOSE)
    return before.strip(), found


def _mistral(body: str) -> list[tuple[str, dict[str, Any]]]:
    if body.startswith("["):
        return _json_pairs(body)
    named = _NAME.match(body)
    if not named:
        raise FaultError("[TOOL_CALLS] without a name")
    return [(named[1], _object(body[named.end() :].removeprefix("[ARGS]")))]


def _function(body: str) -> tuple[str, dict[str, Any]]:
    opened = _FUNCTION.match(body)
    if opened is None:
        raise FaultError("a call must name its function")
    inner = body[opened.end() :].partition("</function>")[0].strip()
    if inner.startswith("<parameter="):
        return opened[1], _parameters(inner)
    return opened[1], _object(inner) if inner else {}


def _parameters(inner: str) -> dict[str, Any]:
    """`<parameter=key>value</parameter>…`: JSON where it reads as such, else text."""
    found: dict[str, Any] = {}
    for part in inner.split("</parameter>"):
        opened = _PARAMETER.match(part.strip())
        if opened:
            value = part.strip()[opened.end() :].strip("\n")
            try:
                found[opened[1]] = _loaded(value)
            except FaultError:
                found[opened[1]] = value
    return found


def _json_pairs(body: str) -> list[tuple[str, dict[str, Any]]]:
    loaded = _loaded(body)
    return [_pair(item) for item in (loaded if isinstance(loaded, list) else [loaded])]


def _pair(item: Any) -> tuple[str, dict[str, Any]]:
    """(name, arguments) of `{name, arguments}` or `{function: {…}}`; arguments may be JSON text."""
    if not isinstance(item, Mapping):
        raise FaultError(f"a call must be an object, not {type(item).__name__}")
    inner = item["function"] if isinstance(item.get("function"), Mapping) else item
    name = inner.get("name")
    if not isinstance(name, str) or not name:
        raise FaultError("a call must have a name")
    key = next((key for key in ("arguments", "parameters", "input") if key in inner), None)
    arguments = {} if key is None else inner[key]
    if isinstance(arguments, str):
        arguments = _object(arguments) if arguments.strip() else {}
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, Mapping):
        raise FaultError(f"the arguments of {name:.80} must be an object, not {type(arguments).__name__}")
    return name, dict(arguments)


def _object(text: str) -> dict[str, Any]:
    loaded = _loaded(text)
    if not isinstance(loaded, Mapping):
        raise FaultError(f"the arguments must be an object, not {type(loaded).__name__}")
    return dict(loaded)


def _loaded(text: str) -> Any:
    if len(text) > LONGEST:
        raise FaultError(f"{len(text)} characters are too many for a call")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FaultError(f"not JSON: {str(error).splitlines()[0]}") from error


def _bare(body: str, names: frozenset[str]) -> list[tuple[str, dict[str, Any]]]:
    """The calls of a text that is nothing but a call of tools there are; none of any other."""
    if body[:1] not in ("{", "[") or len(body) > LONGEST:
        return []
    try:
        found = _json_pairs(body)
    except FaultError:
        found = _python(body) if body.startswith("[") else []
    return found if found and all(name in names for name, _ in found) else []


def _python(body: str) -> list[tuple[str, dict[str, Any]]]:
    try:
        return [(call.name, dict(call.arguments)) for call in read_calls(Sample(body), "python", "python")]
    except NoCallsError:
        return []
