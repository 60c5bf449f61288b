"""Tools: names looked up in a table, arguments checked against a JSON schema and passed on as data."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from holdfast.environment import EpisodeError, ToolSpec, call_arguments
from holdfast.sample import Message

LONGEST = 100_000
"""Characters of one observation."""
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
    "null": (type(None),),
}


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `run` takes the arguments by name and returns what the model sees."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON schema of the arguments, an object's."""
    run: Callable[..., Any]

    @property
    def spec(self) -> ToolSpec:
        """As OpenAI's API takes it."""
        shown = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": shown}


def schema(**properties: Any) -> dict[str, Any]:
    """The JSON schema of named arguments, all required."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def observe(tools: Mapping[str, Tool], call: Mapping[str, Any]) -> Message:
    """The tool message that answers a call. A tool that does not exist, wrong arguments, and whatever the tool raises
    are observations; EpisodeError goes on."""
    try:
        name, arguments = call_arguments(call)
    except (ValueError, RecursionError) as error:
        return _message(call, "unknown", f"Error: {error}")
    tool = tools.get(name)
    if tool is None:
        return _message(call, name, f"Error: there is no tool {name[:80]!r}; there are {', '.join(sorted(tools))}")
    wrong = mismatch(arguments, tool.parameters)
    if wrong:
        return _message(call, name, f"Error: {wrong}")
    try:
        return _message(call, name, shown(tool.run(**arguments)))
    except EpisodeError:
        raise
    except Exception as error:  # noqa: BLE001 - a tool's exception is what the model sees
        return _message(call, name, f"Error: {error}")


def shown(value: Any) -> str:
    """A tool's result as text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def mismatch(arguments: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    """Why arguments do not fit a schema: one that is missing, unknown or of another type; empty when they fit."""
    properties = parameters.get("properties", {})
    for name in parameters.get("required", ()):
        if name not in arguments:
            return f"argument {name!r} is missing"
    for name, value in arguments.items():
        if name not in properties:
            return f"there is no argument {name[:80]!r}; there are {', '.join(properties) or 'none'}"
        kinds = properties[name].get("type")
        if kinds is not None and not _fits(value, [kinds] if isinstance(kinds, str) else kinds):
            return f"argument {name!r} must be {kinds}, not {type(value).__name__}"
    return ""


def _fits(value: Any, kinds: Sequence[str]) -> bool:
    allowed = tuple(kind for name in kinds for kind in _TYPES.get(name, (object,)))
    return isinstance(value, allowed) and (not isinstance(value, bool) or bool in allowed or object in allowed)


def _message(call: Mapping[str, Any], name: str, content: str) -> Message:
    text = content if len(content) <= LONGEST else content[:LONGEST] + " …"
    return {"role": "tool", "tool_call_id": str(call.get("id", "")), "name": name, "content": text}
