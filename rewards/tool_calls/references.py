"""References of `tool_call` as data sets publish them, in BFCL's shape."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

_TYPES = {"int": "integer", "str": "string", "bool": "boolean", "list": "array", "dict": "dict", "float": "float"}


def read_reference(reference: Any) -> Any:
    """A reference with `possible_answers` and `tools`, whatever it was: ours as it is; a row of xLAM or APIGen (columns
    `answers` and `tools`, often JSON text); a bare list of `{"name", "arguments"}`. Others are left to be refused."""
    if isinstance(reference, str):
        reference = _loaded(reference)
    if isinstance(reference, Mapping) and "answers" in reference and "possible_answers" not in reference:
        reference = {**reference, "possible_answers": reference["answers"]}
    if not isinstance(reference, Mapping) or "possible_answers" not in reference:
        return reference
    answers, tools = _loaded(reference["possible_answers"]), _loaded(reference.get("tools"))
    tools = [_tool(tool) for tool in (tools if isinstance(tools, list) else [tools])]
    if _are_calls(answers):
        answers = [
            _answer(call, _optional(call, tools)) for call in (answers if isinstance(answers, list) else [answers])
        ]
    return {**reference, "possible_answers": answers, "tools": tools}


def _loaded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _are_calls(answers: Any) -> bool:
    items = answers if isinstance(answers, list) else [answers]
    return bool(items) and all(isinstance(item, Mapping) and "name" in item and "arguments" in item for item in items)


def _answer(call: Mapping[str, Any], optional: Mapping[str, Any]) -> dict[str, Any]:
    """One call as a possible answer: each argument has one value; a parameter with a default may be left out, or have
    it."""
    arguments = _loaded(call["arguments"])
    given = {key: [_accepted(value)] for key, value in arguments.items()} if isinstance(arguments, Mapping) else {}
    for name, default in optional.items():
        if name not in given:
            given[name] = ["", *([] if default in (None, "") else [_accepted(default)])]
        elif given[name] == [_accepted(default)]:
            given[name] = [*given[name], ""]
    return {str(call["name"]): given}


def _accepted(value: Any) -> Any:
    """An object's own values become lists of one, as BFCL writes them."""
    if isinstance(value, Mapping):
        return {key: [_accepted(item)] for key, item in value.items()}
    return [_accepted(item) for item in value] if isinstance(value, list) else value


def _optional(call: Mapping[str, Any], tools: Sequence[Any]) -> dict[str, Any]:
    """Parameters of the called tool that have a default, or that it does not require."""
    for tool in tools:
        if isinstance(tool, Mapping) and tool.get("name") == call["name"]:
            schema = tool.get("parameters") or {}
            required = schema.get("required") or []
            properties = schema.get("properties") or {}
            return {name: about.get("default") for name, about in properties.items() if name not in required}
    return {}


def _tool(tool: Any) -> Any:
    """A tool with a JSON schema. xLAM's parameters are flat: `{name: {"type": "int, optional", "default": …}}`."""
    if isinstance(tool, Mapping) and isinstance(tool.get("function"), Mapping):
        tool = tool["function"]
    if not isinstance(tool, Mapping):
        return tool
    schema = _loaded(tool.get("parameters"))
    if not isinstance(schema, Mapping) or isinstance(schema.get("properties"), Mapping):
        return {**tool, "parameters": schema} if schema is not None else tool
    flat = {name: about for name, about in schema.items() if isinstance(about, Mapping)}
    if len(flat) != len(schema):
        return tool
    properties = {name: {**about, "type": _type(str(about.get("type") or "any"))} for name, about in flat.items()}
    required = [n for n, about in flat.items() if "default" not in about and "optional" not in str(about.get("type"))]
    return {**tool, "parameters": {"type": "dict", "properties": properties, "required": required}}


def _type(name: str) -> str:
    base = name.partition(",")[0].strip()
    plain = base.partition("[")[0].lower()
    return _TYPES.get(plain, "any" if plain in ("union", "optional", "any") else base)
