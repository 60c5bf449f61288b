"""How chat templates mark tool calls, one entry a family of models: a name and the text of its arguments are read.

Sources: the chat templates that the models are published with, and vLLM's parsers of their output (vllm/tool_parsers).
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Marked = list[tuple[str, Any]]
"""Names, and arguments as a mapping or as JSON text."""

PREFIXES = ("<|python_tag|>", "[TOOL_CALLS]", "<tool_calls>", "<|tool_call|>", "<|tool_calls|>", "functools")
"""Marks before JSON: Llama 3, Mistral, Jamba, Granite and Phi-4, …"""
_ENDS = (
    *("<|eom_id|>", "<|eot_id|>", "<|im_end|>", "</s>", "<|end|>", "<|endoftext|>", "<|/tool_call|>", "</tool_calls>"),
    *("<|call|>", "<|end_of_text|>", "<end_of_turn>", "<|return|>"),
)
_NAME = r"([\w.\-]{1,200})"


@dataclass(frozen=True, slots=True)
class Template:
    """One way to mark calls."""

    mark: str
    """A text that only this way has."""
    call: re.Pattern[str]
    """A call: its first group is the name, the second what holds the arguments."""
    read: Callable[[str], Any]
    """The arguments from their text."""


def _plain(text: str) -> str:
    """JSON text, less a fence around it; none is no argument."""
    inner = re.sub(r"\A```(?:json)?|```\Z", "", _without_ends(text.strip())).strip()
    return inner or "{}"


def _parameters(pattern: str) -> Callable[[str], Any]:
    """Arguments that are elements with a name each; JSON where there are none."""
    element = re.compile(pattern, re.DOTALL)

    def read(text: str) -> Any:
        found = {name.strip(): loose_value(value) for name, value in element.findall(text)}
        return found if found or not text.strip().startswith("{") else _plain(text)

    return read


def loose_value(text: str) -> Any:
    """A parameter's text: the JSON value that it is, else the text without the line ends around it."""
    plain = text.removeprefix("\n").removesuffix("\n")
    try:
        return json.loads(plain)
    except (ValueError, RecursionError):
        return {"True": True, "False": False, "None": None}.get(plain, plain)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.DOTALL)


TEMPLATES = {
    "Qwen3-Coder, Llama 3.1, Functionary": Template(
        "<function=",
        _pattern(r"<function=([^>\n]{1,200})>(.*?)(?:</function>|\Z)"),
        _parameters(r"<parameter=([^>\n]{1,200})>(.*?)</parameter>"),
    ),
    "GLM": Template(
        "<arg_key>",
        _pattern(rf"(?:<tool_call>|\A)\s*{_NAME}\s*(<arg_key>.*?)(?:</tool_call>|\Z)"),
        _parameters(r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>"),
    ),
    "MiniMax, Claude": Template(
        "<invoke name=",
        _pattern(r"<invoke name=[\"']?([\w.\-]{1,200})[\"']?>(.*?)(?:</invoke>|\Z)"),
        _parameters(r"<parameter name=[\"']?([^\"'>\n]{1,200})[\"']?>(.*?)</parameter>"),
    ),
    "DeepSeek": Template(
        "<｜tool▁call▁begin｜>",
        _pattern(
            rf"<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?\s*{_NAME}\s*(?:<｜tool▁sep｜>)?(.*?)"
            r"(?:<｜tool▁call▁end｜>|\Z)"
        ),
        _plain,
    ),
    "Kimi": Template(
        "<|tool_call_begin|>",
        _pattern(
            r"<\|tool_call_begin\|>\s*(?:functions\.)?([\w.\-]{1,200}?)(?::\d+)?\s*<\|tool_call_argument_begin\|>(.*?)"
            r"(?:<\|tool_call_end\|>|\Z)"
        ),
        _plain,
    ),
    "gpt-oss": Template(
        "to=functions.",
        _pattern(rf"to=functions\.{_NAME}.{{0,100}}?<\|message\|>(.*?)(?:<\|call\|>|<\|end\|>|\Z)"),
        _plain,
    ),
    "Mistral": Template(
        "[ARGS]",
        _pattern(rf"\[TOOL_CALLS\]\s*{_NAME}\s*(?:\[CALL_ID\]\w*)?\s*\[ARGS\](.*?)(?=\[TOOL_CALLS\]|\Z)"),
        _plain,
    ),
    "ReAct": Template(
        "Action Input:",
        _pattern(rf"(?:^|\n)Action:[ \t]*{_NAME}[ \t]*\nAction Input:(.*?)(?=\n(?:Observation|Thought|Action):|\Z)"),
        _plain,
    ),
}
"""By the models that write so; the first whose mark is there reads the text."""

MARKS = ("<tool_call", *(template.mark for template in TEMPLATES.values()), *PREFIXES)


def marked_calls(text: str) -> Marked | None:
    """The calls that a template marks; None where it has no mark of one."""
    for template in TEMPLATES.values():
        if template.mark in text:
            found = [(name.strip(), template.read(inner)) for name, inner in template.call.findall(text)]
            if found:
                return found
    return None


def without_marks(text: str) -> str:
    """The text without a template's mark before it and special tokens behind."""
    body = _without_ends(text.strip())
    for prefix in PREFIXES:
        body = body.removeprefix(prefix).strip()
    return body


def _without_ends(text: str) -> str:
    while text.endswith(_ENDS):
        text = text.removesuffix(next(end for end in _ENDS if text.endswith(end))).rstrip()
    return text
