"""The reward server as a real process: verdicts, refusals, overload, shutdown, and its client."""

import asyncio
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers.paths import shared
from helpers.reward_server import free_port, wait_ready

from holdfast import Outcome, Reward, Sample
from holdfast.cli import main
from holdfast.serve.client import Client, ServerError

SLOW = """
import time
from holdfast import Sample, Score
def slow(sample: Sample, *, seconds: float = 0.2) -> Score:
    time.sleep(seconds)
    return Score.of(sample.text == sample.reference)
def broken(sample: Sample) -> Score:
    raise OSError("the engine is down")
"""


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """A server process, ready; its address."""
    (folder / "mine_served.py").write_text(SLOW)
    port = free_port()
    command = [sys.executable, "-m", "holdfast", "serve", f"port={port}", *words]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_ready(port, process)
        yield address, process
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=300)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("serve")
    with serving(folder, "reward=numeric,mine_served:slow,mine_served:broken,choice", "max_body=200000") as (url, _):
        yield url


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    rows = [json.loads(line) for line in shared("gsm8k", "example_model_solutions.jsonl").open(encoding="utf-8")][:1000]
    return [
        Sample(row[model]["solution"], row["ground_truth"], row["question"])
        for row in rows
        for model in ("6b_finetuning", "175b_verification")
    ]


def _post(url: str, body: Any, **options: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(url, content=content, timeout=30, **options)


def test_two_thousand_verdicts_are_the_direct_ones(server: str, samples: list[Sample]) -> None:
    expected = Reward("numeric").score_batch(samples)
    client = Client(server, "numeric", batch=64)
    assert client.score_batch(samples) == expected
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(client.score, samples[:100])) == expected[:100]
    assert asyncio.run(client.ascore_batch(samples[:100])) == expected[:100]
    lines = b"\n".join(json.dumps({"completion": s.completion, "reference": s.reference}).encode() for s in samples)
    streamed = _post(f"{server}/v1/rewards/numeric/score_stream", lines).text.splitlines()
    assert [json.loads(line)["value"] for line in streamed] == [score.value for score in expected]


def test_the_frameworks_routes_agree(server: str, samples: list[Sample]) -> None:
    some = samples[:150]
    expected = [score.value for score in Reward("numeric").score_batch(some)]
    queries = [str(s.prompt) + str(s.completion) for s in some]
    body = {"query": queries, "prompts": [s.prompt for s in some], "labels": [s.reference for s in some]}
    assert _post(f"{server}/openrlhf/numeric", body).json()["rewards"] == expected
    output = [{"type": "message", "content": [{"type": "output_text", "text": some[1].completion}]}]
    request = {"response": {"output": output}, "expected_answer": some[1].reference, "own": [1]}
    answer = _post(f"{server}/nemo_gym/numeric/verify", request).json()
    assert (answer["reward"], answer["own"]) == (expected[1], [1])
    assert _post(f"{server}/nemo_gym/numeric/seed_session", {}).json() == {}
    aggregate = _post(f"{server}/nemo_gym/numeric/aggregate_metrics", {"verify_responses": [answer]}).json()
    assert aggregate["metrics"]["mean_reward"] == expected[1]


SAMPLE = {"completion": "42", "reference": "42"}


@pytest.mark.parametrize(
    ("path", "body", "status", "expected"),
    [
        ("numeric/score", b"{", 400, "not a ScoreRequest"),
        ("numeric/score", b"\xff\xfe", 400, "not a ScoreRequest"),
        ("numeric/score", {"sample": {"completion": 3}}, 400, "$.sample.completion"),
        ("numeric/score", {"sample": SAMPLE, "reward": "os:system"}, 400, "unknown field `reward`"),
        ("numeric/score_batch", {"samples": [{}]}, 400, "completion"),
        ("numeric/score", b"[" * 100_000, 400, "not a ScoreRequest"),
        ("numeric/score", b" " * 300_000, 413, "larger than 200000"),
        ("numerc/score", {"sample": SAMPLE}, 404, "did you mean 'numeric'"),
        ("os:system/score", {"sample": SAMPLE}, 404, "no reward 'os:system' is served"),
        ("mine_served:slow/score", {"sample": SAMPLE, "deadline_ms": 20}, 504, "no verdict within"),
    ],
)
def test_a_bad_request_is_refused_with_a_reason(server: str, path: str, body: Any, status: int, expected: str) -> None:
    response = _post(f"{server}/v1/rewards/{path}", body)
    assert response.status_code == status
    assert expected in response.json()["error"]


def test_other_methods_and_paths_are_refused_as_json(server: str) -> None:
    assert httpx.get(f"{server}/v1/rewards/numeric/score").status_code == 405
    assert httpx.get(f"{server}/nowhere").json()["error"] == "Not Found"


def test_a_failure_of_ours_is_no_zero(server: str) -> None:
    answer = _post(f"{server}/v1/rewards/mine_served:broken/score", {"sample": SAMPLE}).json()
    assert (answer["value"], answer["outcome"]) == (None, "error")


