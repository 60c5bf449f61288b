"""`transformers serve` of the embedded model: a real inference server on this machine."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START = 900.0
"""Seconds in which it must listen; a busy machine needs minutes."""


@contextmanager
def transformers_serve(folder: Path) -> Iterator[dict[str, Any]]:
    """The model's configuration for `measure`; the server's words go to `folder`/log."""
    from holdfast.benchmarks.tiny import model_path

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = str(Path(sys.executable).with_name("transformers"))
    words = [program, "serve", "--port", str(port), "--host", "127.0.0.1", "--device", "cpu", str(model_path())]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
        try:
            _await(process, port, folder / "log")
            url = f"http://127.0.0.1:{port}/v1/chat/completions"
            yield {
                "backend": "local-chat-completions",
                "model": str(model_path()),
                "base_url": url,
                "num_concurrent": 4,
            }
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=60)
            process.kill()
            process.wait()


def _await(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    ends = time.monotonic() + START
    while time.monotonic() < ends:
        assert process.poll() is None, log.read_text()[-2000:]
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        time.sleep(0.5)
    raise AssertionError(f"transformers serve does not listen: {log.read_text()[-2000:]}")
