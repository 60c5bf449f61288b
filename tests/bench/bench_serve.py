"""The reward server under load on real GSM8K completions: capacity, latency at half load, overload, and a long run.

Prints the tables of docs/bench/serve.md. wrk (Debian: apt-get install wrk) measures capacity; latencies come from the
open loop of tests/helpers/http_load.py, in a process of its own, where a request's clock starts when it is due. Load
generator and server share the machine's cores. The word `quick` shortens every part to seconds, `hour` runs
the long part alone.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from helpers.http_load import Load, percentile
from helpers.paths import SHARED_DATA
from helpers.reward_server import gsm8k_bodies, serving, workers

FILE = SHARED_DATA / "gsm8k/example_model_solutions.jsonl"
WORDS = ("reward=math", "workers=2")
SINGLE, BATCH = "/v1/rewards/math/score", "/v1/rewards/math/score_batch"
QUICK = sys.argv[1:] == ["quick"]
SECONDS = 2 if QUICK else 10
HOUR = 20_000 if QUICK else 3600 * 3000
"""Verdicts of an hour at 3,000 a second."""


def script(folder: Path, path: str, bodies: list[bytes]) -> Path:
    """A wrk script that sends the bodies in turn."""
    data = folder / f"{path.rpartition('/')[2]}.txt"
    data.write_bytes(b"\n".join(bodies))
    lua = data.with_suffix(".lua")
    lua.write_text(
        f'local bodies = {{}}\nfor line in io.lines("{data}") do bodies[#bodies + 1] = line end\nlocal i = 0\n'
        'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
        f'request = function() i = i % #bodies + 1; return wrk.format(nil, "{path}", nil, bodies[i]) end\n'
    )
    return lua


def wrk(port: int, lua: Path, connections: int, seconds: int = SECONDS) -> tuple[float, float, int]:
    """Requests per second, the 99th percentile in ms, and answers other than 2xx or none."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(lua)]
    text = subprocess.run([*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True).stdout
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    other = [int(n) for n in re.findall(r"(?:responses:|connect|read|write|timeout) (\d+)", text)]
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    assert p99 is not None and rate is not None, text
    return float(rate[1]), float(p99[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[p99[2]], sum(other)


def capacity(port: int, folder: Path) -> dict[int, float]:
    """As fast as the answers come; the best verdicts/s for batches of 1 and of 64."""
    print("| as fast as it goes (wrk) | connections | verdicts/s | p99 ms | other than 200 |\n|---|---|---|---|---|")
    best = {1: 0.0, 64: 0.0}
    for size, path, many in ((1, SINGLE, (32, 4)), (64, BATCH, (8, 2))):
        lua = script(folder, path, gsm8k_bodies(FILE, size, 5000 // size)[0])
        wrk(port, lua, many[0], 2)
        for connections in many:
            rate, p99, other = wrk(port, lua, connections)
            best[size] = max(best[size], size * rate)
            print(f"| {_name(size)} | {connections} | {size * rate:,.0f} | {p99:.1f} | {other} |", flush=True)
    return best


def half(port: int, best: dict[int, float]) -> None:
    """Open loop at half of the capacity just measured, and at half of the load that is asked for."""
    print("\n| open loop | verdicts/s | p50 ms | p99 ms | p99.9 ms | longest ms | other than 200 |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for size, target in ((1, 3_000), (64, 15_000)):
        for name, load in ((f"half of {target:,}", target / 2), ("half of capacity", best[size] / 2)):
            found = _generated(port, size, load / size, int(load / size * SECONDS))
            rate = size * found["rate"]
            times = " | ".join(f"{found[key]:.1f}" for key in ("p50", "p99", "p999", "max"))
            print(f"| {_name(size)}, {name} | {rate:,.0f} | {times} | {found['other']} |", flush=True)


def _generated(port: int, size: int, rate: float, count: int) -> dict[str, float]:
    """One open loop in a process of its own: the generator's own pauses would count as the server's."""
    command = [sys.executable, __file__, "open-loop", str(port), str(size), str(rate), str(count)]
    return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def open_loop(port: int, size: int, rate: float, count: int) -> None:
    """Print one open loop's figures as JSON."""
    bodies = gsm8k_bodies(FILE, size, 5000 // size)[0]
    load = Load(port, SINGLE if size == 1 else BATCH, bodies, count, connections=32, rate=rate)
    began = time.perf_counter()
    load.run()
    told = {key: percentile(load.answers, share) for key, share in _SHARES.items()}
    other = sum(answer.status != 200 for answer in load.answers)
    print(json.dumps(told | {"rate": len(load.answers) / (time.perf_counter() - began), "other": other}))


_SHARES = {"p50": 0.5, "p99": 0.99, "p999": 0.999, "max": 1.0}


def overload(port: int) -> None:
    """512 connections of batches of 64 against two queues of 4,096 samples."""
    bodies = gsm8k_bodies(FILE, 64, 80)[0]
    count = 500 if QUICK else 8000
    began = time.perf_counter()
    load = Load(port, BATCH, bodies, count, connections=512).run()
    spent = time.perf_counter() - began
    statuses = Counter(answer.status for answer in load.answers)
    judged = [answer for answer in load.answers if answer.status == 200]
    rate = 64 * statuses[200] / spent
    print(f"\n512 connections, {count:,} batches of 64 at once: {statuses[200]:,} judged ({rate:,.0f} verdicts/s, p99")
    print(f"{percentile(judged, 0.99):.0f} ms), {statuses[429]:,} shed with 429,", end=" ")
    print(f"{count - statuses[200] - statuses[429]} anything else.", flush=True)


def hour() -> None:
    """An hour's worth of verdicts: memory and descriptors of each worker, before and after."""
    bodies = gsm8k_bodies(FILE, 64, 80)[0]
    with serving(*WORDS) as (port, process):
        print("\n| verdicts so far | MiB of each worker | descriptors of each worker |\n|---|---|---|", flush=True)
        done = 0
        for part in (0.02, 0.25, 0.25, 0.25, 0.25):
            load = Load(port, BATCH, bodies, int(part * HOUR) // 64, connections=8, bodied=False).run()
            wrong = sum(answer.status != 200 for answer in load.answers)
            assert wrong == 0, f"{wrong} answers other than 200"
            done += 64 * len(load.answers)
            found = workers(process)
            sizes = ", ".join(f"{worker.memory_info().rss / 2**20:.0f}" for worker in found)
            print(f"| {done:,} | {sizes} | {', '.join(str(worker.num_fds()) for worker in found)} |", flush=True)


def _name(size: int) -> str:
    return "one by one" if size == 1 else f"batches of {size}"


def main() -> None:
    """Every part, with servers of its own."""
    began = time.perf_counter()
    print(f"Load average before: {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores.\n")
    with tempfile.TemporaryDirectory() as name, serving(*WORDS) as (port, _):
        best = capacity(port, Path(name))
        half(port, best)
        overload(port)
    hour()
    print(f"\nAll of it took {time.perf_counter() - began:.0f} s; load average after: {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["open-loop"]:
        open_loop(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
    elif sys.argv[1:] == ["hour"]:
        hour()
    else:
        main()
