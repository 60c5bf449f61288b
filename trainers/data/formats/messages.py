"""Messages of a conversation, in the spellings that data sets have: OpenAI's, ShareGPT's, JSON text of either."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.errors import DataError

Row = Mapping[str, Any]
Turns = list[dict[str, Any]]

_SHARE_GPT = {
    **{name: name for name in ("user", "assistant", "system", "tool")},
    "human": "user",
    "gpt": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "observation": "tool",
    "function_response": "tool",
    "function": "tool",
}
_SYSTEM_COLUMNS = ("system", "system_prompt")
_TEXT_PARTS = ("text", "input_text", "output_text")
_ALWAYS, _MAYBE = ("messages", "conversations"), ("prompt", "completion", "chosen", "rejected")
"""Columns that hold messages, and columns that may."""
_PRINTED = re.compile(r"""\s*\[\s*\{\s*(['"])(role|content|from|value)\1\s*:""")


def chat(messages: Any) -> Turns:
    """Messages with `role` and `content`; ShareGPT's `from`/`value` are read too. Raises DataError."""
    if not isinstance(messages, Sequence) or isinstance(messages, str) or not messages:
        raise DataError(f"expected a text or a list of messages, found {messages!r:.80}")
    return [_message(message) for message in messages]


def with_lists(row: dict[str, Any]) -> dict[str, Any]:
    """The row, in which messages that a table or a column of text holds as JSON are messages again.

    Raises DataError for messages printed as Python prints them, which no reader gets back reliably.
    """
    made: dict[str, Any] = {}
    for name in (*_ALWAYS, *_MAYBE):
        text = row.get(name)
        if isinstance(text, str) and (name in _ALWAYS or _PRINTED.match(text)):
            made[name] = _parsed(name, text)
    return {**row, **made} if made else row


def to_last_answer(turns: Turns) -> Turns:
    """The turns up to the last one of the assistant's: what follows is nobody's answer. Raises DataError for none."""
    answers = [number for number, turn in enumerate(turns, 1) if turn["role"] == "assistant"]
    if not answers:
        raise DataError(f"no message is the assistant's (roles: {', '.join(turn['role'] for turn in turns)})")
    return turns[: answers[-1]]


def system_of(row: Row) -> str:
    """The system message that a column of the row holds; empty where there is none."""
    texts = (row.get(name) for name in _SYSTEM_COLUMNS)
    return next((text for text in texts if isinstance(text, str) and text.strip()), "")


def opened(turns: Turns, row: Row) -> Turns:
    """The turns behind the row's system message, unless they have one."""
    text = system_of(row)
    if not text or (turns and turns[0]["role"] in ("system", "developer")):
        return turns
    return [{"role": "system", "content": text}, *turns]


def prompt_length(turns: Sequence[Mapping[str, Any]]) -> int:
    """How many turns end with the last that is neither the assistant's nor a tool's."""
    others = [number for number, turn in enumerate(turns, 1) if turn["role"] not in ("assistant", "tool")]
    return others[-1] if others else 0


def _parsed(name: str, text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError as error:
        if name in _MAYBE and "'role':" not in text and "'from':" not in text:
            return text
        raise DataError(
            f"column {name!r} must hold messages, or their JSON, and holds the text {text!r:.80}"
        ) from error
    spoken = isinstance(found, list) and all(
        isinstance(one, dict) and ("role" in one or {"from", "value"} <= one.keys()) for one in found
    )
    return found if spoken or name in _ALWAYS else text


def _message(message: Any) -> dict[str, Any]:
    role = isinstance(message, dict) and isinstance(message.get("role"), str)
    if role and "content" in message:
        return {key: value for key, value in message.items() if value is not None} | {"content": _content(message)}
    if role and message.get("tool_calls"):
        return {**{key: value for key, value in message.items() if value is not None}, "content": ""}
    if isinstance(message, dict) and str(message.get("from")) in _SHARE_GPT and "value" in message:
        if message["from"] == "function_call":
            return _call(message["value"])
        return {"role": _SHARE_GPT[message["from"]], "content": _content({"content": message["value"]})}
    raise DataError(f"a message needs role and content, found {message!r:.80}")


def _call(value: Any) -> dict[str, Any]:
    """ShareGPT's function_call, a JSON text (or mapping) of name and arguments, as an assistant's tool calls."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError as error:
        raise DataError(f"a function_call must be JSON with name and arguments, found {value!r:.80}") from error
    calls = found if isinstance(found, list) else [found]
    if not all(isinstance(call, dict) and "name" in call for call in calls):
        raise DataError(f"a function_call must be JSON with name and arguments, found {value!r:.80}")
    made = [
        {"type": "function", "function": {"name": c["name"], "arguments": _text(c.get("arguments"))}} for c in calls
    ]
    return {"role": "assistant", "content": "", "tool_calls": made}


def _text(arguments: Any) -> str:
    """A call's arguments as JSON text: in a column of mappings every row would get the keys of all."""
    return arguments if isinstance(arguments, str) else json.dumps(arguments or {}, ensure_ascii=False)


def _content(message: dict[str, Any]) -> Any:
    """A message's text, or its parts; a message of tool calls alone has neither."""
    content = message["content"]
    parts = isinstance(content, list) and all(
        isinstance(part, dict) and isinstance(part.get("text") or "", str) for part in content
    )
    if content is not None and not parts and not isinstance(content, str):
        raise DataError(f"a message's content must be text or a list of parts, found {content!r:.80}")
    for part in content if parts else ():
        if part.get("type", "text") not in _TEXT_PARTS:
            raise DataError(f"a message holds {part['type']!r}, and only text is trained on: {content!r:.80}")
    return "" if content is None else content
