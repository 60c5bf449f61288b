"""A full disk of the host is never a program's 0: where it hurts there is no value, elsewhere the verdict stays."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from helpers.sandboxes import DOCKER_SLOW, groups, need

from holdfast.reward import Reward
from holdfast.rewards.sandbox import channel, close_pools
from holdfast.sample import Outcome, Sample, Score

GOOD, BAD = "def f(x): return x + 1", "def f(x): return x"
REFERENCE = {"tests": ["assert f(1) == 2"]}
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _scores(backend: str, memory: int) -> list[Score]:
    """In a pool of its own."""
    try:
        reward = Reward("code", backend=backend, workers=1, memory=memory)
        return reward.score_batch([Sample(GOOD, REFERENCE), Sample(BAD, REFERENCE)])
    finally:
        close_pools()


def _full(*_: Any, **__: Any) -> NoReturn:
    raise FULL


@pytest.mark.bubblewrap
def test_a_sandbox_that_cannot_start_for_want_of_room(monkeypatch: pytest.MonkeyPatch) -> None:
    need("bubblewrap")
    monkeypatch.setattr(channel.subprocess, "Popen", _full)
    scores = _scores("bubblewrap", 371)
    assert [(score.value, score.outcome) for score in scores] == [(None, Outcome.ERROR)] * 2
    assert all("No space left" in score.reason for score in scores)
    assert groups(os.getpid()) == []


@pytest.mark.docker
@pytest.mark.parametrize("step", ["create", "start"])
def test_an_engine_whose_disk_is_full(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    need("docker")
    from docker.errors import APIError
    from docker.models.containers import Container, ContainerCollection

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise APIError("500 Server Error: mkdir /var/lib/docker/overlay2/x: no space left on device")

    monkeypatch.setattr(ContainerCollection if step == "create" else Container, step, refuse)
    scores = _scores("docker", 372)
    assert [(score.value, score.outcome) for score in scores] == [(None, Outcome.ERROR)] * 2
    assert all("no space left" in score.reason for score in scores)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of our own without a byte left."""
    place = tmp_path / "full"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a file system of our own needs root")
    try:
        with pytest.raises(OSError, match="No space"):
            (place / "filler").write_bytes(bytes(2**20))
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


RUN = """
import sys
from holdfast.reward import Reward
from holdfast.sample import Sample
calls = {"tests": ["assert f(1) == 2"]}
prints = {"tests": [{"input": "1", "output": "2"}]}
checked = {**prints, "checker": "print(int(open(__import__('sys').argv[3]).read()) == 2)"}
texts = [("def f(x): return x + 1", calls), ("def f(x): return x", calls), ("print(2)", prints), ("print(3)", prints),
         ("print(2)", checked), ("print(3)", checked), ("open('x', 'w').write('y' * 9999)\\nprint(2)", prints)]
print([s.value for s in Reward("code", backend=sys.argv[1], workers=1).score_batch([Sample(*t) for t in texts])])
"""


@pytest.mark.parametrize("backend", DOCKER_SLOW)
def test_verdicts_need_no_room_on_the_host(backend: str, full_disk: Path) -> None:
    """Working directory, temporary files and caches on a full disk."""
    room = {name: str(full_disk) for name in ("TMPDIR", "TEMP", "TMP", "HOLDFAST_CACHE", "XDG_CACHE_HOME")}
    source = str(Path(sys.modules["holdfast"].__file__ or "").parents[1])
    done = subprocess.run(
        [sys.executable, "-c", RUN, need(backend)],
        cwd=full_disk,
        env={**os.environ, **room, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]", done.stderr[-2000:]
