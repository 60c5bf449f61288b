"""`math` against math-verify and TRL's accuracy_reward: accuracy, speed, worst case and memory in one run.

python tests/bench/bench_math.py [seconds per measurement, default 3 | recorded]
"""

import gzip
import json
import multiprocessing
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from helpers.paths import SHARED_DATA

from holdfast.reward import Reward
from holdfast.sample import Sample

Pair = tuple[str, str]
"""Completion and reference."""
LENGTH = 1300


def gsm8k_like(count: int, seed: int) -> list[Pair]:
    """GSM8K's own solutions padded to about 1.3 kB, with an answer of our own so that every text is distinct."""
    rng = random.Random(seed)
    rows = [json.loads(line) for line in (SHARED_DATA / "gsm8k/test.jsonl").read_text("utf-8").splitlines()]
    pairs = []
    for index in range(count):
        body = rows[index % len(rows)]["answer"].partition("####")[0]
        text = (body * (LENGTH // max(1, len(body)) + 1))[:LENGTH]
        answer = rng.randrange(10**7)
        given = answer if rng.random() < 0.7 else answer + 1
        pairs.append((f"{text}\nSo the final answer is \\boxed{{{given}}}.", str(answer)))
    return pairs


def math_like(count: int, seed: int) -> list[Pair]:
    """MATH test solutions of about 1.3 kB; a third against another problem's reference; expressions made distinct."""
    rng = random.Random(seed)
    with gzip.open(SHARED_DATA / "math/math_test5000/test.jsonl.gz", "rt") as file:
        rows = [row for row in map(json.loads, file) if _last_box(row["solution"])]
    pairs = []
    for index in range(count):
        row = rows[index % len(rows)]
        answer = _last_box(row["solution"])
        body = row["solution"].replace("\\boxed", "")
        text = (body * (LENGTH // max(1, len(body)) + 1))[:LENGTH]
        other = _last_box(rows[rng.randrange(len(rows))]["solution"])
        tail = f"+{index}" if index >= len(rows) else ""
        given = answer if rng.random() < 0.67 else other
        pairs.append((f"{text}\nThe final answer is $\\boxed{{{given}{tail}}}$.", answer + tail))
    return pairs


def recorded(kind: str) -> list[Pair]:
    """What models wrote: GSM8K of six models (labelled solutions, ZeroEval, ToRA), or MATH level 5 of one."""
    if kind == "math":
        rows = _rows("math/recorded/zeroeval/math-l5.gpt-4o-mini-2024-07-18.json.gz")
        return [(row["output"][0], row["answer"]) for row in rows]
    pairs = []
    for row in _rows("gsm8k/example_model_solutions.jsonl"):
        answer = row["ground_truth"].rpartition("A: ")[2].strip()
        pairs += [(row[model]["solution"], answer) for model in ("6b_verification", "175b_verification")]
    for name in ("gpt-4o-mini-2024-07-18", "Qwen2-7B-Instruct"):
        rows = _rows(f"gsm8k/recorded/zeroeval/gsm.{name}.json.gz")
        pairs += [(row["output"][0], row["answer"].lstrip("# ")) for row in rows]
    for name in ("tora-70b-v1.0", "tora-code-34b-v1.0"):
        pairs += [(row["code"][0], str(row["gt"])) for row in _rows(f"gsm8k/recorded/tora/{name}_gsm8k_test.jsonl.gz")]
    random.Random(3).shuffle(pairs)
    return pairs


def _rows(path: str) -> list[dict[str, Any]]:
    opened = gzip.open if path.endswith(".gz") else open
    with opened(SHARED_DATA / path, "rt", encoding="utf-8") as file:
        text = file.read()
    return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]


def recorded_rates(seconds: float) -> None:
    """Recorded texts: rates of both in turns of 64 pairs, so that a busy machine slows both alike; what each imports
    and starts at its first pairs is not counted."""
    print("\n| recorded texts | rows | math per s | math-verify per s | ratio |\n|---|---|---|---|---|")
    for kind in ("gsm8k", "math"):
        pairs = recorded(kind)
        spent = {ours: 0.0, peer: 0.0}
        for judge in spent:
            judge(pairs[:64])
        done = 0
        while done < len(pairs) and spent[peer] < seconds:
            chunk = pairs[done : done + 64]
            for judge in spent:
                start = time.perf_counter()
                judge(chunk)
                spent[judge] += time.perf_counter() - start
            done += len(chunk)
        one, other = done / spent[ours], done / spent[peer]
        print(f"| {kind} | {done} | {one:,.0f} | {other:,.0f} | {one / other:.1f}x |", flush=True)


def _last_box(solution: str) -> str:
    from holdfast.rewards.answers.boxes import boxes

    found = boxes(solution)
    return found[-1] if found else ""


def ours(pairs: Iterable[Pair]) -> list[bool]:
    """Verdicts of `math`."""
    scores = Reward("math").score_batch([Sample(text, reference) for text, reference in pairs])
    return [bool(score.value) for score in scores]


def peer(pairs: Iterable[Pair]) -> list[bool]:
    """Verdicts of math-verify as its README calls it, the reference as LaTeX."""
    from math_verify import parse, verify

    return [bool(verify(parse(f"${reference}$"), parse(text))) for text, reference in pairs]


def plain_peer(pairs: Iterable[Pair]) -> list[bool]:
    """math-verify on references that are already in its own input form."""
    from math_verify import parse, verify

    return [bool(verify(parse(reference), parse(text))) for text, reference in pairs]


def trl(pairs: Iterable[Pair]) -> list[bool]:
    """Verdicts of TRL's accuracy_reward."""
    from trl.rewards import accuracy_reward

    chosen = list(pairs)
    completions = [[{"role": "assistant", "content": text}] for text, _ in chosen]
    return [bool(value) for value in accuracy_reward(completions, [f"${reference}$" for _, reference in chosen])]


def bounded(judge: Callable[[list[Pair]], list[bool]]) -> Callable[[list[Pair]], list[bool]]:
    """The judge in a process that is killed after ten seconds, which counts as "no": peers can hang."""

    def call(pairs: list[Pair]) -> list[bool]:
        receiver, sender = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("fork").Process(target=lambda: sender.send(judge(pairs)))
        process.start()
        found = receiver.recv() if receiver.poll(10) else [False] * len(pairs)
        process.kill()
        process.join()
        return list(found)

    return call


def bare(pairs: Iterable[Pair]) -> list[bool]:
    """A regular expression and Fraction: the lower bound for integers."""
    import re

    box = re.compile(r"\\boxed\{(-?\d+)\}")
    return [Fraction(box.findall(text)[-1]) == Fraction(reference) for text, reference in pairs]


def rate(judge: Callable[[list[Pair]], list[bool]], pairs: list[Pair], seconds: float) -> tuple[float, int]:
    """Pairs a second in batches of 256 until the time is up, and how many were judged."""
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds and done < len(pairs):
        done += len(judge(pairs[done : done + 256]))
    return done / (time.perf_counter() - start), done


def latencies(judge: Callable[[list[Pair]], list[bool]], pairs: list[Pair]) -> list[float]:
    """Milliseconds of each single call."""
    found = []
    for pair in pairs:
        start = time.perf_counter()
        judge([pair])
        found.append((time.perf_counter() - start) * 1000)
    return sorted(found)


def accuracy(judge: Callable[[list[Pair]], list[bool]]) -> tuple[int, int, int, float]:
    """False positives, false negatives and number of the uncontested math_cases; the slowest in seconds."""
    rows = [json.loads(line) for line in (SHARED_DATA / "math_cases.jsonl").read_text("utf-8").splitlines()]
    positive = negative = 0
    slowest = 0.0
    for row in rows:
        start = time.perf_counter()
        found = judge([(row["text"], row["gold"])])[0]
        slowest = max(slowest, time.perf_counter() - start)
        positive += not row["contested"] and found and not row["expected"]
        negative += not row["contested"] and not found and row["expected"]
    return positive, negative, sum(not row["contested"] for row in rows), slowest


def equivalence(judge: Callable[[list[Pair]], list[bool]]) -> tuple[int, int, int]:
    """True positives, false positives and false negatives on math_equivalence without the documented exceptions."""
    table = Path(__file__).resolve().parents[1] / "rewards/math_answer/math_exceptions.jsonl"
    exceptions = {(row["file"], row["row"]) for row in map(json.loads, table.read_text("utf-8").splitlines())}
    counts = [0, 0, 0]
    for path in sorted((SHARED_DATA / "math_equivalence").glob("*.jsonl")):
        for index, line in enumerate(path.read_text("utf-8").splitlines()):
            row = json.loads(line)
            golds = row["gold"] if isinstance(row["gold"], list) else [row["gold"]]
            if (path.name, index) in exceptions or row["pred"] is None:
                continue
            found = any(judge([(str(row["pred"]), str(gold))])[0] for gold in golds)
            counts[0] += found and row["expected"]
            counts[1] += found and not row["expected"]
            counts[2] += row["expected"] and not found
    return counts[0], counts[1], counts[2]


def main() -> None:
    """Print the tables; only that of recorded texts with the word `recorded`."""
    if sys.argv[1:2] == ["recorded"]:
        recorded_rates(30.0)
        return
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    gsm, latex = gsm8k_like(200_000, 1), math_like(20_000, 2)
    for judge in (ours, peer, trl):
        judge(gsm[:50] + latex[:50])
    rates = {}
    judges = (("math", ours), ("math-verify 0.9.0", peer), ("TRL accuracy_reward", trl))
    for name, judge in judges:
        rates[name] = rate(judge, gsm[1000:], seconds)[0], rate(judge, latex[100:], seconds)[0]
    floor = rate(bare, gsm[1000:], seconds)[0]
    print("| reader | GSM8K-like per s | MATH-like per s | p50 ms | p99 ms | wrong+ | missed | slowest case s |")
    print("|---|---|---|---|---|---|---|---|")
    for name, judge in judges:
        single = latencies(judge, latex[:1500])
        p50, p99 = statistics.median(single), single[int(len(single) * 0.99)]
        positive, negative, total, slowest = accuracy(judge if judge is ours else bounded(judge))
        print(
            f"| {name} | {rates[name][0]:,.0f} | {rates[name][1]:,.0f} | {p50:.2f} | {p99:.2f} | "
            f"{positive}/{total} | {negative}/{total} | {slowest:.2f} |"
        )
    one, other = rates["math"], rates["math-verify 0.9.0"]
    print(f"| ratio to math-verify | {one[0] / other[0]:.1f}x | {one[1] / other[1]:.1f}x | | | | | |")
    print(f"| regex + Fraction | {floor:,.0f} | | | | | | |")
    recorded_rates(10 * seconds)
    print("\n| math_equivalence | precision % | recall % |\n|---|---|---|")
    for name, judge in (("math", ours), ("math-verify 0.9.0", plain_peer), ("TRL accuracy_reward", bounded(trl))):
        right, wrong, missed = equivalence(judge)
        print(f"| {name} | {100 * right / (right + wrong):.1f} | {100 * right / (right + missed):.1f} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\nPeak memory of this process (both together): {peak} MB")


if __name__ == "__main__":
    main()
