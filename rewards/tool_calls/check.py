"""BFCL's AST rules: do the calls match the possible answers?

Follows eval_checker/checker.py of ShishirPatil/gorilla at commit de8307b4 (the state of 2024-08-11). A possible answer
is {function: {parameter: [accepted values]}}; "" among the accepted values marks a parameter that may be left out.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.rewards.tool_calls.calls import Call, Language
from holdfast.rewards.tool_calls.languages import convert

Answer = Mapping[str, Mapping[str, Sequence[Any]]]
Tool = Mapping[str, Any]

_TYPES: Mapping[str, type] = {
    "string": str,
    "String": str,
    "any": str,
    "char": str,
    "integer": int,
    "byte": int,
    "short": int,
    "long": int,
    "Bigint": int,
    "float": float,
    "double": float,
    "number": float,
    "boolean": bool,
    "Boolean": bool,
    "array": list,
    "tuple": list,
    "Array": list,
    "ArrayList": list,
    "Set": list,
    "Queue": list,
    "Stack": list,
    "dict": dict,
    "object": dict,
    "HashMap": dict,
    "Hashtable": dict,
}
_ARRAYS = frozenset({"array", "tuple", "Array", "ArrayList"})


class MismatchError(ValueError):
    """Why calls are wrong."""


def check_calls(calls: Sequence[Call], answers: Sequence[Answer], tools: Sequence[Tool], language: Language) -> None:
    """Raise MismatchError unless the calls are, in any order, exactly the answers' calls."""
    if len(calls) != len(answers):
        raise MismatchError(f"{len(calls)} calls, expected {len(answers)}")
    if len(calls) == 1:
        _check_call(calls[0], answers[0], _tool_of(answers[0], tools), language)
        return
    _match_all(calls, answers, tools, language)


def _match_all(calls: Sequence[Call], answers: Sequence[Answer], tools: Sequence[Tool], language: Language) -> None:
    """A perfect matching of calls to answers, by augmenting paths: a call that fits two answers may take either."""
    fits: list[dict[int, str]] = []
    for answer in answers:
        tool = _tool_of(answer, tools)
        fits.append({i: _why_not(call, answer, tool, language) for i, call in enumerate(calls)})
    taken: dict[int, int] = {}
    for index in range(len(answers)):
        if not _augment(index, fits, taken, set()):
            reasons = "; ".join(dict.fromkeys(reason for reason in fits[index].values() if reason))
            raise MismatchError(f"no call matches {next(iter(answers[index]))}: {reasons or 'taken by another'}")


def _augment(answer: int, fits: Sequence[Mapping[int, str]], taken: dict[int, int], seen: set[int]) -> bool:
    for call, why_not in fits[answer].items():
        if why_not or call in seen:
            continue
        seen.add(call)
        if call not in taken or _augment(taken[call], fits, taken, seen):
            taken[call] = answer
            return True
    return False


def _why_not(call: Call, answer: Answer, tool: Tool, language: Language) -> str:
    try:
        _check_call(call, answer, tool, language)
    except MismatchError as error:
        return str(error)
    return ""


def _tool_of(answer: Answer, tools: Sequence[Tool]) -> Tool:
    """The tool an answer calls; the answer's name may carry a number behind it (`play_2` of v1's parallel rows).

    Raises LookupError: then the reference is bad.
    """
    expected = next(iter(answer))
    named = {str(tool["name"]): tool for tool in tools}
    if expected in named:
        return named[expected]
    stem = re.sub(r"_\d{1,4}$", "", expected)
    if stem in named:
        return named[stem]
    if len(tools) == 1:
        return tools[0]
    raise LookupError(f"no tool is called {expected!r}")


def _check_call(call: Call, answer: Answer, tool: Tool, language: Language) -> None:
    accepted = next(iter(answer.values()))
    schema = tool["parameters"]
    if call.name != tool["name"]:
        raise MismatchError(f"function {call.name!r}, expected {tool['name']!r}")
    if call.positional:
        raise MismatchError(f"{call.positional} arguments without a name")
    for name in schema.get("required", ()):
        if name not in call.arguments:
            raise MismatchError(f"required argument {name!r} is missing")
    for name, value in call.arguments.items():
        if name not in schema["properties"] or name not in accepted:
            raise MismatchError(f"unexpected argument {name!r}")
        _check_argument(name, value, schema["properties"][name], accepted[name], language)
    for name, values in accepted.items():
        if name not in call.arguments and "" not in values:
            raise MismatchError(f"argument {name!r} is missing and not optional")


def _check_argument(
    name: str, value: Any, schema: Mapping[str, Any], accepted: Sequence[Any], language: Language
) -> None:
    kind = str(schema["type"])
    expected = _TYPES.get(kind, str)
    inner = _element_type(schema) if kind in _ARRAYS else None
    value = _converted(value, kind, language, schema)
    is_variable = _check_type(name, value, expected, inner, accepted)
    if is_variable:
        _one_of(name, value, accepted)
    elif expected is dict:
        _check_dict(name, value, accepted)
    elif expected is list and inner is dict:
        _check_dicts(name, value, accepted)
    elif expected is str:
        _one_of(name, _folded(value), [_folded(text) for text in accepted if isinstance(text, str)], value)
    elif expected is list:
        # The leaderboard folds an optional parameter's "" letter by letter, to an empty list.
        lists = [_folded_list(texts) for texts in accepted if isinstance(texts, list) or texts == ""]
        _one_of(name, _folded_list(value), lists, value)
    else:
        _one_of(name, value, accepted)


