"""Files that the other harnesses wrote themselves (the folder or file names the version) read as what went in.

lighteval's by its EvaluationTracker, EvalScope's by its CacheManager, OpenCompass' by its output handler and evaluation
task, inspect's by its `eval` with a mock model; each asked the same three sums, of which the model gets some right.
"""

import shutil
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast import importers
from holdfast.importers import lm_eval_export
from holdfast.importers.recorded import Recorded
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row

DATA = Path(__file__).parent / "data"
ASKED = ["What is 2 + 2?", "What is 3 * 3?", "What is 7 - 5?"]


def rows_of(path: Path, task: str) -> list[Row]:
    found = importers.read(path)
    assert found is not None
    return list(found.rows(task))


def test_evalscope() -> None:
    rows = rows_of(DATA / "evalscope_1.14.1", "gsm8k_main")
    assert [row.prompt for row in rows] == ASKED
    assert [row.reference for row in rows] == ["4", "9", "2"]
    assert [row.completion for row in rows] == ["So it is 4.", "It is 8", "Let me think"]
    assert [row.extracted for row in rows] == ["4", "8", ""] and [row.score for row in rows] == [1, 0, 0]
    assert [row.doc_id for row in rows] == ["0", "1", "2"] and len({row.doc_hash for row in rows}) == 3


@pytest.mark.parametrize(("task", "scores"), [("sums_details", [1, 0, 1]), ("sums", [None, None, None])])
def test_opencompass(task: str, scores: list[float | None]) -> None:
    """The accuracy evaluator keeps no verdict of a row; GSM8K's does, and leaves the prompt to the predictions."""
    rows = rows_of(DATA / "opencompass_0.5.4", task)
    assert [row.prompt for row in rows] == ASKED
    assert [row.reference for row in rows] == ["4", "9", "2"]
    assert [row.completion for row in rows] == ["4", "8", "2"]
    assert [row.score for row in rows] == scores


@pytest.mark.parametrize(
    ("name", "kept", "completions", "references", "scores"),
    [
        ("gsm8k|5", "gsm8k", ["So it is 4.", "8", "The answer is 2"], ["4", "9", "2"], [1, 0, 1]),
        ("arc:challenge|0", "arc", [" cold", " cold"], [" cold", " hot"], [1, 0]),
    ],
)
def test_lighteval(
    name: str, kept: str, completions: list[str], references: list[str], scores: list[float], tmp_path: Path
) -> None:
    """The file's own name holds characters that not every file system takes, so it is given back here."""
    stamp = "2026-11-21T09-33-13.426746"
    path = tmp_path / "details" / "org" / "dummy" / stamp / f"details_{name}_{stamp}.parquet"
    path.parent.mkdir(parents=True)
    shutil.copy(DATA / "lighteval_0.13.0" / f"{kept}.parquet", path)
    rows = rows_of(tmp_path, name.replace("|", ":"))
    assert [row.completion for row in rows] == completions
    assert [row.reference for row in rows] == references
    assert [row.score for row in rows] == scores
    assert [row.doc_id for row in rows] == [str(place) for place in range(len(scores))]


def test_inspect_json() -> None:
    rows = rows_of(DATA / "inspect_ai_0.3.285.json", "sums")
    assert [row.prompt for row in rows] == ASKED
    assert [row.reference for row in rows] == ["4", "9", "2"]
    assert [row.completion for row in rows] == ["It is 4", "It is 8", "Let me think about"]
    assert [row.score for row in rows] == [1, 0, 0] and [row.tokens for row in rows] == [5, 5, 5]
    assert [row.finish_reason for row in rows] == ["stop", "stop", "length"]


def test_the_lm_eval_writer_holds_one_row_at_a_time(tmp_path: Path) -> None:
    def rows() -> Iterator[Row]:
        for place in range(2000):
            yield Row("t", str(place), "d", "p", "Q", "so " * 3000 + str(place), "4", 1.0, "correct")

    result = TaskResult("t", version="1", reward={"name": "exact_match", "version": "1", "options": {}})
    measurement = Recorded(tmp_path, {"t": result}, {"name": "m"}, sources={"t": rows})
    tracemalloc.start()
    try:
        _, samples = lm_eval_export.write(measurement, tmp_path / "out")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert samples.stat().st_size > 18_000_000 and peak < 2_000_000, peak


def test_evalscope_repeats() -> None:
    """Two answers to one sum (`repeats`), one to another: an item is its group, a repeat its place in it."""
    rows = rows_of(DATA / "evalscope_1.14.1_repeats", "gsm8k_repeats")
    assert [(row.doc_id, row.repeat, row.score) for row in rows] == [("0", 0, 1), ("0", 1, 0), ("1", 0, 0)]
    assert rows[0].doc_hash == rows[1].doc_hash != rows[2].doc_hash


def test_opencompass_repeats() -> None:
    """`n=2`: the details hold both verdicts of an item, the predictions the whole data set twice."""
    rows = rows_of(DATA / "opencompass_0.5.4_repeats", "sums_repeats")
    assert [row.prompt for row in rows] == [one for one in ASKED for _ in range(2)]
    assert [row.repeat for row in rows] == [0, 1] * 3
    assert [row.completion for row in rows] == ["4", "4", "8", "9", "2", "5"]
    assert [row.reference for row in rows] == ["4", "4", "9", "9", "2", "2"]
    assert [row.score for row in rows] == [1, 1, 0, 1, 1, 0]
