"""A reward server as a real process, for tests and benchmarks."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil

Process = subprocess.Popen[Any]


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    *words: str, modules: Path | None = None, log: Path | None = None, at: int | None = None
) -> Iterator[tuple[int, Process]]:
    """`holdfast serve WORDS` on a free port (or the one named), ready: the port and the process. `log` takes its
    stderr."""
    port = at or free_port()
    command = [sys.executable, "-m", "holdfast", "serve", f"port={port}", *words]
    environment = {**os.environ, **({"PYTHONPATH": str(modules)} if modules else {})}
    with (log or Path(os.devnull)).open("wb") as errors:
        process = subprocess.Popen(command, env=environment, stderr=errors)
        try:
            wait_ready(port, process)
            _wait_all(process, sum(int(word.partition("=")[2]) for word in words if word.startswith("workers=")))
            yield port, process
        finally:
            stop(process)


def wait_ready(port: int, process: Process | None = None) -> None:
    """Until /readyz answers 200. Raises AssertionError when the process ends, or after five minutes."""
    for _ in range(3000):
        assert process is None or process.poll() is None, "the server ended"
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("the server did not come up")


def _wait_all(process: Process, count: int) -> None:
    """Until each of several workers listens: one that starts later would have no share of the first requests."""
    for _ in range(1200 if count > 1 else 0):
        if sum(any(c.status == "LISTEN" for c in worker.net_connections()) for worker in workers(process)) == count:
            return
        time.sleep(0.1)
    assert count < 2, "not all workers came up"


def stop(process: Process) -> None:
    """SIGTERM, and wait."""
    if process.poll() is None:
        process.terminate()
        process.wait(timeout=300)


def workers(process: Process) -> list[psutil.Process]:
    """The worker processes of a server with several."""
    return [child for child in psutil.Process(process.pid).children() if "spawn_main" in _command(child)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # ended, or killed and not yet collected
        return ""


def logged(log: Path) -> list[dict[str, object]]:
    """The lines of the access log."""
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith('{"time"')]


def gsm8k_bodies(file: Path, batch: int, count: int) -> tuple[list[bytes], list[list[tuple[str, str]]]]:
    """`count` request bodies of recorded completions (`batch` 1: single ones), and their (completion, reference)."""
    rows = [json.loads(line) for line in file.open(encoding="utf-8")]
    pairs = [(row[model]["solution"], row["ground_truth"]) for model in _MODELS for row in rows]
    groups = [pairs[start : start + batch] for start in range(0, len(pairs) - batch + 1, batch)][:count]
    return [_body(group, batch == 1) for group in groups], groups


_MODELS = ("175b_verification", "6b_finetuning", "6b_verification", "175b_finetuning")


def _body(pairs: Sequence[tuple[str, str]], single: bool) -> bytes:
    samples = [{"completion": completion, "reference": reference} for completion, reference in pairs]
    return json.dumps({"sample": samples[0]} if single else {"samples": samples}).encode()