def _element_type(schema: Mapping[str, Any]) -> type | None:
    """The type every element must have; None where any will do."""
    named = str(schema.get("items", {}).get("type", "any"))
    return None if named == "any" else _TYPES.get(named)


def _converted(value: Any, kind: str, language: Language, schema: Mapping[str, Any]) -> Any:
    if language != "python":
        return _elements(convert(value, kind, language), kind, schema)
    if isinstance(value, tuple):
        value = list(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if kind in ("float", "number") and whole and abs(value) < 2**1023 else value


def _elements(value: Any, kind: str, schema: Mapping[str, Any]) -> Any:
    """A Java or JavaScript array's elements, each of the declared element type."""
    if kind not in _ARRAYS or not isinstance(value, list) or "items" not in schema:
        return value
    inner = str(schema["items"]["type"])
    return [_element(item, inner) for item in value]


def _element(item: Any, kind: str) -> Any:
    whole = isinstance(item, int) and not isinstance(item, bool)
    if kind in ("float", "double") and whole:
        return float(item)
    return str(item) if kind in ("String", "string") and not isinstance(item, list | dict) else item


def _check_type(name: str, value: Any, expected: type[Any], inner: type | None, accepted: Sequence[Any]) -> bool:
    """Whether the value is a variable's name rather than a value. Raises MismatchError for a wrong type.

    Where the accepted values are of another type than the schema says, they name a variable.
    """
    meant = next((type(item) for item in accepted if item != ""), None)
    if type(value) is expected:
        if inner is None or any(_fits(value, item, inner) for item in accepted):
            return meant is not None and meant is not expected
        raise MismatchError(f"argument {name!r} is {value!r:.80}; its elements must be {inner.__name__}")
    if meant is not None and type(value) is meant:
        return True
    raise MismatchError(f"argument {name!r} is {value!r:.80}, a {type(value).__name__}; expected {expected.__name__}")


def _fits(values: Sequence[Any], accepted: Any, inner: type) -> bool:
    """Whether every element is of the element type, or of the type of the accepted elements (variables)."""
    if not isinstance(accepted, list):
        return True
    meant = next((type(item) for item in accepted if item != ""), None)
    return all(type(value) is inner or (meant is not None and type(value) is meant) for value in values)


def _check_dict(name: str, value: Mapping[str, Any], accepted: Sequence[Any]) -> None:
    reason = "no dictionary is accepted"
    for answer in accepted:
        if answer == "":
            continue
        reason = _dict_mismatch(value, answer)
        if not reason:
            return
    raise MismatchError(f"argument {name!r}: {reason}")


def _dict_mismatch(value: Mapping[str, Any], answer: Any) -> str:
    """Why the dictionary is not the answer's; empty when it is. Every key is required, its value one of a list."""
    if not isinstance(value, Mapping) or not isinstance(answer, Mapping):
        return f"{value!r:.80} is no dictionary"
    for key, found in value.items():
        if key not in answer:
            return f"unexpected key {key!r}"
        accepted = answer[key]
        if isinstance(accepted, Mapping):
            reason = _dict_mismatch(found, accepted)
            if reason:
                return f"{key}: {reason}"
        elif not _contains([_folded(item) for item in _accepted(accepted)], _folded(found)):
            return f"{key} is {found!r:.80}, expected one of {accepted!r:.120}"
    missing = [key for key, accepted in answer.items() if key not in value and not _optional(accepted)]
    return f"key {missing[0]!r} is missing" if missing else ""


def _accepted(value: Any) -> Sequence[Any]:
    """The accepted values of a key; one alone may stand without a list (a text is its letters, as it is there)."""
    return value if isinstance(value, list | tuple | str) else [value]


def _optional(value: Any) -> bool:
    return isinstance(value, list | tuple) and "" in value


def _check_dicts(name: str, value: Sequence[Any], accepted: Sequence[Any]) -> None:
    for answer in accepted:
        if isinstance(answer, list) and len(answer) == len(value):
            pairs = zip(value, answer, strict=True)
            if not any(_dict_mismatch(found, expected) for found, expected in pairs):
                return
    raise MismatchError(f"argument {name!r} is {value!r:.120}, expected one of {list(accepted)!r:.120}")


def _one_of(name: str, value: Any, accepted: Sequence[Any], shown: Any = None) -> None:
    if not _contains(accepted, value):
        displayed = value if shown is None else shown
        raise MismatchError(f"argument {name!r} is {displayed!r:.80}, expected one of {list(accepted)!r:.120}")


def _contains(accepted: Sequence[Any], value: Any) -> bool:
    """Membership by value; True is 1 here as it is there."""
    return any(item == value for item in accepted)


_IGNORED = str.maketrans("", "", " ,./-_*^")


def _folded(value: Any) -> Any:
    """A text without case, spaces and `,./-_*^`, with one kind of quote; other values as they are."""
    return value.translate(_IGNORED).lower().replace("'", '"') if isinstance(value, str) else value


def _folded_list(values: Sequence[Any]) -> list[Any]:
    return [_folded(value) for value in values]
