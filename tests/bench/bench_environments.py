"""One local environment server: episodes a second through our driver, a step's time beside the package's own client.

`python tests/bench/bench_environments.py [EPISODES]`; the package is $HOLDFAST_OPENENV_PYTHON's, else .envs/openenv's.
Both clients are timed in turns against the same server, so that the machine's load falls on both.
"""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
import psutil
from helpers.environment_server import environment_server

from holdfast.benchmarks.environments.shared.audit import play
from holdfast.environment import make_environment

THEIRS = """
import json, sys, time
from openenv.core.generic_client import GenericEnvClient
from openenv.core.env_server.mcp_types import CallToolAction
url, count = sys.argv[1], int(sys.argv[2])
found = []
with GenericEnvClient(base_url=url).sync() as client:
    client.reset(split="test", index=0)
    for _ in range(count):
        begun = time.perf_counter()
        client.step({"type": "call_tool", "tool_name": "look", "arguments": {"name": "x"}})
        found.append(time.perf_counter() - begun)
print(json.dumps(found))
"""


def ours(url: str, count: int) -> list[float]:
    """Seconds of each of `count` tool calls through our driver."""
    made = make_environment(f"openenv:{url}")
    episode = made.open(next(iter(made.tasks("test"))), 0)
    function = {"name": "look", "arguments": '{"name": "x"}'}
    call: dict[str, Any] = {"id": "c", "type": "function", "function": function}
    found = []
    for _ in range(count):
        begun = time.perf_counter()
        episode.step({"role": "assistant", "content": "", "tool_calls": [call]})
        found.append(time.perf_counter() - begun)
    episode.close()
    return found


def theirs(url: str, count: int) -> list[float]:
    """The same through the package's own client."""
    python = os.environ.get("HOLDFAST_OPENENV_PYTHON") or ".envs/openenv/bin/python"
    done = subprocess.run([python, "-c", THEIRS, url, str(count)], capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout.splitlines()[-1]))


def computing() -> float:
    """Seconds of processor time of this process and the servers that it has started."""
    mine = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(sum(one.cpu_times()[:2]) for one in mine)


def rate(url: str, count: int, threads: int) -> tuple[float, float]:
    """Episodes a second (open, one answer, score, close), and milliseconds of computing for one, server included."""
    made = make_environment(f"openenv:{url}", items=count)
    rows = list(made.tasks("test"))
    begun, used = time.perf_counter(), computing()
    with ThreadPoolExecutor(threads) as pool:
        values = list(pool.map(lambda row: play(made, row, lambda _: "#### 4").value, rows))
    seconds = time.perf_counter() - begun
    assert None not in values
    return len(values) / seconds, 1000 * (computing() - used) / len(values)


def main(count: int) -> None:
    """Print both figures."""
    mine: list[float] = []
    package: list[float] = []
    with environment_server("tiny_form_solo", "items=4", "split=test") as url:
        ours(url, 50)
        for _ in range(5):
            mine += ours(url, 300)
            package += theirs(url, 300)
    print(f"step: ours {1000 * median(mine):.2f} ms, the package's client {1000 * median(package):.2f} ms (medians)")
    rows = Path("bench_rows.jsonl")
    rows.write_text("".join(json.dumps({"prompt": f"{i}+1?", "reference": str(i)}) + "\n" for i in range(count)))
    try:
        with environment_server(f"rows:{rows}", "reward=numeric", "split=test") as url:
            rate(url, min(count, 100), 8)
            for threads in (1, 4, 16):
                speed, each = rate(url, count, threads)
                print(f"episodes: {speed:.0f} a second with {threads} threads, {each:.2f} ms of computing for each")
    finally:
        rows.unlink()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
