"""The judge against a real inference server: `transformers serve` with the embedded tiny model."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from holdfast import Outcome, Reward, Sample
from holdfast.benchmarks.tiny import model_path
from holdfast.rewards.learned.endpoint import Endpoint


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).with_name("transformers")
    command = [str(program), "serve", "--port", str(port), "--host", "127.0.0.1", "--device", "cpu", str(model_path())]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ})
    try:
        _wait(port, process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(timeout=300)


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        assert process.poll() is None, "the server ended"
        try:
            httpx.get(f"http://127.0.0.1:{port}/health", timeout=1)
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the server did not come up")


@pytest.mark.slow
def test_a_real_server_answers_and_its_nonsense_is_no_zero(server: str, tmp_path: Path) -> None:
    endpoint = Endpoint(server, str(model_path()), max_tokens=40, cache=str(tmp_path / "answers.sqlite"))
    question = [{"role": "user", "content": "JSON of name=ana age=7"}]
    assert endpoint.ask(question, json.loads) == {"name": "ana", "age": 7}
    reward = Reward("judge", base_url=server, model=str(model_path()), retries=1, max_tokens=16)
    score = reward.score(Sample("Paris", prompt="Capital of France?"))
    assert (score.value, score.outcome) == (None, Outcome.ERROR)
    assert "unusable answer" in score.reason
