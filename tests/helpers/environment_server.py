"""`holdfast env serve` as a process, for tests and benchmarks."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from helpers.paths import ROOT
from helpers.reward_server import free_port


@contextmanager
def environment_server(*words: str) -> Iterator[str]:
    """The URL of `holdfast env serve WORDS` on a free port."""
    port = free_port()
    command = [sys.executable, "-m", "holdfast", "env", "serve", *words, f"port={port}"]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT / "src")})
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            assert process.poll() is None, "the server ended"
            try:
                httpx.get(f"{url}/health", timeout=5).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url
    finally:
        process.kill()
        process.wait()