def test_a_stream_that_breaks_says_where(server: str) -> None:
    lines = json.dumps(SAMPLE).encode() + b"\n{oops\n" + json.dumps(SAMPLE).encode()
    answers = [json.loads(line) for line in _post(f"{server}/v1/rewards/numeric/score_stream", lines).text.splitlines()]
    assert answers[0]["value"] == 1.0
    assert "the stream ends here" in answers[1]["error"]
    assert len(answers) == 2


def test_surrogates_survive_the_way_back(server: str) -> None:
    body = b'{"sample": {"completion": "\\ud800 (C)", "reference": "C"}}'
    response = _post(f"{server}/v1/rewards/choice/score", body)
    assert response.status_code in (200, 400)


def test_metrics_and_the_openapi_document(server: str) -> None:
    _post(f"{server}/v1/rewards/numeric/score", {"sample": SAMPLE})
    assert 'route="/v1/rewards/{reward}/score"' in httpx.get(f"{server}/metrics").text
    document = httpx.get(f"{server}/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert "429" in document["paths"]["/v1/rewards/{reward}/score"]["post"]["responses"]
    assert "/v1/rewards/{reward}/score_stream" in httpx.get(f"{server}/docs").text


def test_requests_are_logged_as_json_lines(tmp_path: Path) -> None:
    with serving(tmp_path, "reward=numeric", "log=true") as (url, process):
        _post(f"{url}/v1/rewards/numeric/score", {"sample": SAMPLE})
        process.terminate()
        lines = [json.loads(line) for line in process.communicate(timeout=300)[1].splitlines() if line[:1] == "{"]
    assert [line["status"] for line in lines if line["route"] == "/v1/rewards/{reward}/score"] == [200]


def test_overload_sheds_and_loses_nothing_it_accepted(tmp_path: Path) -> None:
    with serving(tmp_path, "reward=mine_served:slow", "max_queue=8") as (url, _):
        address = f"{url}/v1/rewards/mine_served:slow/score"
        with ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(lambda _: _post(address, {"sample": SAMPLE}), range(40)))
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {200, 429}
        assert all(int(a.headers["retry-after"]) >= 1 for a in answers if a.status_code == 429)
        assert all(a.json()["value"] == 1.0 for a in answers if a.status_code == 200)


def test_sigterm_finishes_what_was_accepted(tmp_path: Path) -> None:
    with serving(tmp_path, "reward=mine_served:slow") as (url, process):
        address = f"{url}/v1/rewards/mine_served:slow/score"
        with ThreadPoolExecutor(10) as pool:
            futures = [pool.submit(_post, address, {"sample": SAMPLE}) for _ in range(10)]
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            values = [future.result().json()["value"] for future in futures]
        assert values == [1.0] * 10


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "secret"}])
def test_without_the_token_nothing_is_reached(tmp_path: Path, headers: dict[str, str]) -> None:
    with serving(tmp_path, "reward=numeric", "token=secret") as (url, _):
        address = f"{url}/v1/rewards/numeric/score"
        assert _post(address, b"{", headers=headers).status_code == 401
        assert httpx.get(f"{url}/metrics", headers=headers).status_code == 401
        assert httpx.get(f"{url}/healthz", headers=headers).status_code == 200
        assert _post(address, {"sample": SAMPLE}, headers={"Authorization": "Bearer secret"}).status_code == 200
        assert Client(url, "numeric", token="secret").score(Sample("42", "42")).value == 1.0
        with pytest.raises(ServerError, match="HTTP 401"):
            Client(url, "numeric", token="wrong").score(Sample("42", "42"))


def test_a_dead_server_raises_or_gives_no_value() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ServerError, match="gave no verdict"):
        Client(address, "numeric", retries=1).score(Sample("1", "1"))
    score = Client(address, "numeric", retries=1, on_failure="none").score(Sample("1", "1"))
    assert (score.value, score.outcome) == (None, Outcome.ERROR)


def test_a_client_is_picklable_hedges_and_serves_trl(server: str) -> None:
    client = pickle.loads(pickle.dumps(Client(server, "numeric", hedge=0.001, reference="answer")))
    assert client(prompts=["p"] * 2, completions=["1", "2"], answer=["1", "1"]) == [1.0, 0.0]


NOTHING = [("workers", 0), ("max_queue", -1), ("deadline", 0), ("deadline", "nan"), ("max_body", 0)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["reward=numerc"], "did you mean 'numeric'"),
        ([], "needs reward="),
        (["reward=numeric", "port=http"], "must be a whole number"),
        (["reward=numeric", "ors=x.jsonl", "workers=2"], "needs workers=1"),
        (["reward=numeric,math", "ors=x.jsonl"], "judged by one reward, not 2"),
        (["reward=a/mix.yaml,b/mix.yml"], "would both be served at /v1/rewards/mix"),
        (["reward=math,math"], "would both be served at /v1/rewards/math"),
        *((["reward=math", f"{key}={value}"], f"{key}= must be more than 0") for key, value in NOTHING),
    ],
)
def test_a_bad_server_is_said_before_it_starts(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *words]) == 64
    assert expected in capsys.readouterr().err
