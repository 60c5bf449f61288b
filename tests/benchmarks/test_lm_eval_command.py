"""lm-eval's own command line and Holdfast on the same task file, the same rows and the same model: row by row.

The task is lm-eval's GSM8K, included by a file of one's own (`include_path`), over sums and real GSM8K questions.
"""

import json
from pathlib import Path

import pytest
from helpers.lm_eval_run import samples_file

from holdfast.benchmarks.engine import measure
from holdfast.benchmarks.engine.backends.models import load
from holdfast.benchmarks.engine.settings import Settings


@pytest.mark.slow
@pytest.mark.parametrize("chosen", ["strict-match", "flexible-extract"])
def test_rows_are_those_of_the_command_line(tmp_path: Path, chosen: str) -> None:
    theirs = [json.loads(line) for line in samples_file(tmp_path, sums=20, questions=12).read_text().splitlines()]
    kept = {str(row["doc_id"]): row for row in theirs if row["filter"] == chosen}
    task = {"task": "sums", "include_path": str(tmp_path / "tasks"), "filter": chosen, "max_tokens": 24}
    how = Settings(batch_size=32, progress=False)
    found = measure(load("tiny", dtype="float32", device="cpu"), [task], tmp_path / "ours", settings=how)
    rows = list(found.rows("sums"))
    assert len(rows) == len(kept) == 52
    for row in rows:
        other = kept[row.doc_id]
        assert row.prompt == other["arguments"]["gen_args_0"]["arg_0"]
        assert (row.completion, row.score) == (other["resps"][0][0], other["exact_match"]), row.doc_id
    assert found.tasks["sums"].reward["options"]["filter"] == chosen
