"""The sandbox against its peers in one run: programs per second, latency, cold start, attacks accepted.

python tests/bench/bench_sandbox.py [seconds per measurement, default 4] [graders]

With `graders` the attacks are run against the peers as well, which takes minutes.

Prints Markdown. Ratios are of the same run; the peers take turns, so that a busy machine burdens all alike. The peer
graders are the approaches of human-eval (exec of program and tests in one process), evalplus (outputs compared in the
candidate's process) and an exit status, each run inside our own sandbox, because the attacks are real.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from helpers import code_attacks
from helpers.paths import SHARED_DATA

from holdfast.reward import Reward
from holdfast.rewards.sandbox import Engine, Limits, close_pools, execute
from holdfast.rewards.sandbox.backends import bubblewrap, docker_engine
from holdfast.rewards.sandbox.jobs import make_job
from holdfast.rewards.sandbox.session import Session
from holdfast.rewards.sandbox.source.reference import read
from holdfast.sample import Sample

PROGRAM = "def add(a, b):\n    total = a + b\n    return total\n"
TESTS = ["assert add(1, 2) == 3", "assert add(-1, 1) == 0"]
WHOLE = PROGRAM + "\n".join(TESTS) + "\n"
LIMITS = Limits()
FLAGS = (
    "--network none --ipc none --read-only --user 0:0 --cap-drop ALL --cap-add SETUID --cap-add SETGID --cap-add KILL "
    "--security-opt no-new-privileges --memory 1536m --memory-swap 1536m --pids-limit 64 --cpus 2 "
    "--ulimit nofile=1024 --ulimit core=0 --log-driver none --workdir / --hostname sandbox "
    "--tmpfs /tmp:rw,nosuid,nodev,noexec,size=64m --tmpfs /judge:rw,nosuid,nodev,noexec,size=64m"
).split()
ROUNDS = 4


def ours(session: Session) -> Callable[[], None]:
    job = make_job(read({"tests": TESTS}), PROGRAM, "", LIMITS)

    def once() -> None:
        assert session.run(job)["results"] == [[True, ""], [True, ""]]

    return once


def command(*words: str) -> Callable[[], None]:
    def once() -> None:
        subprocess.run(words, check=True, capture_output=True)

    return once


def measure(runs: dict[str, Callable[[], None]], seconds: float) -> dict[str, list[float]]:
    """Latencies of each, in turns."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, once in runs.items():
            end = time.perf_counter() + seconds / ROUNDS
            while time.perf_counter() < end:
                started = time.perf_counter()
                once()
                taken[name].append(time.perf_counter() - started)
    return taken


