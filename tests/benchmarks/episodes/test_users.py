"""Simulated users: kept by conversation, failing without a value, and named in the result."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from helpers.foreign import foreign_python
from helpers.openai_server import said, scripted
from helpers.paths import SHARED_DATA, shared
from helpers.scripted_engine import ScriptedEngine

from holdfast.benchmarks.engine import measuring
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.compare import compare
from holdfast.environment import make_environment
from holdfast.errors import DataError
from holdfast.runs.measurement import Measurement


def user(url: str, model: str = "u") -> dict[str, Any]:
    return {"base_url": url, "model": model, "retries": 0}


def agent(messages: list[dict[str, Any]], item: Any) -> str:
    """Answers every message of the user by its number."""
    return f"Answer {sum(message['role'] == 'assistant' for message in messages)}"


def play(tmp_path: Path, monkeypatch: Any, engine: Any, entry: dict[str, Any]) -> Measurement:
    monkeypatch.setattr(measuring, "open_engine", lambda *_: engine)
    how = Settings(progress=False)
    return measure({"backend": "s", "model": "s"}, [entry], tmp_path, data_root=SHARED_DATA, settings=how)


def test_a_run_that_goes_on_meets_the_same_user_and_asks_nothing_twice(tmp_path: Path, monkeypatch: Any) -> None:
    """The user never says the same twice: only what was kept can bring an episode back to where it was."""
    shared("tau_bench", "airline")
    numbers = itertools.count()

    def reply(path: str, body: dict[str, Any]) -> Any:
        turns = sum(message["role"] == "assistant" for message in body["messages"])
        return said(f"###STOP### {next(numbers)}" if turns >= 4 else f"Word {next(numbers)}")

    class Killed(ScriptedEngine):
        def run(self, items: Any, emit: Any) -> None:
            if len(self.asked) > 20:
                raise KeyboardInterrupt
            super().run(items, emit)

    with scripted(reply) as server:
        entry = {"env": "tau_airline", "limit": 6, "repeats": 2, "sampling": {"temperature": 1.0}}
        entry |= {"user": user(server.url)}
        first, second = Killed(agent), ScriptedEngine(agent)
        with pytest.raises(KeyboardInterrupt):
            play(tmp_path, monkeypatch, first, entry)
        measured = play(tmp_path, monkeypatch, second, entry)
        asked = [json.dumps(body["messages"], sort_keys=True) for body in server.bodies()]
    rows = list(measured.rows("tau_airline"))
    assert len(rows) == 12 and all(row.score is not None for row in rows)
    prompts = [item.prompt for item in (*first.asked, *second.asked)]
    assert len(prompts) == len(set(prompts)) == 12 * 4
    # both repeats of an episode begin alike, and each is asked of the user once
    assert len(asked) == 12 * 5
    openings = [row.prompt[-1]["content"] for row in rows]
    assert len(set(openings)) == 12


def test_a_user_that_fails_gives_no_value_and_another_user_is_not_compared(
    tmp_path: Path, monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The failure is told once, not for every episode."""
    shared("tau_bench", "airline")

    def play_with(folder: str, reply: Any, model: str) -> Measurement:
        with scripted(reply) as server:
            entry = {"env": "tau_airline", "limit": 3, "user": user(server.url, model)}
            return play(tmp_path / folder, monkeypatch, ScriptedEngine(agent), entry)

    caplog.clear()
    dead = play_with("dead", lambda path, body: (500, {"error": "down"}), "u")
    assert sum("has no value" in record.message for record in caplog.records if record.levelname == "WARNING") == 1
    assert [row.score for row in dead.rows("tau_airline")] == [None] * 3
    assert all("simulated user" in row.reason for row in dead.rows("tau_airline"))
    one = play_with("one", lambda path, body: said("###STOP###"), "u")
    other = play_with("other", lambda path, body: said("###STOP###"), "v")
    assert one.tasks["tau_airline"].generation["user"] == {"model": "u"}
    with pytest.raises(DataError, match="user"):
        compare(one, other)


@pytest.mark.slow
def test_a_live_user_calls_its_own_tools(tmp_path: Path, monkeypatch: Any) -> None:
    """τ²'s telecom: the endpoint writes calls; results come back to it, and both stand in its message."""
    python = foreign_python("tau2", "tau2")

    def reply(path: str, body: dict[str, Any]) -> Any:
        system, last = body["messages"][0]["content"], body["messages"][-1]["content"]
        assert '"name": "toggle_airplane_mode"' in system
        spoken = sum(message["role"] == "assistant" for message in body["messages"])
        if spoken == 0:
            return said('<tool_call>{"name": "check_network_status", "arguments": {}}</tool_call>')
        if last.startswith("Result: ") and spoken == 1:
            return said('<tool_call>{"name": "no_such_tool", "arguments": {}}</tool_call>')
        return said(f"It says: {last}" if spoken == 2 else "###STOP###")

    with scripted(reply) as server:
        entry = {"env": "tau2_telecom", "split": "small", "limit": 2, "python": python, "user": user(server.url)}
        measured = play(tmp_path, monkeypatch, ScriptedEngine(agent), entry)
    for row in measured.rows("tau2_telecom"):
        opening = row.prompt[-1]
        assert [call["name"] for call in opening["user_calls"]] == ["check_network_status", "no_such_tool"]
        assert "Airplane" in opening["user_calls"][0]["result"] and "no tool" in opening["user_calls"][1]["result"]
        assert row.outcome in ("correct", "wrong")


@pytest.mark.slow
def test_alone_the_agent_has_the_users_tools_and_its_first_words_end_it() -> None:
    """All open at once: no episode sees another's world. (Several tasks ask the same, so no engine could tell them.)"""
    made = make_environment("tau2_telecom", python=foreign_python("tau2", "tau2"), solo=True)
    rows = list(made.tasks("small"))
    episodes = [made.open(row, 0) for row in rows]
    for row, episode in zip(rows, episodes, strict=True):
        names = {tool["function"]["name"] for tool in episode.tools}
        for action in row["evaluation_criteria"]["actions"]:
            assert action["name"] in names
            function = {"name": action["name"], "arguments": json.dumps(action["arguments"])}
            calls = [{"id": "1", "type": "function", "function": function}]
            assert not episode.step({"role": "assistant", "content": "", "tool_calls": calls}).done
        assert episode.step({"role": "assistant", "content": "Done."}).done
    scores = [episode.score() for episode in episodes]
    assert [score.value for score in scores] == [1.0] * 20, [score.reason for score in scores]
    nothing = made.open(rows[0], 0)
    nothing.step({"role": "assistant", "content": "I cannot help."})
    assert nothing.score().value == 0.0
