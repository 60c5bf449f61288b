"""Several workers: their metrics add up, nothing of them stays behind, however they end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest
from helpers.http_load import Load
from helpers.reward_server import free_port, serving, wait_ready, workers

from holdfast.cli import main
from holdfast.serve import workers as shared_state

BODY = json.dumps({"sample": {"completion": "42", "reference": "42"}}).encode()
PATH = "/v1/rewards/numeric/score"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The servers' temporary folder, empty at first."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def _left(folder: Path) -> list[Path]:
    return list(folder.glob(f"{shared_state.PREFIX}*"))


def _until(true: Callable[[], bool]) -> bool:
    for _ in range(150):
        if true():
            return True
        time.sleep(0.1)
    return False


def _count(page: str, status: int) -> float:
    found = re.search(rf'holdfast_requests_total{{route="[^"]*/score",status="{status}"}} ([\d.]+)', page)
    return float(found[1]) if found else 0.0


def test_metrics_are_the_sum_over_workers_also_over_killed_ones(temporary: Path) -> None:
    with serving("reward=numeric", "workers=2") as (port, process):
        url = f"http://127.0.0.1:{port}"
        Load(port, PATH, [BODY], 400, connections=50).run()
        Load(port, PATH, [b"{"], 100, connections=50).run()
        shares = [_own(temporary, worker.pid) for worker in workers(process)]
        pages = [httpx.get(f"{url}/metrics").text for _ in range(8)]
        assert {(_count(page, 200), _count(page, 400)) for page in pages} == {(400.0, 100.0)}
        assert all(shares), "one worker did all the work"
        first = workers(process)[0]
        first.kill()
        assert _until(lambda: len({w.pid for w in workers(process)} - {first.pid}) == 2)
        wait_ready(port)
        Load(port, PATH, [BODY], 200, connections=50).run()
        page = httpx.get(f"{url}/metrics").text
        assert (_count(page, 200), _count(page, 400)) == (600.0, 100.0)
        assert re.search(r'holdfast_queue_samples{reward="numeric"} 0.0', page)
    assert not _left(temporary)


def _own(folder: Path, pid: int) -> bool:
    """Whether the worker counted anything."""
    return any(path.stat().st_size for path in folder.glob(f"*/counter_{pid}.db"))


@pytest.mark.parametrize(("count", "number"), [(1, "TERM"), (2, "TERM"), (2, "INT")])
def test_nothing_is_left_behind(temporary: Path, count: int, number: str) -> None:
    with serving("reward=numeric", f"workers={count}") as (_, process):
        assert len(_left(temporary)) == (count > 1)
        process.send_signal(signal.Signals[f"SIG{number}"])
        assert process.wait(timeout=300) == 0
    assert not _left(temporary)


@pytest.mark.slow
def test_what_a_killed_server_leaves_goes_with_the_next_start_and_its_workers_end(temporary: Path) -> None:
    with serving("reward=numeric", "workers=2") as (port, process):
        orphans = workers(process)
        process.kill()
        process.wait()
        assert len(_left(temporary)) == 1
        _, alive = psutil.wait_procs(orphans, timeout=300)
        assert not alive
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{port}/healthz")
    with serving("reward=numeric", "workers=2"):
        mine = _left(temporary)
        assert len(mine) == 1
        with serving("reward=numeric", "workers=2"):
            assert mine[0] in _left(temporary), "a living server's folder was taken away"
            assert len(_left(temporary)) == 2
    assert not _left(temporary)


def test_a_worker_that_was_still_starting_when_its_server_was_killed_ends_too() -> None:
    command = [sys.executable, "-m", "holdfast", "serve", "reward=numeric", "workers=2", f"port={free_port()}"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        assert _until(lambda: len(workers(server)) == 2)
        orphans = workers(server)
    finally:
        server.kill()
        server.wait()
    _, alive = psutil.wait_procs(orphans, timeout=300)
    assert not alive


def test_the_sweep_takes_only_what_is_abandoned(temporary: Path) -> None:
    old, new, other = (temporary / f"{name}" for name in ("holdfast-metrics-old", "holdfast-metrics-new", "else"))
    for folder in (old, new, other):
        folder.mkdir()
        (folder / "counter_1.db").touch()
    os.utime(old, (1, 1))
    os.utime(other, (1, 1))
    (temporary / "holdfast-metrics-link").symlink_to(other)
    shared_state.sweep(temporary)
    assert sorted(path.name for path in temporary.iterdir()) == [
        "else",
        "holdfast-metrics-link",
        "holdfast-metrics-new",
    ]
    assert (other / "counter_1.db").exists()


@pytest.mark.parametrize("count", [1, 2])
def test_a_port_that_is_taken_is_said(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        assert main(["serve", "reward=numeric", f"port={port}", f"workers={count}"]) == 64
    signal.signal(signal.SIGTERM, before)
    assert f"cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err


def test_connections_are_spread_over_the_workers() -> None:
    client = httpx.Client(limits=httpx.Limits(max_connections=None))
    with serving("reward=numeric", "workers=2") as (port, process), client:
        held = [client.stream("GET", f"http://127.0.0.1:{port}/healthz") for _ in range(64)]
        for one in held:
            one.__enter__()
        shares = [len(worker.net_connections("tcp")) - 1 for worker in workers(process)]
        for one in held:
            one.__exit__(None, None, None)
    assert sum(shares) == 64
    assert min(shares) >= 12, shares
