"""How chat templates mark tool calls, one entry a family of models: a name and the text of its arguments are read.

Sources: the chat templates that the models are published with, and vLLM's parsers of their output (vllm/tool_parsers).
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from holdfast.rewards.tool_calls.errors import BrokenCallError

Marked = list[tuple[str, Any]]
"""Names, and arguments as a mapping or as JSON text."""

_PREFIX = r"<\|python_tag\|>|\[TOOL_CALLS\]|<tool_calls>|<\|tool_calls?\|>|\bfunctools(?=\s*[\[{])"
"""Marks before JSON: Llama 3, Mistral, Jamba, Granite, Phi-4, Firefunction. A word is one only right before JSON."""
_ENDS = (
    *("<|eom_id|>", "<|eot_id|>", "<|im_end|>", "</s>", "<|end|>", "<|endoftext|>", "<|/tool_call|>", "</tool_calls>"),
    *("<|call|>", "<|end_of_text|>", "<end_of_turn>", "<|return|>"),
)
_NAME = r"([\w.\-]{1,200})"


@dataclass(frozen=True, slots=True)
class Template:
    """One way to mark calls."""

    opening: re.Pattern[str]
    """How each call begins, and nothing else."""
    call: re.Pattern[str]
    """A call: its last group holds the arguments, the one before that is there the name."""
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
        elements = element.findall(text)
        found = {name.strip(): loose_value(value) for name, value in elements}
        rest = element.sub("", text).strip()
        if not elements and rest.startswith("{"):
            return _plain(text)
        if rest or len(found) < len(elements):
            raise BrokenCallError(f"an argument that cannot be read, or is there twice: {rest or text!r:.80}")
        return found

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
        _pattern("<function="),
        _pattern(r"<function=([^>\n]{1,200})>(.*?)(?:</function>|\Z)"),
        _parameters(r"<parameter=([^>\n]{1,200})>(.*?)</parameter>"),
    ),
    "GLM": Template(
        _pattern(rf"<tool_call>(?=\s*{_NAME}\s*(?:<|\Z))|\A\s*{_NAME}\s*(?=<arg_key>)"),
        _pattern(rf"(?:<tool_call>\s*{_NAME}|\A\s*{_NAME}(?=\s*<arg_key>))\s*(.*?)(?:</tool_call>|\Z)"),
        _parameters(r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>"),
    ),
    "MiniMax, Claude": Template(
        _pattern(r"<invoke\b"),
        _pattern(r"<invoke name=[\"']?([\w.\-]{1,200})[\"']?>(.*?)(?:</invoke>|\Z)"),
        _parameters(r"<parameter name=[\"']?([^\"'>\n]{1,200})[\"']?>(.*?)</parameter>"),
    ),
    "DeepSeek": Template(
        _pattern("<｜tool▁call▁begin｜>"),
        _pattern(
            rf"<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?\s*{_NAME}\s*(?:<｜tool▁sep｜>)?(.*?)"
            r"(?:<｜tool▁call▁end｜>|\Z)"
        ),
        _plain,
    ),
    "Kimi": Template(
        _pattern(r"<\|tool_call_begin\|>"),
        _pattern(
            r"<\|tool_call_begin\|>\s*(?:functions\.)?([\w.\-]{1,200}?)(?::\d+)?\s*<\|tool_call_argument_begin\|>(.*?)"
            r"(?:<\|tool_call_end\|>|\Z)"
        ),
        _plain,
    ),
    "gpt-oss": Template(
        _pattern(r"to=functions\."),
        _pattern(rf"to=functions\.{_NAME}.{{0,100}}?<\|message\|>(.*?)(?:<\|call\|>|<\|end\|>|\Z)"),
        _plain,
    ),
    "Mistral": Template(
        _pattern(r"\[TOOL_CALLS\](?=[^\[{(]{0,200}\[(?:ARGS|CALL_ID)\])|[\w\]]\[ARGS\](?=\s*[\[{])"),
        _pattern(rf"(?:\[TOOL_CALLS\]|\A)\s*{_NAME}\s*(?:\[CALL_ID\]\w*)?\s*\[ARGS\](.*?)(?=\[TOOL_CALLS\]|\Z)"),
        _plain,
    ),
    "ReAct": Template(
        re.compile(r"^Action:[^\n]*\nAction Input:", re.MULTILINE),
        _pattern(rf"(?:^|\n)Action:[ \t]*{_NAME}[ \t]*\nAction Input:(.*?)(?=\n(?:Observation|Thought|Action):|\Z)"),
        _plain,
    ),
}
"""By the models that write so; the first that opens a call in a text reads it."""

_OPENINGS = "|".join(f"(?m:{template.opening.pattern})" for template in TEMPLATES.values())
_ONE_MORE = re.compile(rf"{_OPENINGS}|\[TOOL_CALLS\]|<tool_call>(?=\s*[^\s<])|<arg_key>|<parameter\b")
_ANY = re.compile(rf"{_OPENINGS}|{_PREFIX}|<tool_call|<arg_key>")


def marks_a_call(text: str) -> bool:
    """Does a text hold the mark of a call in any template, read or not?"""
    return _ANY.search(text) is not None


def marked_calls(text: str) -> Marked | None:
    """The calls that a template marks; None where none of that kind can be read.

    Raises BrokenCallError where another one beside them cannot be: the others are no answer without it.
    """
    for template in TEMPLATES.values():
        found = list(template.call.finditer(text)) if template.opening.search(text) else []
        if found and _ONE_MORE.search(template.call.sub("\n", text)):
            raise BrokenCallError(f"beside {len(found)} calls stands one that cannot be read")
        if found:
            return [_read(template, call) for call in found]
    return None


def _read(template: Template, call: re.Match[str]) -> tuple[str, Any]:
    *names, inner = call.groups()
    return next(name for name in names if name).strip(), template.read(inner)


def without_marks(text: str) -> str:
    """The text without a template's mark before it and special tokens behind."""
    body = _without_ends(text.strip())
    while prefix := re.match(_PREFIX, body):
        body = body[prefix.end() :].strip()
    return body


def _without_ends(text: str) -> str:
    while text.endswith(_ENDS):
        text = text.removesuffix(next(end for end in _ENDS if text.endswith(end))).rstrip()
    return text
