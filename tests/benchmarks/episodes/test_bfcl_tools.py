"""BFCL's single-turn categories with native tools: shown as the package shows them, judged as the benchmark's rows."""

import json
import subprocess
from typing import Any

import pytest
from helpers.benchmark_gold import calls, plain_value, written
from helpers.foreign import foreign_python
from helpers.paths import SHARED_DATA, shared
from helpers.scripted_engine import ScriptedEngine, native

from holdfast.benchmarks.bfcl import V4
from holdfast.benchmarks.engine import measuring
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.environments.shared.bfcl_functions import language_of, tools_of
from holdfast.environment import make_environment
from holdfast.errors import DataError, UsageError
from holdfast.rewards.tool_calls.calls import read_calls
from holdfast.sample import Sample

DEFECTS = {
    *("live_multiple/live_multiple_507-149-4", "live_multiple/live_multiple_862-181-3"),
    *("live_multiple/live_multiple_964-207-0", "live_simple/live_simple_106-63-0", "live_simple/live_simple_112-68-0"),
    "simple_java/simple_java_64",
}
"""Questions whose accepted answers leave a required parameter out, name one that there is not, or hold a text where a
list of texts belongs: no call is right by the leaderboard's rules."""
THEIRS = """
import json, sys
from bfcl_eval import utils
from bfcl_eval.constants.enums import ModelStyle
from bfcl_eval.constants.type_mappings import GORILLA_TO_OPENAPI
from bfcl_eval.model_handler.utils import convert_to_tool
for category in sys.argv[1:]:
    for row in utils.load_dataset_entry(category):
        made = convert_to_tool(row["function"], GORILLA_TO_OPENAPI, ModelStyle.OPENAI_COMPLETIONS)
        for tool in made:
            tool["function"].pop("response", None)  # what a call answers is no part of OpenAI's schema
        print(json.dumps([category, row["id"], made]))
"""


@pytest.fixture(scope="module")
def rows() -> list[Any]:
    shared("bfcl", "v4")
    return list(make_environment("bfcl_tools", data_root=str(SHARED_DATA)).tasks("v4"))


def answered(row: Any) -> list[dict[str, Any]]:
    """A right message's calls: the first accepted value of everything; none where none is wanted."""
    if "relevance" in row["category"]:
        return []
    if language_of(row["category"]) == "Python":
        return [call(one.name, dict(one.arguments)) for one in read_calls(Sample(calls(row)), "python", "python")]
    ((name, accepted),) = row["possible_answers"][0].items()
    schema = row["function"][0]["parameters"]
    given = {}
    for key, values in accepted.items():
        plain = [value for value in values if value != ""]
        if plain and ("" not in values or key in schema["required"]):
            given[key] = written(plain_value(plain[0]), schema["properties"][key], row["category"]).strip('"')
    return [call(name, given)]


def test_right_calls_score_one_and_others_nothing(rows: list[Any]) -> None:
    made = make_environment("bfcl_tools", data_root=str(SHARED_DATA))
    assert len(rows) == 3641 and {row["category"] for row in rows} == set(V4)
    seen: dict[str, list[float | None]] = {}
    for row in rows:
        no_call = {"role": "assistant", "content": "I cannot do that."}
        made_calls = answered(row)
        if row["category"] == "live_relevance":
            made_calls = [call(row["function"][0]["name"])]
        wanted = {**no_call, "tool_calls": made_calls} if made_calls else no_call
        other = no_call if made_calls else {**no_call, "tool_calls": [call("f")]}
        for message, value in ((wanted, 1.0), (other, 0.0)):
            episode = made.open(row, 0)
            assert episode.step(message).done
            score = episode.score()
            if score.value != value:
                seen.setdefault(row["key"], []).append(value)
    assert set(seen) == DEFECTS


def call(name: str, arguments: Any = None) -> dict[str, Any]:
    function = {"name": name.replace(".", "_"), "arguments": json.dumps(arguments or {})}
    return {"id": "1", "type": "function", "function": function}


def test_through_the_driver_a_call_that_does_not_parse_is_wrong(tmp_path: Any, monkeypatch: Any) -> None:
    shared("bfcl", "v4")
    engine = ScriptedEngine(lambda messages, item: native(("f", "{broken")))
    monkeypatch.setattr(measuring, "open_engine", lambda *_: engine)
    entry = {"env": "bfcl_tools", "limit": 30}
    measured = measure(
        {"backend": "s", "model": "s"}, [entry], tmp_path, data_root=SHARED_DATA, settings=Settings(progress=False)
    )
    assert measured.tasks["bfcl_tools"].mean == 0.0 and all("tools" in item.generation for item in engine.asked)


def test_mistakes_are_named() -> None:
    with pytest.raises(UsageError, match="simple_python"):
        make_environment("bfcl_tools", categories=["simple_pyhton"])
    with pytest.raises(DataError, match="data_root"):
        list(make_environment("bfcl_tools").tasks("v4"))


@pytest.mark.slow
def test_tools_are_shown_as_by_the_package(rows: list[Any]) -> None:
    python = foreign_python("bfcl", "bfcl")
    done = subprocess.run([python, "-c", THEIRS, *V4, "multi_turn_base"], capture_output=True, text=True, check=True)
    theirs = {(category, key): made for category, key, made in map(json.loads, done.stdout.splitlines())}
    ours: dict[Any, Any] = {(row["category"], row["id"]): tools_of(row["function"], row["category"]) for row in rows}
    assert ours.keys() <= theirs.keys() and len(ours) == 3641
    assert [key for key, made in ours.items() if made != theirs[key]] == []
    turns = make_environment("bfcl_multi_turn", python=python)
    episode = turns.open(next(iter(turns.tasks("base"))), 0)
    assert list(episode.tools) == theirs["multi_turn_base", "multi_turn_base_0"]
    episode.close()
