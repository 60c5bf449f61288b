"""The files of a folder that hold the rows of one split, as the hub lays data sets out and as people name them.

data/train-00000-of-00002.parquet …        the split is what stands before the numbers
train.jsonl, test.jsonl                     the split is a word of the file's or folder's name
rows-1.jsonl, rows-2.jsonl                  no split: all are read
"""

import logging
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.records import SUFFIXES

log = logging.getLogger("holdfast")
_ABOUT = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "config.json")
"""Files of a data set's folder that hold no rows."""
_WORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "dev", "val"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_SHARD = re.compile(r"(.+?)-\d{5}-of-\d{5}")


def is_saved(folder: Path) -> bool:
    """Whether `datasets` wrote the folder (`save_to_disk`)."""
    return (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file()


def saved_rows(folder: Path, split: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(where, row) of a data set that `save_to_disk` wrote. Raises DataError for a split that it lacks."""
    from datasets import DatasetDict, load_from_disk

    try:
        found = load_from_disk(str(folder))
    except (OSError, ValueError) as error:
        raise DataError(f"{folder} is no data set that can be read: {error}") from error
    if isinstance(found, DatasetDict):
        if split not in found:
            raise _no_split(folder, split, sorted(map(str, found)))
        found = found[split]
    return ((f"{folder}[{number}]", row) for number, row in enumerate(found))


def files_of(folder: Path, split: str) -> list[Path]:
    """The files of a split, by name; all, where no name tells of a split. Raises DataError where there are none."""
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.name.endswith(SUFFIXES) and path.name not in _ABOUT and not _hidden(path.relative_to(folder))
    )
    if not files:
        raise DataError(f"no {', '.join(SUFFIXES)} in {folder}")
    splits = {path: split_of(path.relative_to(folder)) for path in files}
    named = sorted({name for name in splits.values() if name})
    if not named:
        return files
    wanted = [path for path in files if splits[path] == split]
    if split == "train":  # beside test.jsonl, rows.jsonl is what is trained on
        wanted = wanted or [path for path in files if not splits[path]]
    if not wanted:
        raise _no_split(folder, split, named)
    if left := [str(path.relative_to(folder)) for path in files if path not in wanted]:
        _tell(folder, split, ", ".join(left[:5]) + (", …" if left[5:] else ""))
    return wanted


@cache
def _tell(folder: Path, split: str, left: str) -> None:
    """Say once which files are left out."""
    log.info("data %s: split %s; not read: %s", folder, split, left)


def split_of(path: Path) -> str:
    """The split that a file's path names; empty for none."""
    if shard := _SHARD.match(path.name):
        return shard[1]
    for part in (path.name, *reversed(path.parts[:-1])):
        words = re.split(r"[^a-z]+", part.lower())
        for split, names in _WORDS.items():
            if any(name in words for name in names):
                return split
    return ""


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _no_split(folder: Path, split: str, there: list[str]) -> DataError:
    return DataError(f"{folder} has no split {split!r} (available: {', '.join(there)}); name one with data.split=…")
