"""Tasks without Python: options compared by likelihood, perplexity of a text, parquet, a subset of subjects."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import shared

from holdfast.benchmarks.engine import measure
from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.settings import Settings
from holdfast.errors import DataError, UsageError
from holdfast.runs.row import Row

HOW = Settings(batch_size=4, progress=False)


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    import torch

    torch.set_num_threads(1)
    return load("tiny")


def rows_of(tiny: LoadedModel, task: Any, out: Path, **settings: Any) -> list[Row]:
    found = measure(tiny, [task], out, data_root=shared(), settings=HOW)
    return [row for name in found.tasks for row in found.rows(name)]


QUESTIONS = [{"prompt": "Compute 2 + 3", "options": ["5", "qqqqqqq"], "right": named} for named in (0, "A", "0", "5")]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_options_by_likelihood(tiny: LoadedModel, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"rows.{suffix}"
    rows = QUESTIONS if suffix == "jsonl" else [{**row, "right": "A"} for row in QUESTIONS]
    if suffix == "jsonl":
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), file)
    task = {"file": str(file), "choices": "options", "reference": "right"}
    found = rows_of(tiny, task, tmp_path / "out")
    assert [row.score for row in found] == [1.0] * 4 and all("logprob_5" in row.parts for row in found)


def test_an_option_that_is_none(tiny: LoadedModel, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({"prompt": "?", "choices": ["a", "b"], "reference": 2}) + "\n")
    with pytest.raises(DataError, match="no option's number, letter or text"):
        rows_of(tiny, {"file": str(file), "choices": "choices"}, tmp_path / "out")


def test_perplexity_of_a_text_file(tiny: LoadedModel, tmp_path: Path) -> None:
    file = tmp_path / "book.txt"
    file.write_text("Compute 2 + 3 and then compute 4 + 5.")
    (row,) = rows_of(tiny, {"file": str(file), "perplexity": True}, tmp_path / "out")
    assert row.score is not None and 0 < row.score < 1 and "bits per byte" in row.reason


def test_a_subset_of_mmlus_subjects(tiny: LoadedModel, tmp_path: Path) -> None:
    task = {"task": "mmlu", "categories": ["astronomy", "virology"], "limit": 8}
    assert {row.category for row in rows_of(tiny, task, tmp_path / "out")} == {"astronomy", "virology"}
    with pytest.raises(UsageError, match="did you mean 'astronomy'"):
        rows_of(tiny, {**task, "categories": ["astronmy"]}, tmp_path / "other")
