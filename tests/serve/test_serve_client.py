"""The client against servers that are slow, full, killed or gone: a verdict or none, never a 0 that nobody judged."""

import asyncio
import multiprocessing
import pickle
import re
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers.reward_server import free_port, serving

from holdfast import HoldfastError, Outcome, Sample, UsageError
from holdfast.serve.client import Client, ServerError

MODULE = """
import os, time
from collections.abc import Sequence
from pathlib import Path
from holdfast import Sample, Score
from holdfast.registry import register

def slow(sample: Sample, *, seconds: float = 0.1) -> Score:
    with Path(os.environ["JUDGED"]).open("a") as told:
        told.write(sample.text + "\\n")
    until = sample.info.get("until")
    while until and not Path(until).exists():
        time.sleep(0.02)
    time.sleep(float(sample.info.get("seconds", seconds)))
    return Score.of(sample.text == sample.reference)

@register("together", version="1", scope="group", needs_reference=False)
def together(samples: Sequence[Sample]) -> list[Score]:
    \"\"\"How many were judged together.\"\"\"
    return [Score.share(1 / len(samples)) for _ in samples]
"""
SLOW = "mine_slow:slow"


@contextmanager
def slow_server(folder: Path, *words: str, reward: str = SLOW, at: int | None = None) -> Iterator[tuple[str, Any]]:
    """A server of the rewards above; which samples were judged is in folder/judged."""
    (folder / "mine_slow.py").write_text(MODULE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUDGED", str(folder / "judged"))
        with serving(f"reward={reward}", *words, modules=folder, at=at) as (port, process):
            yield f"http://127.0.0.1:{port}", process


@contextmanager
def answering(*answers: tuple[int, dict[str, str], bytes]) -> Iterator[tuple[str, list[float]]]:
    """A server of prepared answers, the last again and again; when it was asked."""
    asked: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            status, headers, body = answers[min(len(asked), len(answers) - 1)]
            asked.append(time.monotonic())
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def _statuses(url: str) -> dict[str, float]:
    page = httpx.get(f"{url}/metrics").text
    return {s: float(n) for s, n in re.findall(_COUNTER, page)}


def _samples(count: int, **info: Any) -> list[Sample]:
    return [Sample(str(n % 4), "0", info=info) for n in range(count)]


_COUNTER = r'holdfast_requests_total{route="[^"]*score_batch",status="(\d+)"} ([\d.]+)'
GOOD = b'{"scores": [{"value": 1.0, "outcome": "correct", "reason": "", "extracted": null, "parts": {}}]}'


def test_a_full_server_is_asked_again_until_it_judges(tmp_path: Path) -> None:
    with slow_server(tmp_path, "max_queue=4") as (url, _):
        client = Client(url, SLOW, retries=30)
        with ThreadPoolExecutor(40) as pool:
            found = list(pool.map(client.score, _samples(20, seconds=0.03)))
        statuses = _statuses(url)
    assert [score.value for score in found] == [1.0, 0.0, 0.0, 0.0] * 5
    assert statuses["200"] == 20
    assert statuses["429"] > 0
    assert len((tmp_path / "judged").read_text().split()) == 20


def test_retry_after_is_waited_for() -> None:
    with answering((429, {"Retry-After": "1"}, b"{}"), (200, {}, GOOD)) as (url, asked):
        assert Client(url, "r").score(Sample("x")).value == 1.0
    assert len(asked) == 2
    assert asked[1] - asked[0] >= 1.0


@pytest.mark.parametrize("after", ["3600", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_wait_beyond_the_deadline_is_not_begun(after: str) -> None:
    with answering((503, {"Retry-After": after}, b"{}")) as (url, asked):
        with pytest.raises(ServerError, match="HTTP 503"):
            Client(url, "r", deadline=30).score(Sample("x"))
        assert len(asked) == 1


@pytest.mark.parametrize("after", ["soon", "-1", "1e9", ""])
def test_an_unreadable_retry_after_is_none(after: str) -> None:
    with answering((503, {"Retry-After": after}, b"{}"), (200, {}, GOOD)) as (url, _):
        assert Client(url, "r").score(Sample("x")).value == 1.0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"scores": []}',
        b'{"scores": [null]}',
        b'{"scores": [{"value": 0, "outcome": "error", "reason": ""}]}',
        b'{"scores": [{"value": "0", "outcome": "wrong", "reason": ""}]}',
        b'{"scores": [{"value": false, "outcome": "wrong", "reason": ""}]}',
        b'{"scores": [{"value": NaN, "outcome": "wrong", "reason": ""}]}',
        b'{"scores": [{"value": 0.0, "outcome": "odd", "reason": ""}]}',
        GOOD[:-9],
        GOOD.replace(b"[{", b"[{}, {"),
    ],
)
def test_an_unsound_answer_is_no_verdict(body: bytes) -> None:
    with answering((200, {}, body)) as (url, asked):
        score = Client(url, "r", retries=1, on_failure="none").score(Sample("x"))
        assert (score.value, score.outcome) == (None, Outcome.ERROR)
        assert len(asked) == 2


