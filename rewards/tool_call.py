"""Tool calls judged against possible answers (BFCL)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from holdfast.registry import register
from holdfast.rewards.answers.text import with_object
from holdfast.rewards.tool_calls.calls import Call, Language, Syntax, looks_like_a_call, read_calls
from holdfast.rewards.tool_calls.check import Answer, MismatchError, check_calls
from holdfast.rewards.tool_calls.errors import NoCallsError
from holdfast.rewards.tool_calls.languages import NotACallError
from holdfast.rewards.tool_calls.references import read_reference
from holdfast.sample import Sample, Score


@register("tool_call", version="7", safe_options=("syntax", "broken_calls"))
def tool_call(sample: Sample, *, syntax: Syntax = "auto", broken_calls: Literal["wrong", "none"] = "wrong") -> Score:
    """Are the completion's tool calls among the possible answers, by BFCL's AST rules?

    The reference is `{"possible_answers": […], "tools": […], "category": …}`, or its JSON text: one `{function:
    {parameter: [accepted values]}}` for every expected call (`""` marks an optional parameter), the tools' JSON
    schemas, and BFCL's category. A category with `java` or `javascript` is read in that language; `irrelevance` is
    right when no call is made, `live_relevance` when any is. Calls may come in any order. `syntax="python"` reads
    only calls written in the language, as the leaderboard does with prompted models. The default `auto` also takes
    JSON (behind a sentence, too), the markup of chat templates (`tool_calls.markup`) and the calls of an assistant
    message. A call that cannot be read is a call all the same: wrong where none is wanted; `broken_calls="none"`
    takes it for none, as BFCL does. What reads as a call where one is wanted is one where none is, a fenced example
    too. A sentence that mentions one is not. The answers of xLAM (`[{"name", "arguments"}]`, as JSON text too) and
    tools are read as they are. Unjudgeable for a reference of another shape. Follows ShishirPatil/gorilla at
    de8307b4.
    """
    sample = replace(sample, reference=read_reference(with_object(sample).reference))
    problem = _problem(sample.reference)
    if problem:
        return Score.unjudgeable(problem)
    category = str(sample.reference.get("category", ""))
    language = _language(category)
    try:
        calls = read_calls(sample, language, syntax)
    except (NoCallsError, NotACallError) as error:
        tried = broken_calls == "wrong" and looks_like_a_call(sample, error, _tools(sample.reference))
        return _no_call(category, str(error), tried)
    if _is_relevance(category) or "irrelevance" in category:
        return Score.of(_is_call_wanted(category) == bool(calls), f"{len(calls)} calls made", _calls_text(calls))
    try:
        check_calls(calls, _answers(sample.reference), _tools(sample.reference), language)
    except LookupError as error:
        return Score.unjudgeable(str(error))
    except MismatchError as error:
        return Score.of(False, str(error), _calls_text(calls))
    return Score.of(True, "the calls match", _calls_text(calls))


def _problem(reference: Any) -> str:
    """Why a reference cannot be used; empty when it can."""
    if not isinstance(reference, Mapping):
        return f"a reference must be an object with possible_answers and tools, not {reference!r:.80}"
    category = str(reference.get("category", ""))
    if _is_relevance(category) or "irrelevance" in category:
        return ""
    answers, tools = _answers(reference), _tools(reference)
    if not answers or not all(isinstance(a, Mapping) and len(a) == 1 for a in answers):
        return "possible_answers must hold one {function: {parameter: […]}} for every call"
    if not all(isinstance(next(iter(a.values())), Mapping) for a in answers):
        return "a possible answer must map parameters to lists of accepted values"
    if not tools or not all(_is_tool(tool) for tool in tools):
        return "tools must be objects with a name and parameters that have properties"
    return ""


def _is_tool(tool: Any) -> bool:
    return (
        isinstance(tool, Mapping)
        and isinstance(tool.get("name"), str)
        and isinstance(tool.get("parameters"), Mapping)
        and isinstance(tool["parameters"].get("properties"), Mapping)
    )


def _answers(reference: Mapping[str, Any]) -> list[Answer]:
    """One mapping for every call; v1 writes several as one object, or a list around it."""
    found = reference.get("possible_answers")
    items = found if isinstance(found, list) else [found]
    return [{k: v} for item in items if isinstance(item, Mapping) for k, v in item.items()]


def _tools(reference: Mapping[str, Any]) -> Sequence[Any]:
    found = reference.get("tools")
    items = found if isinstance(found, list) else [found]
    return [tool["function"] if isinstance(tool, Mapping) and "function" in tool else tool for tool in items]


def _language(category: str) -> Language:
    if "javascript" in category:
        return "javascript"
    return "java" if "java" in category else "python"


def _is_relevance(category: str) -> bool:
    """v1 calls irrelevance `relevance`; v4's `live_relevance` wants a call."""
    return "relevance" in category


def _is_call_wanted(category: str) -> bool:
    return category.endswith("live_relevance")


def _no_call(category: str, reason: str, tried: bool) -> Score:
    if _is_relevance(category) and tried:
        return Score.of(False, f"a call that cannot be read ({reason[:100]})")
    if _is_relevance(category):
        return Score.of(not _is_call_wanted(category), f"no call made ({reason[:100]})")
    return Score.of(False, reason[:200])


def _calls_text(calls: Sequence[Call]) -> str:
    return "; ".join(f"{call.name}({', '.join(f'{k}={v!r}' for k, v in call.arguments.items())})" for call in calls)[
        :400
    ]


_TOOL = {
    "name": "triangle_area",
    "parameters": {
        "type": "dict",
        "properties": {"base": {"type": "integer"}, "height": {"type": "integer"}, "unit": {"type": "string"}},
        "required": ["base", "height"],
    },
}
_REFERENCE = {
    "possible_answers": [{"triangle_area": {"base": [10], "height": [5], "unit": ["units", ""]}}],
    "tools": [_TOOL],
    "category": "simple",
}
EXAMPLES = {
    "tool_call": [
        (Sample("[triangle_area(base=10, height=5)]", _REFERENCE), 1.0),
        (Sample("[triangle_area(base=10, height=6)]", _REFERENCE), 0.0),
    ]
}
