"""Docker engines reached over TCP, several at a time: a second real engine, which dies in the middle of a batch."""

import logging
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.sandboxes import containers, need

from holdfast.reward import Reward
from holdfast.rewards.sandbox import close_pools
from holdfast.sample import Outcome, Sample

pytestmark = [pytest.mark.docker, pytest.mark.slow]
LOCAL = "unix:///var/run/docker.sock"


class Host:
    """A Docker engine of its own (own data, own containerd), listening on the loopback interface."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        roots = ["--data-root", f"{self._folder}/data", "--exec-root", f"{self._folder}/exec"]
        options = [*roots, "--pidfile", f"{self._folder}/pid", "-H", self.url, "--bridge=none", "--iptables=false"]
        log = (self._folder / "log").open("ab")
        (self._folder / "pid").unlink(missing_ok=True)
        self._process = subprocess.Popen(["dockerd", *options, "--tls=false"], stdout=log, stderr=log)
        for _ in range(100):
            if subprocess.run(self.docker("version"), capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.2)
        pytest.fail(f"no second engine: {(self._folder / 'log').read_text()[-2000:]}")

    def docker(self, *words: str) -> list[str]:
        """A command line to it."""
        return ["docker", "-H", self.url, *words]

    def die(self) -> None:
        """As a machine dies: the engine and all it runs at once, without a goodbye."""
        for path in Path("/proc").iterdir():
            if path.name.isdigit() and int(path.name) != os.getpid():
                try:
                    if str(self._folder).encode() in (path / "cmdline").read_bytes():
                        os.kill(int(path.name), signal.SIGKILL)
                except OSError:
                    continue
        if self._process is not None:
            self._process.wait()
            self._process = None


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    need("docker")
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        pytest.skip("starting a second Docker engine needs root and dockerd")
    folder = Path(f"/tmp/holdfast-engine-{os.getpid()}")
    folder.mkdir()
    host = Host(folder)
    try:
        host.start()
        image = subprocess.Popen(["docker", "save", "holdfast-sandbox:2"], stdout=subprocess.PIPE)
        subprocess.run(host.docker("load"), stdin=image.stdout, check=True, capture_output=True)
        image.wait()
        yield host
    finally:
        close_pools()
        host.die()
        mounts = Path("/proc/mounts").read_text().splitlines()
        for line in sorted((line for line in mounts if str(folder) in line), key=len, reverse=True):
            subprocess.run(["umount", "-l", line.split()[1]], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def samples(count: int, seconds: float) -> list[Sample]:
    program = f"import time\ntime.sleep({seconds})\ndef f(x): return x + 1\n"
    return [Sample(f"# {i}\n{program}", {"tests": [f"assert f({i}) == {i + 1}"]}) for i in range(count)]


def test_docker_host_over_tcp(second: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", second.url)
    reward = Reward("code", backend="docker", workers=1, memory=330)
    assert [score.value for score in reward.score_batch(samples(3, 0.0))] == [1.0] * 3
    assert len(containers(os.getpid())) == 1
    close_pools()
    monkeypatch.delenv("DOCKER_HOST")
    assert reward.score_batch(samples(1, 0.0))[0].value == 1.0
    close_pools()


def test_a_list_of_hosts_shares_the_work(second: Host) -> None:
    reward = Reward("code", backend="docker", workers=2, memory=331, hosts=f"{LOCAL}, {second.url}")
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.extend(reward.score_batch(samples(12, 0.2))))
    thread.start()
    seen: set[tuple[int, int]] = set()
    while thread.is_alive():
        there = subprocess.run(second.docker("ps", "-q"), capture_output=True, text=True, check=True).stdout.split()
        seen.add((len(there), len(containers(os.getpid()))))
    assert (1, 1) in seen and max(map(max, seen)) == 1, seen
    assert [score.value for score in result] == [1.0] * 12
    close_pools()


def test_a_host_that_dies_in_the_middle_of_a_batch(second: Host, caplog: pytest.LogCaptureFixture) -> None:
    reward = Reward("code", backend="docker", workers=2, memory=332, hosts=f"{LOCAL}, {second.url}")
    assert [score.value for score in reward.score_batch(samples(2, 0.0))] == [1.0] * 2
    result: list[Any] = []
    batch = samples(30, 0.2)
    thread = threading.Thread(target=lambda: result.extend(reward.score_batch(batch)))
    with caplog.at_level(logging.WARNING, logger="holdfast.sandbox"):
        thread.start()
        time.sleep(1.0)
        second.die()
        thread.join(timeout=300)
    # The other engine took what the dead one had and what waited.
    assert [score.value for score in result] == [1.0] * 30
    warnings = [record.message for record in caplog.records if "cannot start" in record.message]
    assert len(warnings) == 1 and second.url in warnings[0] and "other engines take its items" in warnings[0], warnings
    close_pools()


def test_with_no_host_left_items_are_errors_and_the_engine_is_used_when_it_is_back(
    second: Host, caplog: pytest.LogCaptureFixture
) -> None:
    """Continues where the last test left the engine: dead."""
    second.die()
    reward = Reward("code", backend="docker", workers=2, memory=333, hosts=second.url)
    with caplog.at_level(logging.WARNING, logger="holdfast.sandbox"):
        scores = reward.score_batch(samples(8, 0.0))
    assert [(score.value, score.outcome) for score in scores] == [(None, Outcome.ERROR)] * 8
    assert sum("its items get no score" in record.message for record in caplog.records) == 1
    second.start()
    deadline = time.monotonic() + 300
    while (score := reward.score(samples(1, 0.0)[0])).value is None:
        assert time.monotonic() < deadline, score
        time.sleep(0.5)
    assert score.value == 1.0
    close_pools()
