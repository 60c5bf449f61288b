"""Messages with tool calls, as a chat template reads them."""

import json
from collections.abc import Mapping
from typing import Any

from holdfast.sample import Message


def as_objects(message: Message) -> dict[str, Any]:
    """A message for a chat template: arguments as objects (templates write them as JSON themselves)."""
    if not message.get("tool_calls"):
        return dict(message)
    calls = [
        {**call, "function": {**call["function"], "arguments": arguments(call["function"])}}
        for call in message["tool_calls"]
    ]
    return {**message, "content": message.get("content") or "", "tool_calls": calls}


def arguments(function: Mapping[str, Any]) -> Any:
    """A call's arguments, read from their JSON text where they are that."""
    given = function.get("arguments")
    return json.loads(given) if isinstance(given, str) else given
