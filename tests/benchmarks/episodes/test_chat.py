"""How a conversation is put to a model: whatever a template refuses, an episode is asked, or has no value."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from helpers.scripted_engine import ScriptedEngine

from holdfast.benchmarks.engine import measuring
from holdfast.benchmarks.engine.episodes.chat import chat_of
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.environment import make_environment
from holdfast.errors import UsageError
from holdfast.sample import Message

TOOL = {"type": "function", "function": {"name": "look", "description": "Look.", "parameters": {"type": "object"}}}
TALK: list[Message] = [
    {"role": "user", "content": "hello"},
    {"role": "assistant", "content": "", "tool_calls": [
        {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]},
    {"role": "tool", "tool_call_id": "1", "name": "look", "content": "seen"},
]  # fmt: skip


class Template:
    """A chat template with a habit: `odd` tools are refused, roles must alternate, a system is dropped or refused."""

    chat, max_length = True, None

    def __init__(self, *habits: str) -> None:
        self.habits = habits

    def count(self, prompt: str) -> int:
        return 0

    def render(self, messages: Any, tools: Any = ()) -> str:
        roles = [message["role"] for message in messages]
        if "no tools" in self.habits and (tools or "tool" in roles):
            return " ".join(str(message["content"]) for message in messages if message["role"] != "tool")
        if "typed" in self.habits and any("properties" not in t["function"]["parameters"] for t in tools):
            raise KeyError("properties")
        if "alternate" in self.habits and any(a == b for a, b in itertools.pairwise(roles)):
            raise ValueError("roles must alternate")
        if "no system" in self.habits and "system" in roles:
            raise ValueError("System role not supported")
        if "deaf" in self.habits:
            messages = [message for message in messages if message["role"] != "system"]
        if "mute" in self.habits and len(messages) > 3:
            raise ValueError("too long")
        return json.dumps([list(messages), list(tools)])


@pytest.mark.parametrize(
    ("habits", "mode"),
    [
        ((), "native"),
        (("typed",), "native"),
        (("no tools",), "prompt"),
        (("no tools", "no system"), "prompt"),
        (("no tools", "deaf"), "prompt"),
        (("no tools", "alternate", "no system"), "prompt"),
    ],
)
def test_the_model_sees_tools_calls_and_results_whatever_its_template_refuses(habits: Any, mode: str) -> None:
    chat = chat_of(Template(*habits), "auto")
    assert chat.mode == mode
    for messages in (
        TALK,
        [{"role": "system", "content": "policy"}, *TALK],
        [*TALK, {"role": "user", "content": "go"}],
    ):
        prompt, more = chat.prompt(messages, [TOOL])
        assert not more and "seen" in prompt
        assert prompt.count("look") >= 2, "the tool and its call"
        assert ("policy" in prompt) == any(one["content"] == "policy" for one in messages)


def test_wanted_natively_a_template_without_tools_is_refused() -> None:
    with pytest.raises(UsageError, match="tools=prompt"):
        chat_of(Template("no tools"), "native")


def test_an_episode_that_a_template_cannot_render_has_no_value_and_the_others_go_on(
    tmp_path: Path, monkeypatch: Any
) -> None:
    odd = next(iter(make_environment("tiny_form", items=6).tasks("test")))["name"]

    class Refusing(ScriptedEngine):
        api = False

        def render(self, messages: Any, tools: Any = ()) -> str:
            told = json.dumps([*tools, *map(dict, messages)])
            if '"assistant"' in told and f" {odd}" in told:
                raise ValueError("no")
            return told

    monkeypatch.setattr(measuring, "open_engine", lambda *_: Refusing(lambda messages, item: "x"))
    entry = {"env": "tiny_form", "items": 6}
    measured = measure({"backend": "s", "model": "s"}, [entry], tmp_path, settings=Settings(progress=False))
    rows = {row.doc_id: row for row in measured.rows("tiny_form")}
    assert len(rows) == 6 and {name for name, row in rows.items() if row.score is None} == {odd}
    assert "renders none" in rows[odd].reason