def test_a_refusal_that_will_not_change_is_not_asked_again() -> None:
    with answering((400, {}, b'{"error": "odd"}')) as (url, asked):
        with pytest.raises(ServerError, match=r"HTTP 400: .*odd"):
            Client(url, "r").score(Sample("x"))
        assert len(asked) == 1


def test_a_deadline_ends_it_here_and_at_the_server(tmp_path: Path) -> None:
    with slow_server(tmp_path) as (url, _):
        with pytest.raises(ServerError, match="gave no verdict"):
            Client(url, SLOW, deadline=1.0).score(Sample("a", "a", info={"seconds": 2}))
        with pytest.raises(ServerError, match="gave no verdict"):
            Client(url, SLOW, deadline=0.5).score(Sample("b", "b"))
        assert Client(url, SLOW).score(Sample("c", "c")).value == 1.0
        judged = (tmp_path / "judged").read_text().split()
    assert judged == ["a", "c"], "what nobody waited for was judged"


def test_a_server_killed_in_the_middle_makes_no_zero(tmp_path: Path) -> None:
    with slow_server(tmp_path) as (url, process):
        told = Client(url, SLOW, batch=2, parallel=2, retries=2, on_failure="none")
        threading.Timer(0.6, process.send_signal, [signal.SIGKILL]).start()
        found = told.score_batch([Sample("x", "x")] * 24)
    values = [score.value for score in found]
    assert set(values) == {1.0, None}
    assert all(score.outcome == "error" for score in found if score.value is None)


@pytest.mark.slow
def test_a_server_that_comes_back_is_asked_again(tmp_path: Path) -> None:
    (tmp_path / "mine_slow.py").write_text(MODULE)
    with ThreadPoolExecutor(1) as pool, slow_server(tmp_path) as (url, process):
        found = pool.submit(Client(url, SLOW, batch=4, retries=12).score_batch, _samples(40))
        time.sleep(1.0)
        process.kill()
        process.wait()
        with slow_server(tmp_path, at=int(url.rpartition(":")[2])):
            values = [score.value for score in found.result(timeout=300)]
    assert values == [1.0, 0.0, 0.0, 0.0] * 10


def test_a_hedge_takes_the_first_answer_and_drops_the_other(tmp_path: Path) -> None:
    """One of two replicas is busy until the others are judged: nobody waits for it, and it is told."""
    first, second, free = tmp_path / "slow", tmp_path / "fast", tmp_path / "free"
    busy = Sample("jam", "jam", info={"until": str(free), "seconds": 0})
    first.mkdir()
    second.mkdir()
    with slow_server(first, "max_queue=1000") as (slow, _), slow_server(second) as (fast, _):
        jam = threading.Thread(target=Client(slow, SLOW, on_failure="none", retries=0, timeout=30).score, args=(busy,))
        jam.start()
        while not (first / "judged").exists():
            time.sleep(0.02)
        client = Client([slow, fast], SLOW, hedge=0.1, retries=0)
        found = [client.score(Sample("x", "x", info={"seconds": 0})) for _ in range(24)]
        assert jam.is_alive(), "the slow replica was not slow"
        counts = _statuses(slow), _statuses(fast)
        free.touch()
        jam.join()
        judged = (first / "judged").read_text().split()
    assert [score.value for score in found] == [1.0] * 24
    assert counts[1] == {"200": 24.0}
    assert counts[0].keys() == {"499"}
    assert counts[0]["499"] > 3
    assert judged == ["jam"], "the slow replica judged what nobody waited for"


def test_without_a_slow_answer_nothing_is_asked_twice(tmp_path: Path) -> None:
    with slow_server(tmp_path) as (url, _):
        client = Client(url, SLOW, hedge=20.0)
        client.score_batch(_samples(5))
        assert _statuses(url) == {"200": 1.0}


