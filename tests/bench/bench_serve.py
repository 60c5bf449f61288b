"""Verdicts per second of the reward server under wrk, one by one and in batches of 64, on real GSM8K completions.

Needs wrk (Debian: apt-get install wrk). wrk and the server share the machine's cores.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("HOLDFAST_SHARED", ROOT.parent / "shared")) / "data"
PORT = 8791


def bodies(batch: int, count: int) -> list[str]:
    """Request bodies of recorded samples."""
    rows = [json.loads(line) for line in (SHARED / "gsm8k/example_model_solutions.jsonl").open(encoding="utf-8")]
    samples = [{"completion": r["175b_verification"]["solution"], "reference": r["ground_truth"]} for r in rows]
    if batch == 1:
        return [json.dumps({"sample": sample}) for sample in samples[:count]]
    return [
        json.dumps({"samples": samples[i * batch : (i + 1) * batch]}) for i in range(min(count, len(samples) // batch))
    ]


def script(folder: Path, path: str, texts: list[str]) -> Path:
    """A wrk script that sends the bodies in turn."""
    data = folder / "bodies.txt"
    data.write_text("\n".join(texts))
    lua = folder / f"{path.rpartition('/')[2]}.lua"
    lua.write_text(
        f'local bodies = {{}}\nfor line in io.lines("{data}") do bodies[#bodies + 1] = line end\nlocal i = 0\n'
        'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
        f'request = function() i = i % #bodies + 1; return wrk.format(nil, "{path}", nil, bodies[i]) end\n'
    )
    return lua


def wrk(lua: Path, connections: int, seconds: int) -> dict[str, float]:
    """Requests per second, the 99th percentile in ms, and answers other than 2xx."""
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--latency",
        "-s",
        str(lua),
        f"http://127.0.0.1:{PORT}",
    ]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    other = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return {
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),  # type: ignore[union-attr]
        "p99": float(p99.group(1)) * scale[p99.group(2)] if p99 else float("nan"),
        "other": float(other.group(1)) if other else 0.0,
    }


def main() -> None:
    """Start a server, load it, print the table."""
    command = [sys.executable, "-m", "holdfast", "serve", "reward=math", f"port={PORT}", "workers=2"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait()
        print("| load | connections | verdicts/s | p99 ms | other than 200 |\n| --- | --- | --- | --- | --- |")
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            single = script(folder, "/v1/rewards/math/score", bodies(1, 1319))
            for connections in (32, 4):
                _row("one by one", connections, 1, wrk(single, connections, 8))
            batch = script(folder, "/v1/rewards/math/score_batch", bodies(64, 20))
            for connections in (8, 2):
                _row("batches of 64", connections, 64, wrk(batch, connections, 8))
            shed = wrk(batch, 512, 8)
            print(
                f"\n512 connections of batches of 64 (queue of 4,096 samples a worker): {shed['rate']:,.0f} answers/s,"
            )
            print(f"{shed['other'] / (8 * shed['rate']):.0%} of them 429, p99 {shed['p99']:.0f} ms.")
    finally:
        server.terminate()
        server.wait(timeout=30)


def _row(load: str, connections: int, size: int, found: dict[str, float]) -> None:
    rate = size * found["rate"]
    print(f"| {load} | {connections} | {rate:,.0f} | {found['p99']:.1f} | {found['other']:.0f} |")


def _wait() -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz", timeout=1)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("the server did not come up")


if __name__ == "__main__":
    main()
