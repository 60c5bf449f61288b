"""What clients do wrong on purpose or by accident: half-open, slow, deaf, oversized; and a worker that is killed."""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from helpers.reward_server import free_port, wait_ready

from holdfast import Reward, Sample, Score, UsageError
from holdfast.serve.batcher import Batcher, independent
from holdfast.serve.client import Client

SERVE = """
import sys
import uvicorn
from holdfast.serve import timeouts
from holdfast.serve.app import make_app
from holdfast.serve.settings import Settings
timeouts.STALL = 1.0
app = make_app(Settings(rewards={"numeric": "numeric"}, body_timeout=1.0, max_body=400_000))
uvicorn.run(app, port=int(sys.argv[1]), http=timeouts.BoundedProtocol, access_log=False, log_level="warning")
"""
BODY = json.dumps({"sample": {"completion": "42", "reference": "42"}}).encode()
HEAD = b"POST /v1/rewards/numeric/score HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server whose clocks run out after one second."""
    number = free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(number)])
    try:
        wait_ready(number, process)
        yield number
    finally:
        process.terminate()
        process.wait(timeout=300)


def _sent(port: int, *pieces: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=15)
    for piece in pieces:
        connection.sendall(piece)
    return connection


def _rest(connection: socket.socket) -> bytes:
    """All that comes until the server closes; a reset counts as closed."""
    found = b""
    try:
        while piece := connection.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


@pytest.mark.parametrize("pieces", [(), (b"POST /v1/rew",), ((HEAD % 10)[:-2],)])
def test_a_connection_that_sends_no_whole_head_is_cut(port: int, pieces: Sequence[bytes]) -> None:
    assert _rest(_sent(port, *pieces)) == b""


def test_a_body_that_stalls_gets_408(port: int) -> None:
    assert _sent(port, HEAD % 100, b"{").recv(4096).startswith(b"HTTP/1.1 408")


def test_a_body_that_trickles_is_still_read(port: int) -> None:
    connection = _sent(port, HEAD % len(BODY))
    for byte in range(0, len(BODY), 10):
        connection.sendall(BODY[byte : byte + 10])
        time.sleep(0.05)
    assert connection.recv(4096).startswith(b"HTTP/1.1 200")


@pytest.mark.slow
def test_a_client_that_never_reads_is_cut(port: int) -> None:
    line = json.dumps({"completion": "x" * 300 + " 1", "reference": "1"}).encode() + b"\n"
    chunk = b"%x\r\n%b\r\n" % (len(line) * 300, line * 300)
    connection = _sent(port, b"POST /v1/rewards/numeric/score_stream HTTP/1.1\r\nHost: h\r\n")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(b"Transfer-Encoding: chunked\r\n\r\n")
    with pytest.raises(OSError, match=r"reset|pipe|closed|aborted|timed out"):  # noqa: PT012 (which send meets it varies)
        for _ in range(2000):
            connection.sendall(chunk)
    assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200


def test_a_stream_that_stalls_says_so(port: int) -> None:
    connection = _sent(port, b"POST /v1/rewards/numeric/score_stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n")
    connection.sendall(b'Transfer-Encoding: chunked\r\n\r\n1d\r\n{"completion":"1","reference"\r\n')
    assert b"the stream ends here: no more of the body came" in _rest(connection)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (HEAD % 500_000 + b" " * 500_000, 413),
        (b"NONSENSE\r\n\r\n", 400),
        (HEAD.replace(b"%d", b"-1") + BODY, 400),
        (b"GET /healthz HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 60_000 + b"\r\n\r\n", 200),
    ],
)
def test_oversized_and_malformed_requests(port: int, raw: bytes, status: int) -> None:
    assert int(_sent(port, raw).recv(4096).split()[1]) == status


def test_idle_connections_do_not_keep_others_out(port: int) -> None:
    idle = [_sent(port) for _ in range(300)]
    assert Client(f"http://127.0.0.1:{port}", "numeric").score(Sample("42", "42")).value == 1.0
    assert all(_rest(connection) == b"" for connection in idle)


def test_a_killed_worker_costs_no_verdict(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "holdfast", "serve", "reward=numeric", f"port={port}", "workers=2"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_ready(port)
        samples = [Sample(str(i % 7), str(i % 5)) for i in range(400)]
        client = Client(f"http://127.0.0.1:{port}", "numeric", retries=8)
        with ThreadPoolExecutor(4) as pool:
            found = pool.map(client.score, samples)
            workers = [c for c in psutil.Process(process.pid).children() if "spawn_main" in " ".join(c.cmdline())]
            os.kill(random.choice(workers).pid, signal.SIGKILL)
            assert list(found) == Reward("numeric").score_batch(samples)
    finally:
        process.terminate()
        process.wait(timeout=300)


def _refusing(sample: Sample) -> Score:
    if sample.text == "bad":
        raise UsageError("this sample is refused")
    return Score.of(True)


def test_a_refused_sample_takes_no_other_request_down() -> None:
    from holdfast.registry import register

    register("test_refusing")(_refusing)
    batcher = Batcher("test_refusing", Reward("test_refusing"), 100)

    async def ask() -> list[Any]:
        texts = ["good", "bad", "good"]
        return await asyncio.gather(*(batcher.score([Sample(t)]) for t in texts), return_exceptions=True)

    found = asyncio.run(ask())
    batcher.close()
    assert [one[0].value if isinstance(one, list) else str(one) for one in found] == [
        1.0,
        "this sample is refused",
        1.0,
    ]


def test_group_rewards_never_mix_requests() -> None:
    from holdfast.registry import register

    @register("test_group_size", scope="group", needs_reference=False)
    def group_size(samples: Sequence[Sample]) -> list[Score]:
        """How many were judged together."""
        return [Score.share(1 / len(samples)) for _ in samples]

    inside = {"reward": "weighted_sum", "of": {"it": {"reward": "test_group_size", "weight": 1.0}}}
    for reward in (Reward("test_group_size"), Reward.from_config(inside)):
        assert not independent(reward)
        batcher = Batcher("g", reward, 100)

        async def ask(batcher: Batcher = batcher) -> list[Any]:
            return await asyncio.gather(*(batcher.score([Sample("x", prompt="p")]) for _ in range(8)))

        assert [scores[0].value for scores in asyncio.run(ask())] == [1.0] * 8
        batcher.close()


@pytest.mark.slow
def test_memory_and_descriptors_do_not_grow(port: int) -> None:
    """30,000 requests of every kind, good and bad, after a warm-up."""
    process = next(c for c in psutil.Process().children() if str(port) in " ".join(c.cmdline()))
    _mixed(port, 6000)
    before, files = process.memory_info().rss, process.num_fds()
    _mixed(port, 30_000)
    time.sleep(2)
    assert process.memory_info().rss - before < 24 * 2**20
    assert process.num_fds() - files < 20


def _mixed(port: int, count: int) -> None:
    base = f"http://127.0.0.1:{port}/v1/rewards"
    batch = json.dumps({"samples": [json.loads(BODY)["sample"]] * 8}).encode()
    kinds = [("numeric/score", BODY), ("numeric/score", b"{"), ("nowhere/score", BODY), ("numeric/score_batch", batch)]
    with httpx.Client() as client:
        for number in range(count):
            path, body = kinds[number % 4]
            assert client.post(f"{base}/{path}", content=body).status_code in (200, 400, 404)
