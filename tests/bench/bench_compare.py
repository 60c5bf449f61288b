"""`holdfast compare` on 50,000 items × 2 runs: the whole process, its time and its memory.

Usage: python tests/bench/bench_compare.py   (prints Markdown; docs/bench/compare.md is its output)
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from holdfast.files import digest
from holdfast.runs.row import Row, encode

ITEMS, TASKS = 50_000, 20
_WORDS = (
    "the quick brown fox jumps over a lazy dog and then she sold all of it for ten dollars because we need it".split()
)


def write(path: Path, seed: int) -> None:
    """A sample file of twenty tasks; a tenth of the items differs between two seeds."""
    rng = random.Random(seed)
    with path.open("w", encoding="utf-8") as stream:
        for number in range(ITEMS):
            item = random.Random(number)
            prompt = " ".join(item.choices(_WORDS, k=80))
            right = (item.random() < 0.6) != (seed and rng.random() < 0.1)
            row = Row(
                task=f"task{number % TASKS}",
                doc_id=str(number),
                doc_hash=digest([number, prompt]),
                prompt_hash=digest(prompt),
                prompt=prompt,
                completion=" ".join(rng.choices(_WORDS, k=120)),
                reference="42",
                score=float(right),
                outcome="correct" if right else "wrong",
                extracted="42",
                category=f"category{number % 7}",
                finish_reason="stop",
                tokens=130,
            )
            stream.write(encode(row) + "\n")


def timed(words: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak MiB of a process."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "holdfast", *words], stdout=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def parsing(paths: list[Path]) -> float:
    """CPU seconds that json.loads alone needs for the same lines: what no reader in Python can go below."""
    start = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    for path in paths:
        with path.open("rb") as lines:
            for line in lines:
                json.loads(line)
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime - start


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as place:
        paths = [Path(place) / "before.jsonl", Path(place) / "after.jsonl"]
        for seed, path in enumerate(paths):
            write(path, seed)
        size = sum(path.stat().st_size for path in paths) / 2**20
        floor = parsing(paths)
        words = ["compare", *map(str, paths), "margin=1"]
        runs = [timed(words) for _ in range(5)]
        html = [timed([*words, f"html={place}/r.html"]) for _ in range(3)]
    print(f"# `holdfast compare`, {ITEMS:,} items × 2 runs ({size:.0f} MB of JSON lines, {TASKS} tasks)\n")
    print("Medians of 5 (3 with HTML), whole process.\n")
    print("| | wall s | CPU s | peak MiB | CPU / json.loads alone |\n|---|---|---|---|---|")
    for name, found in (("compare", runs), ("compare html=…", html)):
        wall, cpu, peak = (sorted(column)[len(column) // 2] for column in zip(*found, strict=True))
        print(f"| {name} | {wall:.1f} | {cpu:.1f} | {peak:.0f} | {cpu / floor:.1f}× |")
    print(f"\nLoad average while measuring: {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main()
