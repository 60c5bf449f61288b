"""Fifty episodes against a server, the program killed with SIGKILL twenty times: nothing is lost, nothing repeated."""

import json
import multiprocessing
import time
from pathlib import Path
from typing import Any

import pytest
from helpers.openai_server import said, scripted

from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.environment import make_environment
from holdfast.runs.measurement import Measurement

EPISODES, KILLS, AT_ONCE = 50, 20, 2
DIGITS = {row["name"]: row["digits"] for row in make_environment("tiny_form").tasks("test")}


def player(path: str, body: dict[str, Any]) -> Any:
    """Plays tiny_form with native tool calls, not too fast to be killed."""
    time.sleep(0.05)
    messages = body["messages"]
    if not messages[0]["content"].startswith("Sort"):
        return said("hello")  # the canary
    assert [tool["function"]["name"] for tool in body["tools"]] == ["look", "save"]
    name = messages[0]["content"].rpartition(" ")[2]
    wanted = " ".join(sorted(DIGITS[name].split()))
    turn = sum(message["role"] == "assistant" for message in messages)
    made = {0: ("look", {"name": name}), 2: ("save", {"value": wanted})}.get(turn)
    if made is None:
        return said(wanted if turn == 1 else "Done")
    function = {"name": made[0], "arguments": json.dumps(made[1])}
    return said("", "tool_calls", tool_calls=[{"id": "x", "type": "function", "function": function}])


def run(url: str, out: Path) -> Measurement:
    model = {"backend": "local-chat-completions", "model": "m", "base_url": url, "num_concurrent": AT_ONCE}
    entry = {"env": "tiny_form", "limit": EPISODES}
    return measure(model, [entry], out, settings=Settings(progress=False), cache=out / "cache")


@pytest.mark.slow
def test_twenty_kills_lose_and_repeat_nothing(tmp_path: Path) -> None:
    forked = multiprocessing.get_context("fork")
    killed = 0
    with scripted(player) as seen:
        while killed < KILLS:
            before = len(seen.bodies())
            process = forked.Process(target=run, args=(seen.url, tmp_path))
            process.start()
            until = time.monotonic() + 120
            while len(seen.bodies()) < before + 8 and process.is_alive() and time.monotonic() < until:
                time.sleep(0.002)
            assert process.is_alive(), "it ended before it was killed"
            process.kill()
            process.join()
            killed += 1
        measured = run(seen.url, tmp_path)
        asked = [json.dumps(body["messages"], sort_keys=True) for body in seen.bodies()]
    rows = list(measured.rows("tiny_form"))
    assert len({row.doc_id for row in rows}) == len(rows) == EPISODES
    assert all(row.score == 1.0 and row.parts["turns"] == 4 for row in rows)
    assert len(set(asked)) == 4 * EPISODES
    repeated = len(asked) - len(set(asked))
    # what was on its way when the program was killed, and an answer that had come and was not yet written
    assert repeated <= KILLS * (AT_ONCE + 1)
    files = tmp_path.glob("cache/completions/*/tiny_form.jsonl")
    keys = [key for file in files for line in file.read_text().splitlines() if line for key in _keys(line)]
    print("asked", len(asked), "repeated", repeated, "journaled", len(keys), len(set(keys)))
    assert len(keys) == len(set(keys)) == 4 * EPISODES


def _keys(line: str) -> list[str]:
    """What one line of the journal holds; a line that a kill tore holds nothing."""
    try:
        return list(json.loads(line))
    except ValueError:
        return []
