"""Fifty episodes of the embedded agent against `transformers serve`: real tool calls over HTTP, end to end."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.benchmarks.engine.backends.models import load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.tiny import model_path

ENTRY = {"env": "tiny_notes", "limit": 50}
HOW = Settings(progress=False)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a server of the embedded agent."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = str(Path(sys.executable).with_name("transformers"))
    words = [program, "serve", str(model_path("tiny_agent")), "--port", str(port), "--device", "cpu"]
    with (tmp_path / "server.log").open("w") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def _wait_for(address: str, process: "subprocess.Popen[bytes]", seconds: float = 300) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).read()
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.5)
        else:
            return
    raise AssertionError("the server did not start")


@pytest.mark.slow
def test_fifty_episodes_against_transformers_serve(served: str, tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    model = {"backend": "local-chat-completions", "model": str(model_path("tiny_agent")), "base_url": served}
    theirs = measure(model, [ENTRY], tmp_path / "served", settings=HOW)
    ours = measure(load("tiny_agent"), [ENTRY], tmp_path / "memory", settings=HOW)
    rows = {row.doc_id: row for row in theirs.rows("tiny_notes")}
    assert len(rows) == 50
    assert sum(row.parts["calls"] for row in rows.values()) >= 45
    assert sum(message["role"] == "tool" for row in rows.values() for message in row.completion) >= 45
    same = sum(rows[row.doc_id].completion == row.completion for row in ours.rows("tiny_notes"))
    print(
        "same trajectories:", same, "served:", theirs.tasks["tiny_notes"].mean, "memory:", ours.tasks["tiny_notes"].mean
    )
    assert same >= 45