def test_cancelling_the_call_cancels_the_work(tmp_path: Path) -> None:
    async def ask(client: Client) -> None:
        blocking = asyncio.create_task(client.ascore(Sample("a", "a", info={"seconds": 2})))
        await asyncio.sleep(0.5)
        doomed = [asyncio.create_task(client.ascore(Sample("b", "b"))) for _ in range(20)]
        await asyncio.sleep(0.5)
        for task in doomed:
            task.cancel()
        assert (await blocking).value == 1.0
        assert (await client.ascore(Sample("c", "c"))).value == 1.0

    with slow_server(tmp_path) as (url, _):
        asyncio.run(ask(Client(url, SLOW)))
        assert _statuses(url)["499"] == 20
    assert (tmp_path / "judged").read_text().split() == ["a", "c"]


@pytest.mark.parametrize("count", [200, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_thousand_at_a_time_from_one_loop(count: int) -> None:
    async def ask(client: Client) -> list[Any]:
        return await asyncio.gather(*(client.ascore(Sample(str(n % 2), "1")) for n in range(count)))

    with serving("reward=numeric") as (port, _):
        found = asyncio.run(ask(Client(f"http://127.0.0.1:{port}", "numeric")))
    assert [score.value for score in found] == [0.0, 1.0] * (count // 2)


def test_a_group_is_not_cut_into_requests(tmp_path: Path) -> None:
    with slow_server(tmp_path, reward="mine_slow:together") as (url, _):
        found = Client(url, "mine_slow:together", batch=8).score_batch([Sample("x", prompt="p")] * 20)
    assert {score.value for score in found} == {1 / 20}


def test_trl_needs_a_reference_column_only_where_the_reward_does() -> None:
    with serving("reward=numeric,format_tags,length") as (port, _):
        url = f"http://127.0.0.1:{port}"
        call: dict[str, Any] = {"prompts": ["p", "q"], "completions": ["1", "2"]}
        assert len(Client(url, "format_tags")(**call)) == 2
        assert Client(url, "numeric", reference="gold")(**call, gold=["1", "1"]) == [1.0, 0.0]
        with pytest.raises(UsageError, match=r"column 'reference', which the data set lacks.*'referenc'"):
            Client(url, "numeric")(**call, referenc=["1", "1"])
        with pytest.raises(ServerError, match=r"HTTP 404.*did you mean 'numeric'"):
            Client(url, "numerc")(**call, reference=["1", "1"])


def _child(client: Client, told: Any) -> None:
    told.put(client.score(Sample("7", "7")).value)


@pytest.mark.parametrize("method", ["fork", pytest.param("spawn", marks=pytest.mark.slow)])
def test_a_child_process_has_connections_of_its_own(method: str) -> None:
    context = multiprocessing.get_context(method)
    with serving("reward=numeric") as (port, _):
        client = pickle.loads(pickle.dumps(Client(f"http://127.0.0.1:{port}", "numeric")))
        assert client.score(Sample("7", "7")).value == 1.0
        told = context.Queue()
        child = context.Process(target=_child, args=(client, told))
        child.start()
        assert told.get(timeout=300) == 1.0
        child.join()
        assert client.score(Sample("8", "7")).value == 0.0


def test_what_json_lacks_is_sent_as_what_it_has() -> None:
    numpy = pytest.importorskip("numpy")
    info = {"a": numpy.float32(2), "b": float("nan"), "c": object(), "d": (1, {"e": "\ud800"})}
    with serving("reward=numeric") as (port, _):
        client = Client(f"http://127.0.0.1:{port}", "numeric")
        assert client.score(Sample("7", numpy.int64(7), info=info)).value == 1.0
        assert client.score(Sample("7", float("nan"))).value is None
        with pytest.raises(HoldfastError, match="a object cannot be sent"):
            client.score(Sample("7", object()))


def test_a_dead_address_raises_or_gives_no_value() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    for bad in (url, "http://", "127.0.0.1:80"):
        with pytest.raises(ServerError, match="gave no verdict"):
            Client(bad, "numeric", retries=1).score(Sample("1", "1"))
        found = Client(bad, "numeric", retries=0, batch=1, on_failure="none").score_batch([Sample("1", "1")] * 3)
        assert [score.value for score in found] == [None] * 3
