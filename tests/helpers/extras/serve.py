"""Run in an environment with `[serve]` alone: the server judges, its client asks. Words: the server's own."""

import socket
import subprocess
import sys
import time

import httpx

from holdfast import Sample
from holdfast.serve.client import Client

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
command = [sys.executable, "-m", "holdfast", "serve", "reward=numeric", f"port={port}", *sys.argv[1:]]
server = subprocess.Popen(command)
try:
    for _ in range(1200):
        assert server.poll() is None
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                break
        except httpx.HTTPError:
            time.sleep(0.1)
    client = Client(f"http://127.0.0.1:{port}", "numeric")
    scores = client.score_batch([Sample("so 42", "42"), Sample("so 41", "42")])
    assert [score.value for score in scores] == [1.0, 0.0]
finally:
    server.terminate()
    server.wait(60)
