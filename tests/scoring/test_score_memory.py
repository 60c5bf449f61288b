"""`holdfast score` streams: its memory does not grow with the number of rows."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.paths import shared

from holdfast.runs.aggregates import ItemMeans, Seen
from holdfast.runs.measurement import TaskResult, summarize
from holdfast.runs.row import Row

_RUN = """
import resource, sys
from holdfast.cli import main
code = main(["score", sys.argv[1], "reward=numeric", f"out={sys.argv[2]}", "--json"])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _recorded(path: Path, rows: int) -> Path:
    """Real recorded solutions of GSM8K, over and over, with ids of their own."""
    source = shared("gsm8k", "example_model_solutions.jsonl")
    records = [json.loads(line) for line in source.read_text().splitlines()]
    with path.open("w") as out:
        for index in range(rows):
            one = records[index % len(records)]
            answer = one["175b_verification"]["solution"]
            row = {"id": f"q{index}", "prompt": one["question"], "completion": answer, "reference": one["ground_truth"]}
            out.write(json.dumps(row) + "\n")
    return path


def _peak_megabytes(source: Path, out: str) -> float:
    command = [sys.executable, "-c", _RUN, str(source), out]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert json.loads(told[0])["rows_per_second"] > 0
    code, kilobytes = told[1].split()
    assert code == "0"
    return int(kilobytes) / 1024


@pytest.mark.slow
@pytest.mark.parametrize("folder", [False, True], ids=["rows", "measurement"])
def test_200_000_rows_take_the_memory_of_5_000(folder: bool, tmp_path: Path) -> None:
    out = str(tmp_path / ("run" if folder else "scored.jsonl"))
    small = _peak_megabytes(_recorded(tmp_path / "small.jsonl", 5_000), out)
    middle = _peak_megabytes(_recorded(tmp_path / "middle.jsonl", 50_000), out)
    large = _peak_megabytes(_recorded(tmp_path / "large.jsonl", 200_000), out)
    assert middle - small < 8 and large - small < 8, (small, middle, large)


def test_a_set_on_disk_is_exact_beyond_its_cache() -> None:
    seen = Seen()
    assert all(seen.add(f"item {n}") for n in range(60_000))
    assert not any(seen.add(f"item {n}") for n in range(0, 60_000, 7))
    assert seen.add("\ud800 lone") and not seen.add("\ud800 lone")


def test_means_are_over_items_in_any_order() -> None:
    scores = [("a", 1.0), ("b", 0.0), ("c", None), ("a", 0.0), ("d", 0.25), ("c", None)]
    means = ItemMeans()
    for item, score in scores:
        means.add(item, score)
    values = [0.5, 0.0, 0.25]
    mean = sum(values) / 3
    variance = sum((value - mean) ** 2 for value in values) / 2
    assert (means.items, *means.statistics()) == (4, mean, (variance / 3) ** 0.5)

    def rows() -> Iterator[Row]:
        for item, score in scores:
            outcome = "partial" if score is not None else "error"
            yield Row("t", item, "h", "p", "ask", "text", "", score, outcome, finish_reason="length")

    result = summarize(TaskResult("t"), rows())
    assert (result.n, result.mean, result.unjudged, result.truncated) == (4, mean, 2, 6)
    assert ItemMeans().statistics() == (None, None)
