"""Near duplicates planted among made rows: ours against datasketch's own index, and a whole card, time and memory.

Usage: python tests/bench/bench_datacard.py   (prints Markdown; docs/bench/datacard.md is its output)
Rows are GSM8K's training questions with 40 % of their words replaced; every tenth row repeats an earlier one with one
to eight words changed. What counts as similar is decided by the exact share of 3-word pieces, not by what was planted.
Needs ../shared/data.
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
from typing import Any

ROWS = 50_000
SHARED = Path(os.environ.get("HOLDFAST_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data"
THRESHOLD = 0.8


def make(path: Path) -> None:
    """The rows; `of` names the row that one repeats."""
    generator = random.Random(0)
    source = [json.loads(line)["question"].split() for line in (SHARED / "gsm8k" / "train.jsonl").open()]
    spare = sorted({word for words in source for word in words})
    texts: list[list[str]] = []
    with path.open("w") as stream:
        for number in range(ROWS):
            of = generator.randrange(number) if number and number % 10 == 0 else None
            words = list(texts[of]) if of is not None else list(source[number % len(source)])
            changes = generator.randint(1, 8) if of is not None else round(0.4 * len(words))
            for place in generator.sample(range(len(words)), min(changes, len(words))):
                words[place] = generator.choice(spare)
            texts.append(words)
            stream.write(json.dumps({"prompt": " ".join(words), "completion": "…", "of": of}) + "\n")


def ours(texts: list[str]) -> dict[int, int]:
    """Row → the earlier row that it repeats."""
    from holdfast.trainers.data.overlap.near_duplicates import Signatures

    signatures = Signatures()
    for number, text in enumerate(texts):
        signatures.add(number, text)
    return signatures.leaders(THRESHOLD)


def datasketch(texts: list[str]) -> dict[int, int]:
    """The same by MinHashLSH, row by row: kept rows are indexed, candidates checked by their signatures."""
    from datasketch import MinHash, MinHashLSH

    from holdfast.trainers.data.overlap.near_duplicates import BAND, BANDS, _pieces

    index = MinHashLSH(params=(BANDS, BAND), num_perm=BANDS * BAND)
    kept: dict[int, Any] = {}
    found: dict[int, int] = {}
    for number, text in enumerate(texts):
        pieces = _pieces(text)
        if not len(pieces):
            continue
        sketch = MinHash(num_perm=BANDS * BAND, hashfunc=int)
        sketch.update_batch(pieces.tolist())
        leader = min((one for one in index.query(sketch) if kept[one].jaccard(sketch) >= THRESHOLD), default=None)
        if leader is None:
            kept[number] = sketch
            index.insert(number, sketch)
        else:
            found[number] = leader
    return found


def exact(one: str, other: str) -> float:
    """The share of 3-word pieces that both have."""
    from holdfast.trainers.data.overlap.words import signs

    sets = [set(zip(*(signs(text)[offset:] for offset in range(3)), strict=True)) for text in (one, other)]
    return len(sets[0] & sets[1]) / max(len(sets[0] | sets[1]), 1)


def one(path: Path, how: str) -> None:
    """In a process of its own: time, memory, and how right it is."""
    rows = [json.loads(line) for line in path.open()]
    texts = [row["prompt"] for row in rows]
    begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    found = {"ours": ours, "datasketch": datasketch}[how](texts)
    seconds = time.perf_counter() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begin) / 1024
    sure = {n for n, row in enumerate(rows) if row["of"] is not None and exact(texts[n], texts[row["of"]]) >= 0.9}
    near = {n for n, row in enumerate(rows) if row["of"] is not None and exact(texts[n], texts[row["of"]]) >= THRESHOLD}
    wrong = sum(exact(texts[late], texts[early]) < THRESHOLD - 0.1 for late, early in found.items())
    recalls = (len(sure & set(found)) / len(sure), len(near & set(found)) / len(near))
    print(json.dumps([seconds, grown, len(found), *recalls, wrong]))


def main() -> None:
    """The tables."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        make(path)
        print(
            "| near duplicates of 50,000 rows | seconds | memory | found | of those ≥ 0.9 alike | ≥ 0.8 | below 0.7 |"
        )
        print("|---|---:|---:|---:|---:|---:|---:|")
        for how, name in (("ours", "Holdfast (datasketch signatures, sorted bands)"), ("datasketch", "MinHashLSH")):
            run = subprocess.run([sys.executable, __file__, str(path), how], capture_output=True, text=True, check=True)
            seconds, grown, count, sure, near, wrong = json.loads(run.stdout)
            print(f"| {name} | {seconds:.1f} | {grown:.0f} MiB | {count:,} | {sure:.2%} | {near:.2%} | {wrong} |")
        start = time.perf_counter()
        words = ["-m", "holdfast", "data", "card", str(path), f"out={folder}/card.html"]
        process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        print(
            f"\nA whole card of them: {wall:.1f} s ({ROWS / wall:,.0f} rows/s), {usage.ru_maxrss / 1024:.0f} MiB peak."
        )


if __name__ == "__main__":
    one(Path(sys.argv[1]), sys.argv[2]) if len(sys.argv) > 1 else main()
