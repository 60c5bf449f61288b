"""Rows of a killed call: what is whole is kept, in memory that does not grow with the trajectories."""

import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from holdfast.benchmarks.engine.items import Item
from holdfast.benchmarks.engine.measuring import _kept_rows
from holdfast.errors import DataError
from holdfast.runs.row import Row, encode, read_whole_rows

COUNT, SIZE = 100, 100_000


def row(number: int, completion: str = "x", outcome: str = "correct") -> Row:
    hashed = item(number).prompt_hash
    score = None if outcome == "error" else 1.0
    return Row("t", str(number), "d", hashed, "p", completion, "r", score, outcome)


def item(number: int) -> Item:
    return Item("t", str(number), 0, "generate", f"prompt {number}")


def work(count: int, player: Any) -> Any:
    return SimpleNamespace(items=[item(number) for number in range(count)], player=player)


def test_trajectories_of_a_large_file_are_not_held(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with path.open("w") as stream:
        for number in range(COUNT):
            stream.write(encode(row(number, f"{number} " * (SIZE // len(f"{number} ")))) + "\n")
    tracemalloc.start()
    kept = _kept_rows(path, work(COUNT, object()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept) == COUNT and {one.completion for one in kept.values()} == {""}
    assert peak < path.stat().st_size / 4


@pytest.mark.parametrize("player", [None, object()])
def test_what_is_kept_is_of_this_call_and_judged(player: Any, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    other = Row("t", "1", "d", "another prompt", "p", "old", "r", 1.0, "correct")
    rows = [row(0), other, row(2, outcome="error"), row(3, "first"), row(3, "second"), row(9)]
    path.write_text("".join(encode(one) + "\n" for one in rows))
    kept = _kept_rows(path, work(5, player))
    assert {key[1]: one.completion for key, one in kept.items()} == (
        {"0": "x", "3": "second"} if player is None else {"0": "", "3": ""}
    )


@pytest.mark.parametrize("torn", ["", "{", '{"task": "t', "\x00" * 70_000, "x" * 65_535, "x" * 65_536, "x" * 200_000])
@pytest.mark.parametrize("whole", [0, 1, 3])
def test_a_torn_last_line_is_cut_off_the_file(torn: str, whole: int, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    lines = "".join(encode(row(number)) + "\n" for number in range(whole))
    path.write_text(lines + torn)
    assert [one.doc_id for one in read_whole_rows(path)] == [str(number) for number in range(whole)]
    assert path.read_text() == lines


def test_an_absent_file_holds_nothing_and_a_broken_line_is_named(tmp_path: Path) -> None:
    assert list(read_whole_rows(tmp_path / "t.jsonl")) == []
    (tmp_path / "t.jsonl").write_text(f"{{broken\n{encode(row(1))}\n")
    with pytest.raises(DataError, match=r"t\.jsonl:1"):
        list(read_whole_rows(tmp_path / "t.jsonl"))
