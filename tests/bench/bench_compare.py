"""`holdfast compare` on 50,000 and 1,000,000 items × 2 runs of about 500 bytes a row: whole process, time and memory.

Usage: python tests/bench/bench_compare.py [ITEMS …]   (prints Markdown; docs/bench/compare.md is its output)

Wanted on two quiet cores: 50,000 in 3 s, 1,000,000 in 30 s and 1 GiB.
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

from holdfast.runs.row import Row, encode

SIZES, TASKS, REPEATS = (50_000, 1_000_000), 20, 3
_WORDS = "the quick brown fox jumps over a lazy dog and then she sold all of it for ten dollars because we need it"


def write(path: Path, items: int, seed: int) -> None:
    """A sample file of twenty tasks; a tenth of the items differs between two seeds."""
    rng = random.Random(seed)
    lines = [_line(task, right) for task in range(TASKS) for right in (False, True)]
    with path.open("w", encoding="utf-8") as stream:
        for number in range(items):
            right = (number * 7 % 10 < 6) != (seed > 0 and rng.random() < 0.1)
            stream.write(lines[2 * (number % TASKS) + right].replace("ID", str(number)))


def _line(task: int, right: bool) -> str:
    row = Row(
        task=f"task{task}",
        doc_id="ID",
        doc_hash="doc-ID",
        prompt_hash="prompt-ID",
        prompt=f"Question ID: {_WORDS[:70]}?",
        completion=f"{_WORDS[:70]} ID",
        reference="42",
        score=float(right),
        outcome="correct" if right else "wrong",
        extracted="42",
        category=f"category{task % 7}",
        finish_reason="stop",
        tokens=30,
    )
    return encode(row) + "\n"


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


def measured(items: int, folder: Path) -> list[str]:
    """Table rows of one size: without and with the HTML report."""
    paths = [folder / "before.jsonl", folder / "after.jsonl"]
    for seed, path in enumerate(paths):
        write(path, items, seed)
    size, floor = paths[0].stat().st_size / items, parsing(paths)
    words = ["compare", *map(str, paths), "margin=1"]
    rows = []
    for name, more in (("compare", []), ("compare html=…", [f"html={folder}/r.html"])):
        runs = [timed([*words, *more]) for _ in range(REPEATS if items <= 100_000 else 1)]
        wall, cpu, peak = (sorted(column)[len(column) // 2] for column in zip(*runs, strict=True))
        rows.append(
            f"| {items:,} × 2 | {size:.0f} | {name} | {wall:.1f} | {cpu:.1f} | {peak:.0f} | {cpu / floor:.1f}× |"
        )
    return rows


def main(sizes: list[int]) -> None:
    """Print the table."""
    print("# `holdfast compare`, whole process\n")
    print(f"Medians of {REPEATS} (one run from 100,001 items on), {TASKS} tasks, a tenth of the items flips.\n")
    print(
        "| items | bytes a row | | wall s | CPU s | peak MiB | CPU / json.loads alone |\n|---|---|---|---|---|---|---|"
    )
    for items in sizes:
        with tempfile.TemporaryDirectory() as place:
            print("\n".join(measured(items, Path(place))), flush=True)
    print(f"\nLoad average while measuring: {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or list(SIZES))
