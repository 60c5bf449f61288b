"""Calls of tools as chat templates read them: their arguments a mapping.

OpenAI's API and ShareGPT write arguments as JSON text, which most templates (Qwen, Llama, Mistral) would quote once
more; transformers' documentation and vLLM hand them over as mappings.
"""

import json
from collections.abc import Mapping
from typing import Any

_MESSAGES = ("prompt", "completion", "messages", "chosen", "rejected")


def for_template(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose messages' calls have their arguments as mappings."""
    return {
        column: [_message(one) for one in value] if column in _MESSAGES and isinstance(value, list) else value
        for column, value in row.items()
    }


def _message(message: Any) -> Any:
    if not isinstance(message, Mapping) or not message.get("tool_calls"):
        return message
    return {**message, "tool_calls": [_call(call) for call in message["tool_calls"]]}


def _call(call: Any) -> Any:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("arguments"), str):
        return call
    return {**call, "function": {**function, "arguments": _parsed(function["arguments"])}}


def _parsed(text: str) -> Any:
    """The mapping that the text holds; a text that holds none stays as it is."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, dict) else text