def throughput(seconds: float) -> None:
    bwrap_once = [*bubblewrap._arguments(LIMITS), bubblewrap._python()[0], "-S", "-c", WHOLE]
    image = docker_engine.IMAGE
    warm = subprocess.run(
        ["docker", "run", "-d", "-i", "--rm", *FLAGS, image, "python3", "-c", "import time; time.sleep(3600)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    sessions = [Session(lambda: docker_engine.start(LIMITS)), Session(lambda: bubblewrap.start(LIMITS))]
    runs = {
        "ours, Docker": ours(sessions[0]),
        "ours, bubblewrap": ours(sessions[1]),
        "plain subprocess (no isolation)": command(sys.executable, "-I", "-c", WHOLE),
        "bwrap per test": command(*bwrap_once),
        "docker exec, warm container": command("docker", "exec", warm, "python3", "-c", WHOLE),
        "docker run --rm, same flags": command("docker", "run", "--rm", *FLAGS, image, "python3", "-c", WHOLE),
    }
    try:
        taken = measure(runs, seconds)
    finally:
        for session in sessions:
            session.close()
        subprocess.run(["docker", "rm", "-f", warm], check=False, capture_output=True)
    rate = {name: len(times) / sum(times) for name, times in taken.items()}
    slowest = rate["docker run --rm, same flags"]
    print("| one worker, one program in flight | per second | × `docker run` | median ms | p99 ms | least ms |")
    print("|---|---|---|---|---|---|")
    for name, times in taken.items():
        ordered = sorted(times)
        p99 = ordered[int(len(ordered) * 0.99)] * 1e3
        middle = statistics.median(ordered) * 1e3
        print(
            f"| {name} | {rate[name]:.1f} | {rate[name] / slowest:.0f} | {middle:.1f} "
            f"| {p99:.1f} | {ordered[0] * 1e3:.1f} |"
        )
    print(f"\nLoad average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.\n")


def batch() -> None:
    """256 rows of MBPP with their own solutions, two workers, after a batch to warm up; then without the one whose
    solution computes for seconds (123)."""
    rows = [json.loads(line) for line in (SHARED_DATA / "mbpp" / "mbpp.jsonl").read_text().splitlines()[:512]]
    samples = [Sample(row["code"], {"tests": row["test_list"], "setup": row["test_setup_code"]}) for row in rows]
    print("| a batch of rows of MBPP, two workers | rows | rows per second | tests per second and worker |")
    print("|---|---|---|---|")
    quick = [i for i, row in enumerate(rows[:256]) if row["task_id"] != 123]
    for backend in ("docker", "bubblewrap"):
        close_pools()
        reward = Reward("code", backend=backend, workers=2)
        reward.score_batch(samples[256:])
        for chosen in (list(range(256)), quick):
            started = time.perf_counter()
            scores = reward.score_batch([samples[i] for i in chosen])
            rate = len(chosen) / (time.perf_counter() - started)
            assert all(score.value == 1.0 for score in scores)
            tests = sum(len(rows[i]["test_list"]) for i in chosen) / len(chosen)
            print(f"| {backend} | {len(chosen)} | {rate:.0f} | {rate * tests / 2:.0f} |")
    print()


def compiled() -> None:
    """A C++ program built and run on one input: ours against a bare compiler, in turns."""
    program = "#include <bits/stdc++.h>\nint main() { long a, b; std::cin >> a >> b; std::cout << a + b; }\n"
    reward = Reward("code", backend="bubblewrap", workers=1, timeout=60.0)
    reference = {"tests": [{"input": "3 4", "output": "7"}], "language": "cpp"}
    taken: dict[str, list[float]] = {"ours": [], "bare": []}
    with tempfile.TemporaryDirectory() as folder:
        source, binary = Path(folder, "main.cpp"), Path(folder, "main")
        for number in range(6):
            source.write_text(f"// {number}\n{program}")
            started = time.perf_counter()
            subprocess.run(["g++", "-std=gnu++17", "-O2", "-w", "-o", binary, source], check=True)
            subprocess.run([binary], input=b"3 4", check=True, capture_output=True)
            taken["bare"].append(time.perf_counter() - started)
            started = time.perf_counter()
            assert reward.score(Sample(f"// {number}\n{program}", reference)).value == 1.0
            taken["ours"].append(time.perf_counter() - started)
    own, bare = (statistics.median(taken[name][1:]) for name in ("ours", "bare"))
    print(f"C++ built and run: ours {own:.2f} s, bare g++ {bare:.2f} s, {own / bare:.2f} times.\n")


def cold_start() -> None:
    print("| first verdict after a cold start | seconds |\n|---|---|")
    for backend in ("docker", "bubblewrap"):
        close_pools()
        started = time.perf_counter()
        score = Reward("code", backend=backend, workers=1).score(Sample(PROGRAM, {"tests": TESTS}))
        assert score.value == 1.0
        print(f"| {backend} | {time.perf_counter() - started:.2f} |")
    print()


_HUMAN_EVAL = """
import contextlib, io
try:
    with contextlib.redirect_stdout(io.StringIO()):
        exec({source!r}, {{}})
    result = "passed"
except BaseException as error:
    result = f"failed: {{error}}"
print("\\nVERDICT", result)
"""
_EVALPLUS = """
import math
space = {{}}
try:
    exec({program!r}, space)
    good = True
    for n, expected in {values!r}.items():
        out = space["solve"](n)
        exact = out == expected
        if not exact and isinstance(expected, float):
            exact = math.isclose(out, expected)
        if not exact: good = False
except BaseException:
    good = False
print("\\nVERDICT", "passed" if good else "failed")
"""


def graders() -> None:
    """How many attacks of the corpus each grader accepts (style `check`)."""
    reference = code_attacks.references()["check"]
    source = {name: f"{program}\n{reference['tests']}\ncheck(solve)\n" for name, program in code_attacks.CALLED.items()}
    limits = Limits(timeout=8.0)

    def passes(text: str, program: str) -> bool:
        run = execute(program, limits=limits, engine=Engine("bubblewrap"))
        return text in run.stdout.decode("utf-8", "replace") and run.broke is None

    def exit_status(name: str) -> bool:
        run = execute(source[name], limits=limits, engine=Engine("bubblewrap"))
        return run.exit == 0 and run.broke is None

    peers: dict[str, Callable[[str], bool]] = {
        "human-eval's approach": lambda name: passes("VERDICT passed", _HUMAN_EVAL.format(source=source[name])),
        "evalplus' approach": lambda name: passes(
            "VERDICT passed", _EVALPLUS.format(program=code_attacks.CALLED[name], values=code_attacks.VALUES)
        ),
        "exit status": exit_status,
    }
    print(f"| grader | of {len(source)} attacks accepted |\n|---|---|")
    for peer, accepts in peers.items():
        print(f"| {peer} | {sum(accepts(name) for name in source)} |")
    every = list(code_attacks.attacks())
    samples: list[Any] = [Sample(program, reference) for _, program, reference in every]
    for backend in ("docker", "bubblewrap"):
        scores = Reward("code", backend=backend, timeout=8.0).score_batch(samples)
        accepted = sum(score.value != 0.0 for score in scores)
        print(f"| ours, {backend} (all styles: {len(every)}) | {accepted} |")


if __name__ == "__main__":
    throughput(next((float(word) for word in sys.argv[1:] if word != "graders"), 4.0))
    batch()
    compiled()
    cold_start()
    if "graders" in sys.argv:
        graders()
    close_pools()
