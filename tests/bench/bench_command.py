"""`holdfast eval` against lm-eval's command line: the same task files, rows, model, batch and budget, in pairs of
fresh processes that alternate; and how long `holdfast eval` takes for one item.

    python tests/bench/bench_command.py [pairs] [rows]        prints a Markdown table
"""

import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from helpers import lm_eval_cli

NAMES = ("our_gsm8k", "our_mmlu", "our_ifeval", "our_arc", "our_hellaswag", "our_bbh", "our_mgsm")
BATCH, BUDGET = 16, 64


def holdfast(tasks: Path, names: Sequence[str], out: Path, limit: int | None = None) -> list[str]:
    """The words of `holdfast eval` for what lm-eval's command line is asked."""
    listed = ", ".join(f"{{task: {name}, include_path: {tasks}}}" for name in names)
    words = [sys.executable, "-m", "holdfast", "eval", "model=tiny", "dtype=float32", "device=cpu", f"out={out}"]
    words += [f"cache={out}/cache", f"batch_size={BATCH}", f"max_tokens={BUDGET}", f"suite=[{listed}]"]
    return [*words, *([f"limit={limit}"] if limit else [])]


def seconds(words: Sequence[str], folder: Path) -> tuple[float, float]:
    """(wall, processor) seconds of a command that must succeed."""
    import resource

    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(words, env=lm_eval_cli.environment(folder), capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{words[:5]} failed: {done.stderr[-1500:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(pairs: int, rows: int) -> None:
    """Print the table."""
    found: dict[str, list[tuple[float, float]]] = {"lm-eval": [], "holdfast": [], "one item": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tasks = lm_eval_cli.write_tasks(folder, NAMES, rows)
        for number in range(pairs):
            mine, one = folder / "mine", folder / "one"
            runs = {
                "lm-eval": lm_eval_cli.command(tasks, NAMES, folder / "theirs", True, BUDGET, BATCH),
                "holdfast": holdfast(tasks, NAMES, mine),
            }
            for side in sorted(runs, reverse=bool(number % 2)):
                found[side].append(seconds(runs[side], folder))
                print(f"pair {number + 1}: {side} {found[side][-1]}", file=sys.stderr, flush=True)
            found["one item"].append(seconds(holdfast(tasks, NAMES[:1], one, 1), folder))
            print(f"pair {number + 1}: one item {found['one item'][-1]}", file=sys.stderr, flush=True)
            for used in (mine, one, folder / "theirs"):
                shutil.rmtree(used, ignore_errors=True)
    report(found, rows)


def report(found: dict[str, list[tuple[float, float]]], rows: int) -> None:
    """Medians, and the median of the pairs' ratios."""
    print(
        f"{platform.machine()}, 1 thread, {len(NAMES)} tasks of {rows} rows, {len(found['lm-eval'])} alternated pairs\n"
    )
    print("| | wall, s | processor, s |\n|---|---|---|")
    for side, kept in found.items():
        print(f"| {side} | {statistics.median(a for a, _ in kept):.1f} | {statistics.median(b for _, b in kept):.1f} |")
    both = list(zip(found["holdfast"], found["lm-eval"], strict=True))
    wall, cpu = (statistics.median(ours[i] / theirs[i] for ours, theirs in both) for i in (0, 1))
    print(f"| holdfast / lm-eval | {wall:.2f} | {cpu:.2f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, int(sys.argv[2]) if len(sys.argv) > 2 else 80)
