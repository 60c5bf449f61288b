"""A user's own file is counted for a plan; a data set of the hub of unknown size is not."""

import json
from pathlib import Path

import pytest

from holdfast.benchmarks.suites.sizes import suite_sizes
from holdfast.errors import UsageError

ENTRY = {"name": "mine", "prompt": "question", "reference": "answer", "reward": "exact_match"}


@pytest.mark.parametrize(("limit", "count"), [(None, 7), (3, 3), (50, 7)])
def test_the_rows_of_a_file_are_counted(limit: int | None, count: int, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"question": f"{n}?", "answer": "a"}) + "\n" for n in range(7)))
    entry = ENTRY | {"file": str(rows)} | ({} if limit is None else {"limit": limit})
    assert suite_sizes({"tasks": [entry]}) == [("mine", count, 1)]


def test_what_is_not_here_is_not_fetched() -> None:
    with pytest.raises(UsageError, match="give it a limit"):
        suite_sizes({"tasks": [ENTRY | {"hub": "owner/name", "split": "test", "revision": "a" * 40}]})
