"""OpenRLHF 0.11.2's own executor loads our function file, or posts to our server, over decoded and cut prompts."""

import math
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import side
from helpers.adapter_rows import GONE, code_config, direct, programs, recorded
from helpers.sandboxes import need

from holdfast.rewards.adapters import openrlhf

pytestmark = pytest.mark.slow
UNJUDGED = [["a long prompt", "The answer is 1", "no number"], ["a long prompt", "The answer is 1", "1"]]


@pytest.fixture(scope="module")
def folder() -> Path:
    return side.packages("openrlhf", "openrlhf==0.11.2", "pylatexenc==2.10", "deepspeed==0.19.6")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "holdfast", "serve", "reward=numeric", f"port={port}"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(120):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).close()
            break
        except OSError:
            time.sleep(0.25)
    yield f"http://127.0.0.1:{port}/openrlhf/numeric"
    process.terminate()
    process.wait(300)


def test_our_file(folder: Path) -> None:
    rows, ours = recorded(), str(openrlhf.__file__)
    found = side.run(folder, "openrlhf_executor", rows, ours, HOLDFAST_REWARD="numeric")
    assert found == [[v, v, 1.0] for v in direct(rows, "numeric")]
    (reward, score, judged), right = side.run(folder, "openrlhf_executor", UNJUDGED, ours, HOLDFAST_REWARD="numeric")
    assert (reward, judged, right) == (0.0, 0.0, [1.0, 1.0, 1.0])
    assert math.isnan(score)


def test_our_server(folder: Path, server: str) -> None:
    rows = recorded(200)
    assert side.run(folder, "openrlhf_executor", rows, server) == [[v, v, 1.0] for v in direct(rows, "numeric")]
    assert side.run(folder, "openrlhf_executor", UNJUDGED, server) == [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]


def test_programs_in_the_sandbox(folder: Path, tmp_path: Path) -> None:
    config, rows, ours = code_config(tmp_path, need("bubblewrap")), programs(), str(openrlhf.__file__)
    found = side.run(folder, "openrlhf_executor", rows, ours, HOLDFAST_REWARD=config)
    assert found == [[value, value, 1.0] for value in direct(rows, config)]
    gone = code_config(tmp_path, "docker", hosts=GONE)
    for reward, score, judged in side.run(folder, "openrlhf_executor", rows[:3], ours, HOLDFAST_REWARD=gone):
        assert (reward, judged) == (0.0, 0.0) and math.isnan(score)
