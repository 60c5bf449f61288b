"""The driver: any message of a model leads to a score, an environment's failure to none, and nothing is asked twice."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.scripted_engine import ScriptedEngine, call, native

from holdfast.benchmarks.engine import measuring
from holdfast.benchmarks.engine.episodes import driver
from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.compare import compare
from holdfast.environment import BusyError, EpisodeError, Step, environment, make_environment
from holdfast.errors import DataError
from holdfast.reward import Reward
from holdfast.runs.measurement import Measurement, environments_of
from holdfast.sample import Sample, Score

QUIET = Settings(progress=False)
DIGITS = {row["name"]: row["digits"] for row in make_environment("tiny_form").tasks("test")}


def play(tmp_path: Path, engine: Any, entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Measurement:
    monkeypatch.setattr(measuring, "open_engine", lambda *_: engine)
    return measure({"backend": "scripted", "model": "scripted"}, [entry], tmp_path, settings=QUIET)


def perfect(messages: list[dict[str, Any]], item: Item) -> str:
    """Plays tiny_form right."""
    name = messages[0]["content"].rpartition(" ")[2]
    wanted = " ".join(sorted(DIGITS[name].split()))
    steps = (call("look", name=name), wanted, call("save", value=wanted), "Done")
    return steps[sum(message["role"] == "assistant" for message in messages)]


def rows_of(measured: Measurement, task: str = "tiny_form") -> list[Any]:
    return list(measured.rows(task))


def test_a_right_player_scores_one_and_its_rows_are_judged_alike(tmp_path: Path, monkeypatch: Any) -> None:
    measured = play(tmp_path, ScriptedEngine(perfect), {"env": "tiny_form"}, monkeypatch)
    assert measured.tasks["tiny_form"].mean == 1.0
    rows = rows_of(measured)
    again = Reward("episode").score_batch([Sample(row.completion, row.reference, row.prompt) for row in rows])
    assert [score.value for score in again] == [1.0] * 200
    assert [dict(score.parts) for score in again] == [row.parts for row in rows]
    assert rows[0].parts == {"turns": 4.0, "calls": 2.0, "unparsed": 0.0}


BAD: dict[str, Any] = {
    "text": "I do not know.",
    "nothing": "",
    "an unclosed call": "<tool_call>{",
    "no json": "<tool_call>look(name='x')</tool_call>",
    "a call that is a list": "<tool_call>[1]</tool_call>",
    "no name": '<tool_call>{"arguments": {}}</tool_call>',
    "arguments that are text": '<tool_call>{"name": "look", "arguments": "x"}</tool_call>',
    "deep": "<tool_call>" + "[" * 100_000 + "</tool_call>",
    "a megabyte": "x" * 1_000_000,
    "a megabyte of openings": "<tool_call>" * 90_000,
    "many calls": call("look", name="x") * 500,
    "an unknown tool": call("rm", path="/"),
    "a dunder": call("__class__"),
    "a wrong type": call("look", name=5),
    "an unknown argument": call("look", name="x", other=1),
    "no argument": call("look"),
    "the same for ever": call("look", name="x"),
    "native nonsense": native(("look", "{not json")),
    "native numbers": native(("look", 7)),
    "native without a name": Completion("", calls=[{"function": {}}]),
    "native that is no object": Completion("", calls=["x"]),  # type: ignore[list-item]
    "surrogates": "\ud800",
}


@pytest.mark.parametrize("name", BAD)
def test_whatever_a_model_writes_is_a_zero_that_ends(name: str, tmp_path: Path, monkeypatch: Any) -> None:
    engine = ScriptedEngine(lambda messages, item: BAD[name])
    measured = play(tmp_path, engine, {"env": "tiny_form", "limit": 2}, monkeypatch)
    rows = rows_of(measured)
    assert [row.score for row in rows] == [0.0, 0.0], rows
    assert all(row.parts["turns"] <= 8 for row in rows)
    again = [Reward("episode").score(Sample(row.completion, row.reference, row.prompt)) for row in rows]
    assert [(s.value, str(s.outcome), dict(s.parts)) for s in again] == [(r.score, r.outcome, r.parts) for r in rows]


def test_a_call_that_does_not_parse_is_told_and_counted_and_never_reaches_the_tool(
    tmp_path: Path, monkeypatch: Any
) -> None:
    engine = ScriptedEngine(lambda m, item: "<tool_call>{" if len(m) == 1 else "Done")
    row = rows_of(play(tmp_path, engine, {"env": "tiny_form_solo", "limit": 1}, monkeypatch), "tiny_form_solo")[0]
    assert row.parts["unparsed"] == 1 and row.parts["calls"] == 0
    assert "does not parse" in row.completion[1]["content"]


def test_parallel_calls_are_all_answered(tmp_path: Path, monkeypatch: Any) -> None:
    engine = ScriptedEngine(lambda m, item: call("look", name="a") + call("look", name="b") if len(m) == 1 else "Done")
    row = rows_of(play(tmp_path, engine, {"env": "tiny_form_solo", "limit": 1}, monkeypatch), "tiny_form_solo")[0]
    assert [message["role"] for message in row.completion] == ["assistant", "tool", "tool", "assistant"]
    assert len({m["tool_call_id"] for m in row.completion if m["role"] == "tool"}) == 2


@pytest.mark.parametrize("budget", [{"turns": 3}, {"tokens": 3}])
def test_budgets_end_an_episode_with_zero(budget: dict[str, int], tmp_path: Path, monkeypatch: Any) -> None:
    row = rows_of(play(tmp_path, ScriptedEngine(perfect), {"env": "tiny_form", "limit": 1, **budget}, monkeypatch))[0]
    assert (row.score, row.outcome, row.finish_reason) == (0.0, "timeout", "length")


def test_two_hundred_turns(tmp_path: Path, monkeypatch: Any) -> None:
    engine = ScriptedEngine(lambda m, item: call("look", name=f"n{len(m)}"))
    row = rows_of(play(tmp_path, engine, {"env": "tiny_form", "limit": 1, "turns": 200}, monkeypatch))[0]
    assert row.parts["turns"] == 200 and row.score == 0.0


class Failing:
    """Fails `times` in a step, as often as it is opened."""

    left = 0
    messages: Sequence[dict[str, Any]] = ()
    tools: Sequence[Any] = ()

    def tasks(self, split: str) -> list[dict[str, Any]]:
        return [{"key": str(i)} for i in range(3)]

    def open(self, row: Any, seed: int) -> "Failing":
        opened = Failing()
        opened.messages = [{"role": "user", "content": f"hello {row['key']}"}]
        return opened

    def step(self, message: Any) -> Step:
        if "hello 1" in self.messages[0]["content"] and Failing.left:
            Failing.left -= 1
            raise EpisodeError("the process died")
        return Step(done=True)

    def score(self) -> Score:
        return Score.of(True)

    def close(self) -> None:
        pass


environment("failing_for_tests")(Failing)


@pytest.mark.parametrize(("failures", "scores"), [(1, [1.0, 1.0, 1.0]), (9, [1.0, None, 1.0])])
def test_a_failure_of_the_environment_is_retried_and_then_no_value(
    failures: int, scores: list[Any], tmp_path: Path, monkeypatch: Any
) -> None:
    Failing.left = failures
    measured = play(tmp_path, ScriptedEngine(lambda m, i: "x"), {"env": "failing_for_tests"}, monkeypatch)
    assert [row.score for row in rows_of(measured, "failing_for_tests")] == scores


def test_a_killed_run_asks_nothing_twice(tmp_path: Path, monkeypatch: Any) -> None:
    class Killed(ScriptedEngine):
        def run(self, items: Any, emit: Any) -> None:
            if len(self.asked) > 300:
                raise KeyboardInterrupt
            super().run(items, emit)

    first = Killed(perfect)
    with pytest.raises(KeyboardInterrupt):
        play(tmp_path, first, {"env": "tiny_form"}, monkeypatch)
    second = ScriptedEngine(perfect)
    assert play(tmp_path, second, {"env": "tiny_form"}, monkeypatch).tasks["tiny_form"].mean == 1.0
    asked = [item.prompt for item in (*first.asked, *second.asked)]
    assert len(asked) == len(set(asked)) == 800


def test_tools_reach_an_api_and_stand_in_the_prompt_elsewhere(tmp_path: Path, monkeypatch: Any) -> None:
    api = ScriptedEngine(perfect)
    play(tmp_path / "api", api, {"env": "tiny_form", "limit": 1}, monkeypatch)
    assert [tool["function"]["name"] for tool in api.asked[0].generation["tools"]] == ["look", "save"]
    plain = ScriptedEngine(lambda m, item: "x")
    row = rows_of(play(tmp_path / "p", plain, {"env": "tiny_form", "limit": 1, "tools": "prompt"}, monkeypatch))[0]
    assert "tools" not in plain.asked[0].generation
    assert '"name": "look"' in json.loads(plain.asked[0].prompt)[0]["content"]
    assert row.prompt == [{"role": "user", "content": row.prompt[0]["content"]}]


class Crowded(Failing):
    """Has two places; `lost` of them are never given back."""

    lost, busy = 0, 0

    def tasks(self, split: str) -> list[dict[str, Any]]:
        return [{"key": str(i)} for i in range(9)]

    def open(self, row: Any, seed: int) -> "Crowded":
        if Crowded.busy >= 2 - Crowded.lost:
            raise BusyError("no place")
        Crowded.busy += 1
        opened = Crowded()
        opened.messages = [{"role": "user", "content": f"hello {row['key']}"}]
        return opened

    def step(self, message: Any) -> Step:
        return Step(done=True)

    def close(self) -> None:
        Crowded.busy -= 1


environment("crowded_for_tests")(Crowded)


@pytest.mark.parametrize(("lost", "score"), [(0, 1.0), (1, 1.0), (2, None)])
def test_a_full_environment_is_waited_for(lost: int, score: Any, tmp_path: Path, monkeypatch: Any) -> None:
    Crowded.lost, Crowded.busy = lost, 0
    monkeypatch.setattr(driver, "PAUSE", 0.001)
    monkeypatch.setattr(driver, "PATIENCE", 0.02)
    measured = play(tmp_path, ScriptedEngine(lambda m, i: "x"), {"env": "crowded_for_tests"}, monkeypatch)
    assert [row.score for row in rows_of(measured, "crowded_for_tests")] == [score] * 9


class Packaged(Failing):
    """Of a foreign package, whose version judges."""

    version, judged = "1.0", 0

    def pinned(self) -> dict[str, Any]:
        return {"package": "theirs", "version": Packaged.version, "sha256": "0" * 64}

    def open(self, row: Any, seed: int) -> "Packaged":
        opened = Packaged()
        opened.messages = [{"role": "user", "content": f"hello {row['key']}"}]
        return opened

    def step(self, message: Any) -> Step:
        return Step(done=True)

    def score(self) -> Score:
        Packaged.judged += 1
        return Score.of(Packaged.version == "1.0")


environment("packaged_for_tests")(Packaged)


def test_another_version_of_a_package_is_measured_anew_and_not_compared(tmp_path: Path, monkeypatch: Any) -> None:
    def measured(folder: str) -> Measurement:
        engine = ScriptedEngine(lambda m, i: "x")
        return play(tmp_path / folder, engine, {"env": "packaged_for_tests"}, monkeypatch)

    Packaged.version, Packaged.judged = "1.0", 0
    first = measured("one")
    held = first.tasks["packaged_for_tests"].reward["pinned"]
    assert held == {"package": "theirs", "version": "1.0", "sha256": "0" * 64}
    assert environments_of(first) == {"packaged_for_tests": held}
    measured("one")
    assert Packaged.judged == 3, "the same package is not asked again"
    Packaged.version = "2.0"
    again = measured("one")
    assert (Packaged.judged, again.tasks["packaged_for_tests"].mean) == (6, 0.0)
    Packaged.version = "1.0"
    with pytest.raises(DataError, match=r"2\.0"):
        compare(measured("other"), again)
