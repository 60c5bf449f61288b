"""How a conversation is put to a model: whatever a template refuses, an episode is asked, or has no value."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from helpers.scripted_engine import ScriptedEngine

from holdfast.benchmarks.engine import measuring
from holdfast.benchmarks.engine.episodes import live
from holdfast.benchmarks.engine.episodes.chat import Mode, chat_of
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.environment import EpisodeError, make_environment
from holdfast.errors import UsageError
from holdfast.sample import Message, message_text

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
        if "no results" in self.habits and "tool" in roles and "later" in str(messages):
            raise ValueError("a result too many")
        if "mute" in self.habits and len(messages) > 3:
            raise ValueError("too long")
        return json.dumps([list(messages), list(tools)])


@pytest.mark.parametrize(
    ("habits", "mode"),
    [
        ((), "native"),
        (("typed",), "native"),
        (("deaf",), "native"),
        (("no system",), "native"),
        (("no system", "alternate"), "native"),
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
        prompt = chat.prompt(messages, [TOOL])
        assert not prompt.arguments and "seen" in prompt.text
        assert prompt.text.count("look") >= 2, "the tool and its call"
        assert ("policy" in prompt.text) == any(one["content"] == "policy" for one in messages)
        assert bool(prompt.fallback) == ("typed" in habits)
        if mode == "native" and not prompt.fallback:
            assert json.loads(prompt.text)[1] == [TOOL], "its own way, whatever becomes of the system message"


def test_a_system_message_of_parts_is_folded_as_text() -> None:
    parts = [{"type": "text", "text": "policy"}]
    chat = chat_of(Template("deaf"), "auto")
    for said in ("hello", [{"type": "text", "text": "hello"}]):
        talk: list[Message] = [{"role": "system", "content": parts}, {"role": "user", "content": said}]
        (message,) = json.loads(chat.prompt(talk, [TOOL]).text)[0]
        assert message_text(message) == "policy\n\nhello"


@pytest.mark.parametrize("mode", ["auto", "native"])
def test_what_a_template_refuses_midway_is_text_and_noted_or_has_no_value(mode: Mode) -> None:
    chat = chat_of(Template("no results"), mode)
    assert chat.mode == "native" and not chat.prompt(TALK, [TOOL]).fallback
    later: list[Message] = [*TALK, {"role": "user", "content": "later"}]
    if mode == "native":
        with pytest.raises(EpisodeError, match="a result too many"):
            chat.prompt(later, [TOOL])
    else:
        asked = chat.prompt(later, [TOOL])
        assert "a result too many" in asked.fallback and "<tool_call>" in asked.text


@pytest.mark.parametrize("mode", ["auto", "native"])
def test_rows_say_where_tools_were_text(mode: Mode, tmp_path: Path, monkeypatch: Any, caplog: Any) -> None:
    """The template stops at a tool's result: by name there is no value, otherwise a row says what was asked."""

    class Native(ScriptedEngine):
        api = False

        def render(self, messages: Any, tools: Any = ()) -> str:
            if tools and "probe_call" not in json.dumps([*map(dict, messages)]) and len(messages) > 1:
                raise ValueError("only one")
            return json.dumps([[dict(one) for one in messages], list(tools)])

    monkeypatch.setattr(live, "_told", set())
    monkeypatch.setattr(measuring, "open_engine", lambda *_: Native(lambda messages, item: "x"))
    entry = {"env": "tiny_form", "items": 3, "tools": mode}
    measured = measure({"backend": "s", "model": "s"}, [entry], tmp_path, settings=Settings(progress=False))
    rows = list(measured.rows("tiny_form"))
    assert measured.tasks["tiny_form"].generation["tools"] == "native"
    if mode == "native":
        assert {row.score for row in rows} == {None} and "only one" in rows[0].reason
    else:
        assert all(row.parts["tools_as_text"] == row.parts["turns"] - 1 > 0 for row in rows)
        assert sum("tools_as_text" in record.getMessage() for record in caplog.records) == 1


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
