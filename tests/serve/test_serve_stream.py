"""Streams: any length in bounded memory, answers while the body comes, no work for a client that has left."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from helpers.reward_server import serving

COUNT = 100_000
HEAD = (
    b"POST /v1/rewards/%b/score_stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
)
MODULE = """
import time
from pathlib import Path
from holdfast import Sample, Score
def slow(sample: Sample, *, seconds: float = 0.002) -> Score:
    with Path(__file__).with_name("judged").open("a") as told:
        told.write(".")
    time.sleep(seconds)
    return Score.of(sample.text == sample.reference)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("stream")
    (found / "mine_streamed.py").write_text(MODULE)
    return found


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    words = ("reward=numeric,mine_streamed:slow", "max_queue=512", "max_body=4000000")
    with serving(*words, modules=folder) as (port, process):
        yield port, psutil.Process(process.pid)


def _line(number: int) -> bytes:
    return json.dumps({"completion": f"{'x' * 300} {number % 7}", "reference": "3"}).encode() + b"\n"


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _connected(port: int, reward: bytes = b"numeric") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.sendall(HEAD % reward)
    return connection


@pytest.mark.slow
def test_a_stream_of_any_length_needs_bounded_memory(server: tuple[int, psutil.Process]) -> None:
    """100,000 samples, 35 MB in and 12 MB out through a server that may keep 4 MB."""
    port, process = server
    piece = [b"".join(_line(n) for n in range(start, start + 500)) for start in range(0, 3500, 500)]
    before, most = process.memory_info().rss, 0
    connection = _connected(port)

    def send() -> None:
        for number in range(COUNT // 500):
            connection.sendall(_chunk(piece[number % 7]))
        connection.sendall(b"0\r\n\r\n")

    sending = threading.Thread(target=send)
    sending.start()
    lines, right = 0, 0
    with connection.makefile("rb") as answer:
        for line in answer:
            if line.startswith(b'{"value"'):
                right += json.loads(line)["value"] == float(lines % 7 == 3)
                lines += 1
            if lines % 10_000 == 0:
                most = max(most, process.memory_info().rss)
    sending.join()
    assert (lines, right) == (COUNT, COUNT)
    assert most - before < 24 * 2**20


def test_each_answer_comes_before_the_next_sample_is_sent(server: tuple[int, psutil.Process]) -> None:
    connection = _connected(server[0])
    with connection.makefile("rb") as answer:
        while answer.readline() != b"\r\n":
            pass
        for number in range(20):
            connection.sendall(_chunk(_line(number)))
            size = int(answer.readline(), 16)
            told = json.loads(answer.read(size + 2))
            assert told["value"] == float(number % 7 == 3)
    connection.close()


@pytest.mark.parametrize("count", [5_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_a_client_that_sends_everything_first_is_served_too(server: tuple[int, psutil.Process], count: int) -> None:
    body = b"".join(_line(n) for n in range(count))
    answer = httpx.post(f"http://127.0.0.1:{server[0]}/v1/rewards/numeric/score_stream", content=body, timeout=60)
    values = [json.loads(line)["value"] for line in answer.text.splitlines()]
    assert values == [float(n % 7 == 3) for n in range(count)]


def test_a_client_that_leaves_stops_the_work(server: tuple[int, psutil.Process], folder: Path) -> None:
    judged = folder / "judged"
    connection = _connected(server[0], b"mine_streamed:slow")
    body = b"".join(json.dumps({"completion": "1", "reference": "1"}).encode() + b"\n" for _ in range(500))
    sending = threading.Thread(target=_send_all, args=(connection, _chunk(body), 200))
    sending.start()
    while b'"value"' not in connection.recv(200_000):
        pass
    connection.shutdown(socket.SHUT_RDWR)
    connection.close()
    sending.join()
    before = -1
    while before != len(judged.read_text()):
        before = len(judged.read_text())
        time.sleep(1.0)
    assert 0 < before < 5_000, "of 100,000"


def _send_all(connection: socket.socket, data: bytes, times: int) -> None:
    try:
        for _ in range(times):
            connection.sendall(data)
    except OSError:
        pass  # we have left


def test_a_stream_waits_for_room_and_others_are_still_served(server: tuple[int, psutil.Process]) -> None:
    """More than the queue holds from one stream: nothing is refused, and a single request gets its turn."""
    url = f"http://127.0.0.1:{server[0]}/v1/rewards/mine_streamed:slow"
    lines = b'{"completion": "1", "reference": "1"}\n' * 1500
    told: list[str] = []
    stream = threading.Thread(
        target=lambda: told.extend(httpx.post(f"{url}/score_stream", content=lines, timeout=60).text.splitlines())
    )
    stream.start()
    time.sleep(0.3)
    single = httpx.post(f"{url}/score", json={"sample": {"completion": "1", "reference": "1"}}, timeout=60)
    assert single.status_code == 200
    assert stream.is_alive(), "the single request waited for the whole stream"
    stream.join()
    assert len(told) == 1500
    assert all(json.loads(line)["value"] == 1.0 for line in told)


def test_a_deadline_is_kept_while_a_stream_fills_the_queue(server: tuple[int, psutil.Process]) -> None:
    url = f"http://127.0.0.1:{server[0]}/v1/rewards/mine_streamed:slow"
    lines = b'{"completion": "1", "reference": "1"}\n' * 1000
    stream = threading.Thread(target=lambda: httpx.post(f"{url}/score_stream", content=lines, timeout=60))
    stream.start()
    time.sleep(0.3)
    body = {"sample": {"completion": "1", "reference": "1"}, "deadline_ms": 1}
    assert httpx.post(f"{url}/score", json=body, timeout=60).status_code == 504
    stream.join()
