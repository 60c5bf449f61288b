"""BFCL's memory: system messages, answers of calls and verdicts are the package's own. $HOLDFAST_BFCL_PYTHON has it."""

import json
import random
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from helpers.foreign import foreign_python
from helpers.scripted_engine import ScriptedEngine, native

from holdfast.benchmarks.engine import measuring
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.environment import make_environment
from holdfast.reward import Reward
from holdfast.sample import Sample

SCRIPT = Path(__file__).parent / "scripts" / "bfcl_memory.py"
CALLS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "kv": [
        ("core_memory_add", {"key": "name", "value": "Kelp"}),
        ("core_memory_add", {"key": "Bad Key", "value": "x"}),
        ("core_memory_add", {"key": "long", "value": "x" * 301}),
        ("core_memory_replace", {"key": "name", "value": 'Kelp\'s "own"'}),
        ("core_memory_remove", {"key": "absent"}),
        ("core_memory_retrieve", {"key": "name"}),
        ("core_memory_list_keys", {}),
        ("core_memory_retrieve_all", {}),
        ("core_memory_key_search", {"query": "the name", "k": 2}),
        ("archival_memory_add", {"key": "order_1", "value": "espresso, 38 square feet"}),
        ("archival_memory_add", {"key": "order_2", "value": "grinder"}),
        ("archival_memory_key_search", {"query": "order 2"}),
        ("archival_memory_retrieve", {"key": "order_1"}),
        ("archival_memory_list_keys", {}),
        ("archival_memory_remove", {"key": "order_2"}),
        ("archival_memory_add", {"key": "x"}),
        ("core_memory_clear", {}),
    ],
    "rec_sum": [
        ("memory_append", {"text": "His name is Kelp. "}),
        ("memory_append", {"text": "x" * 10_001}),
        ("memory_replace", {"old_text": "Kelp", "new_text": 'Kelp\'s "own"'}),
        ("memory_replace", {"old_text": "absent", "new_text": ""}),
        ("memory_retrieve", {}),
        ("memory_update", {"text": "A summary.\nTwo lines."}),
        ("memory_update", {}),
        ("memory_clear", {}),
    ],
}


@pytest.fixture(scope="module")
def python() -> str:
    return foreign_python("bfcl", "bfcl")


@pytest.fixture(scope="module")
def package(python: str) -> Iterator[Callable[..., Any]]:
    """The package's own run and checker, in a process of its own."""
    process = subprocess.Popen([python, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    asked, replies = process.stdin, process.stdout

    def ask(verb: str, **arguments: Any) -> Any:
        print(json.dumps({"verb": verb, **arguments}), file=asked, flush=True)
        reply = json.loads(replies.readline())
        assert "result" in reply, reply
        return reply["result"]

    yield ask
    asked.close()
    process.wait()


def called(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "type": "function", "function": function}]}


def spoken(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def played(episode: Any, rng: random.Random, backend: str) -> tuple[list[str], list[Any], list[Any]]:
    """Random calls in every turn of every conversation, the question's included: system messages, plan, answers."""
    systems, plan, answers = [episode.messages[0]["content"]], [], []
    while True:
        turns: list[list[str]] = []
        results: list[list[str]] = []
        last = not episode._left
        while True:
            calls = rng.sample(CALLS[backend], rng.randint(0, 3))
            turns.append([f"{n}({', '.join(f'{k}={v!r}' for k, v in given.items())})" for n, given in calls])
            results.append([episode.step(called(*call)).messages[0]["content"] for call in calls])
            if last:
                break
            step = episode.step(spoken("Noted."))
            if step.fresh:
                systems.append(step.messages[0]["content"])
                break
        plan.append(turns)
        answers.append(results)
        if last:
            return systems, plan, answers


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["kv", "rec_sum"])
def test_memory_is_written_read_and_shown_as_by_the_package(backend: str, python: str, package: Any) -> None:
    made = make_environment("bfcl_memory", python=python)
    first = {row["scenario"]: row for row in reversed(list(made.tasks(backend)))}
    assert len(first) == 5
    rng, count = random.Random(backend), 0
    for scenario, row in first.items():
        for _ in range(3):
            episode = made.open(row, 0)
            systems, plan, answers = played(episode, rng, backend)
            episode.close()
            theirs = package("run", backend=backend, scenario=scenario, plan=plan)
            assert theirs["systems"] == systems
            assert theirs["results"] == answers
            count += sum(len(turn) for conversation in answers for turn in conversation)
    assert count > 300


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["kv", "rec_sum"])
def test_all_155_questions_are_judged_as_by_the_package(backend: str, python: str, package: Any) -> None:
    made = make_environment("bfcl_memory", python=python)
    rows = list(made.tasks(backend))
    assert len(rows) == 155
    for row in rows:
        accepted = (
            made._worker.ask("open_memory", episode="x", backend=backend, row=row["key"])
            and _answers(python)[row["key"].replace(f"memory_{backend}", "memory")]
        )
        texts = [str(accepted[0]), f"{{'answer': '{accepted[-1]}', 'context': 'x'}}", f"It is {accepted[0]}s", "",
                 "{'answer': 'I do not know', 'context': 'I do not know'}", str(accepted[0]).upper()]  # fmt: skip
        ours = []
        for text in texts:
            episode = made.open(row, 0)
            episode._left = []  # type: ignore[attr-defined]
            assert episode.step(spoken(text)).done
            ours.append(episode.score().value == 1.0)
            episode.close()
        assert ours == package("check", texts=texts, answers=accepted), row["key"]
        assert ours[:2] == [True, True] and ours[4] is False


@cache
def _answers(python: str) -> dict[str, list[str]]:
    code = "import bfcl_eval, pathlib; print(pathlib.Path(bfcl_eval.__file__).parent)"
    folder = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    lines = (Path(folder) / "data" / "possible_answer" / "BFCL_v4_memory.json").read_text("utf-8").splitlines()
    return {one["id"]: one["ground_truth"] for one in map(json.loads, lines)}


@pytest.mark.slow
def test_conversations_see_only_the_memory_and_are_asked_once(tmp_path: Path, monkeypatch: Any, python: str) -> None:
    """A player that writes one line of every turn down, through the driver: the rows replay to the same scores."""

    def player(messages: list[dict[str, Any]], item: Any) -> Any:
        if messages[-1]["role"] == "tool":
            return "Noted."
        asked, system = str(messages[-1]["content"]), str(messages[0]["content"])
        if "For your final answer" in system:
            return "{'answer': 'Jordan, Alex', 'context': 'x'}"
        assert sum(message["role"] == "system" for message in messages) == 1
        return native(("memory_append", {"text": asked[:40]}))

    engine = ScriptedEngine(player)
    monkeypatch.setattr(measuring, "open_engine", lambda *_: engine)
    entry = {"env": "bfcl_memory", "split": "rec_sum", "limit": 3, "python": python}
    measured = measure({"backend": "s", "model": "s"}, [entry], tmp_path, settings=Settings(progress=False))
    rows = list(measured.rows("bfcl_memory"))
    asked = [item.prompt for item in engine.asked]
    questions = len({row.doc_id for row in rows})
    assert questions == 3 and all(row.outcome in ("correct", "wrong") for row in rows)
    assert len(asked) == len(set(asked)) and len(asked) < 1.5 * len(rows[0].completion)
    for row in rows:
        assert row.parts["calls"] > 10 and row.cluster is not None
        sample = Sample(row.completion, {**row.reference, "options": {"python": python}}, row.prompt)
        again = Reward("episode").score(sample)
        assert (again.value, "otherwise" in again.reason) == (row.score, False)
