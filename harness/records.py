"""Reading recorded outputs of any shape: JSONL, JSONL.gz, JSON arrays, parquet, CSV, TSV; fields named by path."""

import csv
import gzip
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast.errors import DataError, install_hint, suggestion
from holdfast.files import Skip, missing, read_jsonl

Record = Mapping[str, Any]
SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".json.gz", ".parquet", ".csv", ".tsv")


def read_records(path: Path, skip: Skip | None = None) -> Iterator[tuple[str, Record]]:
    """(where, record) of every row, one at a time (a JSON array is read whole).

    Raises DataError; where `skip` is given, it gets the error of a row that cannot be read and the others are read.
    """
    require_file(path)
    skipped: list[DataError] = []

    def remember(error: DataError) -> None:
        skipped[:] = skipped[:1] or [error]
        if skip is not None:
            skip(error)

    empty = True
    for where, record in _reader(path, remember if skip else None):
        empty = False
        yield where, record
    if empty:
        raise DataError(f"{path} holds no rows" + (f" that can be read ({skipped[0]})" if skipped else ""))


def require_file(path: Path) -> None:
    """Raise DataError, naming the nearest file of that folder, when there is no file at `path`."""
    if path.is_file():
        return
    if path.is_dir():
        raise DataError(f"{path} is a folder; expected a file ({', '.join(SUFFIXES)})")
    folder = path.parent if path.parent.is_dir() else Path()
    names = [entry.name for entry in folder.iterdir() if entry.is_file() and entry.name.endswith(SUFFIXES)]
    raise missing(path, "file", names)


def pick(record: Record, path: str, where: str) -> Any:
    """The value at a dotted path: keys of objects, indices of arrays (`output.0`, `6b.solution`).

    `a,b` picks several fields as an object; `.` is the whole record. A key that differs only in upper and lower
    case is accepted where it is the only such one. Raises DataError naming the fields there are.
    """
    if path == ".":
        return dict(record)
    if "," in path:
        return {name.rpartition(".")[2]: pick(record, name, where) for name in path.split(",")}
    value: Any = record
    for step in path.split("."):
        value = _step(value, step, path, where)
    return value


def _step(value: Any, step: str, path: str, where: str) -> Any:
    if isinstance(value, Mapping):
        if step in value:
            return value[step]
        folded = [key for key in value if str(key).casefold() == step.casefold()]
        if len(folded) == 1:
            return value[folded[0]]
        raise DataError(f"{where}: no field {step!r} (of {path!r}){suggestion(step, map(str, value))}")
    if isinstance(value, Sequence) and not isinstance(value, str):
        if step.lstrip("-").isdigit() and -len(value) <= int(step) < len(value):
            return value[int(step)]
        raise DataError(f"{where}: no element {step!r} (of {path!r}) in an array of {len(value)}")
    raise DataError(f"{where}: {path!r} goes into a {type(value).__name__} at {step!r}")


def _reader(path: Path, skip: Skip | None) -> Iterator[tuple[str, Record]]:
    name = path.name
    if name.endswith((".jsonl", ".jsonl.gz")):
        return ((f"{path}:{number}", record) for number, record in read_jsonl(path, skip))
    if name.endswith((".json", ".json.gz")):
        return _read_array(path, skip)
    if name.endswith(".parquet"):
        return _read_parquet(path)
    if name.endswith((".csv", ".tsv")):
        return _read_csv(path)
    raise DataError(f"{path}: unknown kind of file; expected one of {', '.join(SUFFIXES)}")


_LONGEST_CELL = 1 << 28


def _read_csv(path: Path) -> Iterator[tuple[str, Record]]:
    """Rows of a table with a heading; every value is text. Raises DataError for rows longer than the heading."""
    csv.field_size_limit(_LONGEST_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, delimiter="\t" if path.name.endswith(".tsv") else ",", strict=True)
            for record in reader:
                where = f"{path}:{reader.line_num}"
                if None in record or None in record.values():
                    raise DataError(f"{where}: not as many values as the heading has ({len(reader.fieldnames or ())})")
                yield where, record
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise DataError(f"{path} cannot be read as a table: {error}") from error


def _read_array(path: Path, skip: Skip | None) -> Iterator[tuple[str, Record]]:
    raw = path.read_bytes()
    try:
        loaded = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    except (ValueError, RecursionError, OSError, EOFError, zlib.error) as error:
        if isinstance(error, json.JSONDecodeError) and error.msg == "Extra data":  # JSON Lines by another name
            yield from ((f"{path}:{number}", record) for number, record in read_jsonl(path, skip))
            return
        raise DataError(f"{path} is not JSON: {error}") from error
    if isinstance(loaded, dict) and isinstance(loaded.get("columns"), list) and isinstance(loaded.get("data"), list):
        loaded = [dict(zip(loaded["columns"], row, strict=False)) for row in loaded["data"]]  # a table of W&B's
    if not isinstance(loaded, list):
        raise DataError(f"{path}: expected an array of objects, found {type(loaded).__name__}")
    for index, record in enumerate(loaded):
        if isinstance(record, dict):
            yield f"{path}[{index}]", record
            continue
        wrong = DataError(f"{path}[{index}]: expected an object, found {type(record).__name__}")
        if skip is None:
            raise wrong
        skip(wrong)


def _read_parquet(path: Path) -> Iterator[tuple[str, Record]]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise DataError(f"reading {path} needs pyarrow: {install_hint('eval')}") from error
    try:
        batches = parquet.ParquetFile(path).iter_batches(batch_size=512)
        start = 0
        for batch in batches:
            for offset, record in enumerate(batch.to_pylist()):
                yield f"{path}[{start + offset}]", record
            start += batch.num_rows
    except (ArrowException, OSError) as error:
        raise DataError(f"{path} is not parquet: {error}") from error
