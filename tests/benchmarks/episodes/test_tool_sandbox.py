"""ToolSandbox: what tools print and what the milestones say is as in its own loop.

$HOLDFAST_TOOLSANDBOX_PYTHON has its dependencies, $HOLDFAST_TOOLSANDBOX names a checkout; its licence keeps it out of
here.
"""

import json
import os
import random
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.needs import lacking

from holdfast.environment import make_environment, replay
from holdfast.errors import UsageError

SCRIPT = Path(__file__).parent / "scripts" / "toolsandbox_own.py"
Plan = list[Any]
"""The agent's turns: a text, or [name, arguments] of a call."""


@pytest.fixture(scope="module")
def sandbox() -> tuple[str, str]:
    """The interpreter and the checkout."""
    python, checkout = os.environ.get("HOLDFAST_TOOLSANDBOX_PYTHON"), os.environ.get("HOLDFAST_TOOLSANDBOX")
    if not python or not checkout:
        lacking("foreign", "needs HOLDFAST_TOOLSANDBOX_PYTHON and HOLDFAST_TOOLSANDBOX, a checkout of ToolSandbox")
    assert python and checkout
    return python, checkout


@pytest.fixture(scope="module")
def made(sandbox: tuple[str, str]) -> Any:
    return make_environment("tool_sandbox", python=sandbox[0], checkout=sandbox[1])


@pytest.fixture(scope="module")
def package(sandbox: tuple[str, str]) -> Iterator[Callable[..., Any]]:
    """Its own loop, in a process of its own."""
    words = [sandbox[0], str(SCRIPT), sandbox[1]]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdin is not None and process.stdout is not None
    asked, answers = process.stdin, process.stdout

    def ask(**arguments: Any) -> Any:
        print(json.dumps(arguments), file=asked, flush=True)
        answer = json.loads(answers.readline())
        assert "result" in answer, (arguments, answer)
        return answer["result"]

    yield ask
    asked.close()
    process.wait()


def called(name: str, arguments: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "type": "function", "function": function}]}


def played(made: Any, row: Any, plan: Plan, script: list[str]) -> tuple[Any, list[str], list[Any], Any]:
    """The score, what the calls printed, the whole trajectory, and the opening."""
    opening = made.open({**row, "user_script": []}, 0)
    first = list(opening.messages)
    opening.close()
    said = [message["content"] for message in first if message["role"] == "user"]
    episode = made.open({**row, "user_script": [*said, *script]}, 0)
    printed, told, turns = [], [], [*plan, *["Done."] * 40]
    while turns:
        turn = turns.pop(0)
        message = {"role": "assistant", "content": turn} if isinstance(turn, str) else called(*turn)
        step = episode.step(message)
        told += [message, *step.messages]
        printed += [one["content"] for one in step.messages if one["role"] == "tool"]
        if step.done:
            break
    score = episode.score()
    episode.close()
    return score, printed, told, first


def plan_of(episode: Any, rng: random.Random) -> Plan:
    """Calls of the scenario's tools with arguments of the right types, right or wrong."""
    plan: Plan = []
    for tool in rng.sample(list(episode.tools), min(4, len(episode.tools))):
        parameters = tool["function"].get("parameters") or {}
        given = {}
        for name, schema in (parameters.get("properties") or {}).items():
            if name in (parameters.get("required") or ()) or rng.random() < 0.3:
                kind = schema.get("type")
                values = {"string": ["x", "Fredrik Thordendal", "+12453344098", "it's"], "boolean": [True, False]}
                given[name] = rng.choice(values.get(str(kind), [1, 2.5, 1_700_000_000]))
        plan.append([tool["function"]["name"], given])
    plan.insert(rng.randint(0, len(plan)), "Anything else?")
    return [*plan, "That is all."]


def timeless(texts: list[str]) -> list[str]:
    """Texts without the clock's numbers, drawn identifiers and addresses: the sides are asked one after the other."""
    drawn = r"\d{10}(\.\d+)?|'(minute|second)': \d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|0x[0-9A-Fa-f]+"
    return [re.sub(drawn, "DRAWN", text) for text in texts]


@pytest.mark.slow
def test_random_plans_print_and_score_as_in_its_own_loop(made: Any, package: Any) -> None:
    rng = random.Random(5)
    rows = list(made.tasks("test"))
    assert len(rows) == 1032
    seen, calls = [], 0
    for row in rng.sample(rows, 60):
        episode = made.open({**row, "user_script": []}, 0)
        plan = plan_of(episode, rng)
        episode.close()
        score, printed, _, _ = played(made, row, plan, ["Yes, go on."])
        theirs = package(name=row["key"], plan=plan, script=["Yes, go on."])
        assert timeless(printed) == timeless(theirs["printed"]), row["key"]
        assert score.value == pytest.approx(theirs["similarity"]), row["key"]
        calls += len(printed)
        seen.append(score.value)
    print("calls", calls, "similarities", sorted({round(value, 2) for value in seen}))
    assert calls > 180 and len(set(seen)) > 3


RIGHT: dict[str, Plan] = {
    "wifi_off": [["set_wifi_status", {"on": False}], "Wifi is off."],
    "turn_on_wifi_low_battery_mode": [
        ["set_low_battery_mode_status", {"on": False}], ["set_wifi_status", {"on": True}], "Wifi is turned on."],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_trajectory_scores_high_nothing_low_and_replays(name: str, made: Any, package: Any) -> None:
    row = next(row for row in made.tasks("test") if row["key"] == name)
    score, _, told, first = played(made, row, RIGHT[name], [])
    assert score.value is not None and score.value > 0.8
    assert score.value == pytest.approx(package(name=name, plan=RIGHT[name], script=[])["similarity"])
    nothing, _, _, _ = played(made, row, ["I cannot."], [])
    assert nothing.value is not None and nothing.value < score.value
    again, differences = replay(made, row, 0, told, first)
    assert (again.value, differences) == (score.value, [])


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOLDFAST_TOOLSANDBOX_PYTHON", raising=False)
    with pytest.raises(UsageError, match="checkout="):
        make_environment("tool_sandbox")
    with pytest.raises(UsageError, match="pip install /x"):
        make_environment("tool_sandbox", checkout="/x")
