"""50,000 items × 2 runs stay small in memory (time is measured by tests/bench/bench_compare.py)."""

import json
import subprocess
import sys
from pathlib import Path

from holdfast.runs.row import Row, encode

ITEMS = 50_000
MEASURE = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[2:], stdout=open(sys.argv[1], "w"))
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def _write(path: Path, every: int) -> None:
    row = Row("t", "ID", "h-ID", "p", "why? " * 60, "because. " * 100, "42", 1.0, "correct", extracted="42", tokens=9)
    line = encode(row)
    wrong = line.replace('"score": 1.0', '"score": 0.0').replace('"correct"', '"wrong"')
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines((wrong if i % every == 0 else line).replace("ID", str(i)) + "\n" for i in range(ITEMS))


def test_memory(tmp_path: Path) -> None:
    for name, every in (("a", 10), ("b", 9)):
        _write(tmp_path / f"{name}.jsonl", every)
    command = [sys.executable, "-m", "holdfast", "compare", *(str(tmp_path / f"{n}.jsonl") for n in "ab"), "--json"]
    # Measured from a small process: a forked child's peak counts its parent's memory, and pytest's is large.
    measured = [sys.executable, "-c", MEASURE, str(tmp_path / "out.json"), *command]
    printed = subprocess.run(measured, capture_output=True, text=True, check=True).stdout
    status, peak = (int(word) for word in printed.split())
    assert status == 1
    assert peak * (1 if sys.platform == "darwin" else 1024) <= 2**30
    result = json.loads((tmp_path / "out.json").read_text())["benchmarks"][0]
    lost, gained = (sum(1 for i in range(ITEMS) if i % p == 0 and i % q) for p, q in ((9, 10), (10, 9)))
    assert (result["n"], len(result["flips"])) == (ITEMS, lost + gained)
    assert (result["forgetting"]["lost"], result["forgetting"]["gained"]) == (lost, gained)
