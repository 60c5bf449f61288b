"""The same rows from every kind of file and folder that people have them in, and the split that was meant."""

import csv
import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import DataError, UsageError
from holdfast.trainers.data.mix import own_rows
from holdfast.trainers.settings.config import DataConfig

ROWS = [{"prompt": f"Say {number}, „ä“", "completion": f"{number}\nindeed"} for number in range(4)]
OTHER = [{"prompt": "Test.", "completion": "never trained on"}]


def lines(rows: list[dict[str, Any]], end: str = "\n") -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + end for row in rows).encode()


def table(path: Path, delimiter: str) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, ["prompt", "completion"], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(ROWS)
    return path


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    import pyarrow
    from pyarrow import parquet as files

    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def hub_layout(folder: Path) -> Path:
    parquet(folder / "data" / "train-00000-of-00002.parquet", ROWS[:2])
    parquet(folder / "data" / "train-00001-of-00002.parquet", ROWS[2:])
    parquet(folder / "data" / "test-00000-of-00001.parquet", OTHER)
    written(folder / "dataset_infos.json", b"{}")
    written(folder / ".cache" / "old.jsonl", lines(OTHER))
    return folder


def saved(folder: Path, **splits: list[dict[str, Any]]) -> Path:
    from datasets import Dataset, DatasetDict

    made = {name: Dataset.from_list(rows) for name, rows in splits.items()}
    (DatasetDict(made) if len(made) > 1 else made["train"]).save_to_disk(str(folder))
    return folder


def beside(folder: Path, **files: list[dict[str, Any]]) -> Path:
    for name, rows in files.items():
        written(folder / (name.replace("__", "/") + ".jsonl"), lines(rows))
    return folder


KINDS: dict[str, Callable[[Path], Path]] = {
    "JSON Lines": lambda at: written(at / "a.jsonl", lines(ROWS)),
    "a byte order mark": lambda at: written(at / "a.jsonl", b"\xef\xbb\xbf" + lines(ROWS)),
    "Windows' line ends": lambda at: written(at / "a.jsonl", lines(ROWS, "\r\n")),
    "empty lines": lambda at: written(at / "a.jsonl", b"\n" + lines(ROWS, "\n\n  \n")),
    "no last line end": lambda at: written(at / "a.jsonl", lines(ROWS).rstrip()),
    "packed lines": lambda at: written(at / "a.jsonl.gz", gzip.compress(lines(ROWS))),
    "a JSON array": lambda at: written(at / "a.json", json.dumps(ROWS).encode()),
    "an array with a mark": lambda at: written(at / "a.json", b"\xef\xbb\xbf" + json.dumps(ROWS).encode()),
    "a packed array": lambda at: written(at / "a.json.gz", gzip.compress(json.dumps(ROWS).encode())),
    "lines called .json": lambda at: written(at / "a.json", lines(ROWS)),
    "CSV": lambda at: table(at / "a.csv", ","),
    "TSV": lambda at: table(at / "a.tsv", "\t"),
    "parquet": lambda at: parquet(at / "a.parquet", ROWS),
    "a folder": lambda at: beside(at / "d", a=ROWS[:1], b=ROWS[1:]),
    "train and test beside": lambda at: beside(at / "d", train=ROWS, test=OTHER, validation=OTHER),
    "rows beside a test": lambda at: beside(at / "d", rows=ROWS, rows_test=OTHER),
    "folders of splits": lambda at: beside(at / "d", train__a=ROWS[:1], train__b=ROWS[1:], dev__a=OTHER),
    "the hub's layout": lambda at: hub_layout(at / "d"),
    "a saved Dataset": lambda at: saved(at / "d", train=ROWS),
    "a saved DatasetDict": lambda at: saved(at / "d", train=ROWS, test=OTHER),
}


def rows_of(path: Path, **config: Any) -> list[dict[str, Any]]:
    return own_rows(DataConfig(path=str(path), shuffle=False, **config), 0)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_holds_the_same_rows(kind: str, tmp_path: Path) -> None:
    assert rows_of(KINDS[kind](tmp_path)) == ROWS


@pytest.mark.parametrize("kind", ["train and test beside", "the hub's layout", "a saved DatasetDict"])
def test_another_split_is_named(kind: str, tmp_path: Path) -> None:
    folder = KINDS[kind](tmp_path)
    assert rows_of(folder, split="test") == OTHER
    with pytest.raises(DataError, match=r"no split 'all' \(available: .*test, train.*data\.split="):
        rows_of(folder, split="all")


def test_a_split_of_another_name_is_asked_for(tmp_path: Path) -> None:
    parquet(tmp_path / "train_sft-00000-of-00001.parquet", ROWS)
    parquet(tmp_path / "train_gen-00000-of-00001.parquet", OTHER)
    with pytest.raises(DataError, match=r"no split 'train' \(available: train_gen, train_sft\)"):
        rows_of(tmp_path)
    assert rows_of(tmp_path, split="train_sft") == ROWS


@pytest.mark.parametrize("given", [{"split": "test"}, {"name": "main"}, {"revision": "abc"}])
def test_what_one_file_does_not_have_is_refused(given: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"data.{next(iter(given))}=.* says nothing of one file"):
        rows_of(KINDS["JSON Lines"](tmp_path), **given)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.jsonl", lines(ROWS).replace(b"}\n", b"},\n"), r"a\.jsonl:1"),
        ("a.jsonl", json.dumps(ROWS, indent=1).encode(), r"a\.jsonl:1"),
        ("a.json", json.dumps({"train": ROWS}).encode(), "expected an array"),
        ("a.csv", b"prompt,completion\na\n", r"a\.csv:2: not as many values"),
        ("a.txt", b"Once.", r"expected one of \.jsonl"),
    ],
)
def test_what_is_no_table_of_rows_is_one_line(name: str, content: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=why):
        rows_of(written(tmp_path / name, content))


def test_an_empty_folder_and_a_broken_saved_set(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"no .jsonl"):
        rows_of(tmp_path / "empty")
    folder = saved(tmp_path / "d", train=ROWS)
    shutil.rmtree(folder / "data", ignore_errors=True)
    for file in folder.glob("*.arrow"):
        file.unlink()
    with pytest.raises(DataError, match="no data set that can be read"):
        rows_of(folder)
