"""BFCL's functions as OpenAI's API takes them, with the hints that the leaderboard gives to models with native tools.

A function's parameters have types of Python, Java or JavaScript ("dict", "ArrayList"); a schema has JSON's. Values of
Java and JavaScript are asked for as text in that language, as the rules that judge them read them. Follows utils.py and
model_handler/utils.py of bfcl-eval 2026.3.23 (`convert_to_tool`).
"""

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.environment import ToolSpec

_TYPES = {
    **dict.fromkeys(("integer", "byte", "short", "long", "Bigint"), "integer"),
    **dict.fromkeys(("number", "float", "double"), "number"),
    **dict.fromkeys(("boolean", "bool"), "boolean"),
    **dict.fromkeys(("array", "list", "tuple", "ArrayList", "Array", "Queue", "Stack"), "array"),
    **dict.fromkeys(("dict", "object", "HashMap", "Hashtable"), "object"),
}
"""A type of the data → JSON schema's; any other is text."""
_HINTS = {"Java": " Note that the provided function is in Java 8 SDK syntax.",
          "JavaScript": " Note that the provided function is in JavaScript syntax.",
          "Python": " Note that the provided function is in Python 3 syntax."}  # fmt: skip
_LISTS = {"Java": ("ArrayList", "Array"), "JavaScript": ("array",)}


def language_of(category: str) -> str:
    """The language of a category's functions."""
    return "JavaScript" if "javascript" in category else "Java" if "java" in category else "Python"


def safe_name(name: str) -> str:
    """A function's name without dots, which OpenAI's API does not take."""
    return name.replace(".", "_")


def tools_of(functions: Sequence[Mapping[str, Any]], category: str) -> list[ToolSpec]:
    """The functions of a row as tools."""
    language = language_of(category)
    made: list[ToolSpec] = []
    for given in functions:
        parameters = copy.deepcopy(given["parameters"])
        function = {"name": safe_name(given["name"]), "description": given["description"] + _HINTS[language]}
        if language != "Python":
            for value in parameters["properties"].values():
                _as_text(value, language)
        parameters["type"] = "object"
        _convert(parameters["properties"])
        made.append({"type": "function", "function": {**function, "parameters": parameters}})
    return made


def _as_text(value: dict[str, Any], language: str) -> None:
    """A parameter whose value is given as text in the language; its type is told in the description."""
    kind, added = value["type"], ""
    if kind == "any":
        added = f" This parameter can be of any type of {language} object in string representation."
    else:
        added = f" This is {language} {kind} type parameter in string representation."
    if kind in _LISTS[language]:
        items = value.pop("items")
        added += f" The list elements are of type {items['type']}; they are not in string representation."
    if language == "JavaScript" and kind == "dict" and "properties" in value:
        entries = json.dumps(value.pop("properties"))
        added += f" The dictionary entries have the following schema; they are not in string representation. {entries}"
    value["description"] += added
    value["type"] = "string"


def _convert(properties: dict[str, Any]) -> None:
    """Types of JSON schema, down to lists of objects."""
    for value in properties.values():
        kind = value.get("type")
        if kind == "float":
            value["format"] = "float"
            value["description"] += " This is a float type value."
        value["type"] = _TYPES.get(kind, "string")
        if value["type"] not in ("array", "object"):
            continue
        if "properties" in value:
            _convert(value["properties"])
        elif "items" in value:
            _convert_items(value["items"])


def _convert_items(items: dict[str, Any]) -> None:
    items["type"] = _TYPES.get(items["type"], "string")
    if items["type"] == "array" and "items" in items:
        items["items"]["type"] = _TYPES.get(items["items"]["type"], "string")
    elif items["type"] == "object" and "properties" in items:
        _convert(items["properties"])
