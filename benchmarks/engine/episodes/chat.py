"""How a conversation with tools is put to a model: its template's own tools, an API's `tools`, or a system message."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from holdfast.benchmarks.shared.tool_messages import arguments, as_objects
from holdfast.environment import EpisodeError, ToolSpec
from holdfast.errors import DataError, UsageError
from holdfast.sample import Message, message_text

Mode = Literal["auto", "native", "prompt"]

_HOW = (
    'You can call these tools. To call one, write <tool_call>{"name": NAME, "arguments": {…}}</tool_call>, once '
    "for each call; the results come in the next message.\n"
)
_PROBE: ToolSpec = {
    "type": "function",
    "function": {
        "name": "probe_name",
        "description": "A probe.",
        "parameters": {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]},
    },
}


class Template(Protocol):
    """What a way of conversing needs of an engine; a trainer's tokenizer is one, too."""

    chat: bool
    max_length: int | None

    def count(self, prompt: str) -> int:
        """Tokens of a prompt; 0 where that is not known."""

    def render(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> str:
        """The prompt, up to the opening of the assistant's turn."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked."""

    text: str
    """The prompt as the engine takes it."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Generation arguments that go with it."""
    fallback: str = ""
    """Why the tools are described as text here, by a chat whose mode is native; empty where they are not."""


@dataclass(frozen=True)
class Chat:
    """A model's way of conversing with tools."""

    engine: Template
    native: bool
    api: bool
    reason: str = ""
    """Why tools are described in the system message where the template's own way was wanted."""
    fold: bool = False
    """The template drops a system message: what it says stands before the first user's message."""
    strict: bool = False
    """The template's own way was asked for by name: nothing stands in for it."""

    @property
    def mode(self) -> str:
        """For the conditions of a measurement."""
        return "native" if self.native else "prompt"

    def prompt(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Prompt:
        """What is asked now.

        A template that cannot render these tools or this order of speakers is given them as text, then without a
        system message; the prompt says why. Raises EpisodeError where the template renders none of it, or refuses
        what it was to render its own way by name.
        """
        if self.api and self.native:
            shown = {"tools": [dict(tool) for tool in tools]} if tools else {}
            return Prompt(self.engine.render([dict(message) for message in messages]), shown)
        first = ""
        for form, with_tools in self._forms(messages, tools):
            text, fault = _rendered(self.engine, form, with_tools)
            if not fault:
                return Prompt(text, fallback=first if self.native else "")
            first = first or fault
        way = " its own way; tools=prompt describes the tools as text" if self.native and self.strict else ""
        raise EpisodeError(f"the chat template renders none of this conversation{way}: {first}")

    def _forms(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> Iterator[tuple[Sequence[Message], Sequence[ToolSpec]]]:
        """(messages, tools) as the template may take them, the best first."""
        if self.native:
            own = [as_objects(message) for message in messages]
            yield without_system(own) if self.fold else own, tools
        if self.native and self.strict:
            return
        text = described(messages, tools)
        if not self.fold:
            yield text, ()
        yield without_system(text), ()


def chat_of(engine: Template, mode: Mode) -> Chat:
    """How this model is to be asked. Raises DataError for a model without chat template, UsageError where `native`
    is wanted of a template without tools."""
    if mode not in ("auto", "native", "prompt"):
        raise UsageError(f"tools cannot be {mode!r} (expected auto, native or prompt)")
    if not engine.chat:
        raise DataError("episodes are conversations: they need a model with a chat template")
    api = bool(getattr(engine, "api", False))
    fold = not api and _drops_system(engine)
    if mode == "prompt":
        return Chat(engine, False, api, fold=fold)
    reason = "" if api else _lacks(engine)
    if reason and mode == "native":
        raise UsageError(f"the model's chat template {reason}; use tools=prompt")
    return Chat(engine, not reason, api, reason, fold, strict=mode == "native")


def _drops_system(engine: Template) -> bool:
    """Whether a template passes over a system message, or refuses one."""
    messages: list[Message] = [{"role": "system", "content": "probe_system"}, {"role": "user", "content": "hello"}]
    return "probe_system" not in _rendered(engine, messages)[0]


def without_system(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages with the system's text before the first user's."""
    system = "\n\n".join(message_text(one) for one in messages if one["role"] == "system")
    rest = [dict(one) for one in messages if one["role"] != "system"]
    if not system:
        return rest
    if rest and rest[0]["role"] == "user":
        said = rest[0].get("content") or ""
        parts = [{"type": "text", "text": f"{system}\n\n"}, *said] if isinstance(said, list) else None
        rest[0]["content"] = parts or f"{system}\n\n{said}"
        return rest
    return [{"role": "user", "content": system}, *rest]


def _lacks(engine: Template) -> str:
    """What a template does not render; empty when it renders tools, calls and results."""
    call = {
        "id": "call00000",
        "type": "function",
        "function": {"name": "probe_call", "arguments": {"x": "probe_value"}},
    }
    messages: list[Message] = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call00000", "name": "probe_call", "content": "probe_result"},
    ]
    shown, fault = _rendered(engine, messages, [_PROBE])
    if fault:
        return f"cannot render tools ({fault})"
    expected = {
        "probe_name": "tools",
        "probe_call": "calls",
        "probe_value": "a call's arguments",
        "probe_result": "results",
    }
    missing = [what for word, what in expected.items() if word not in shown]
    return f"does not render {missing[0]}" if missing else ""


def _rendered(engine: Template, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> tuple[str, str]:
    """(text, ""), or ("", what the template raised)."""
    try:
        return engine.render(messages, tools), ""
    except Exception as error:  # noqa: BLE001 - a template may raise anything
        return "", f"{type(error).__name__}: {str(error)[:100]}"


def described(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    """Messages for a template without tools: schemas in the system message, calls and results as text, messages of
    one speaker joined (many templates want the roles to alternate)."""
    shown: list[dict[str, Any]] = []
    if tools:
        listed = "\n".join(json.dumps(tool["function"], ensure_ascii=False) for tool in tools)
        shown.append({"role": "system", "content": _HOW + listed})
    for message in messages:
        plain = _as_text_message(message)
        if shown and shown[-1]["role"] == plain["role"]:
            parts = (plain["content"], shown[-1]["content"]) if plain["role"] == "system" else (
                shown[-1]["content"], plain["content"])  # fmt: skip
            shown[-1]["content"] = "\n\n".join(parts)
        else:
            shown.append(plain)
    return shown


def _as_text_message(message: Message) -> dict[str, Any]:
    content = str(message.get("content") or "")
    if message["role"] == "tool":
        return {"role": "user", "content": f"<tool_response>\n{content}\n</tool_response>"}
    calls = [_tool_description(call["function"]) for call in message.get("tool_calls") or ()]
    return {
        "role": message["role"],
        "content": "\n".join([content, *calls] if content else calls) if calls else content,
    }


def _tool_description(function: Mapping[str, Any]) -> str:
    shown = {"name": function["name"], "arguments": arguments(function)}
    return f"<tool_call>{json.dumps(shown, ensure_ascii=False)}</tool_call>"
