"""Files written whole or not at all, and JSON read from them with errors that name the place."""

import errno
import gzip
import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from holdfast.errors import DataError, suggestion

Skip = Callable[[DataError], None]
"""Called with the error of a row that cannot be read, so that the others are."""


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO})
"""Errors of a disk that name no file when an open one is written."""


def refused(error: OSError) -> str | None:
    """The line for a file or folder that the system does not let us read or write; None for an error of another kind
    (a connection, a program)."""
    name = error.filename2 or error.filename
    if name is None and error.errno not in _FULL:
        return None
    place = f" {os.fsdecode(name)}" if isinstance(name, (str, bytes)) else ""
    return f"cannot read or write{place}: {error.strerror}"


def missing(path: Path, what: str, names: Iterable[str]) -> DataError:
    """The error for a path at which nothing is: where a link leads, else the nearest of the names beside it."""
    if path.is_symlink():
        return DataError(f"{path} is a link to {path.readlink()}, where nothing is")
    home = " (~ is the home folder only where the shell replaces it)" if str(path).startswith("~") else ""
    return DataError(f"no {what} {path}{home}{suggestion(path.name, names)}")


def digest(value: Any) -> str:
    """A short stable hash (16 hex digits of SHA-256) of any JSON value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def file_sha256(path: Path) -> str:
    """Hash of a file's content. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def folder_sha256(folder: Path) -> str:
    """Hash of the names and contents of all files below a folder, compiled Python left out. Raises OSError."""
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        found.update(path.relative_to(folder).as_posix().encode() + b"\0" + bytes.fromhex(file_sha256(path)))
    return found.hexdigest()


def read_jsonl(path: Path, skip: Skip | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, record) of a JSONL file (`.gz` too), one at a time.

    Raises DataError naming file and line; where `skip` is given, it gets the error of such a line and reading goes on.
    """
    opener: Any = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as lines:
            for number, line in enumerate(lines, start=1):
                record = _parse_or_skip(line, f"{path}:{number}", skip) if line.strip() else None
                if record is not None:
                    yield number, record
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {error}") from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file, lone surrogates as `write_json` writes them. Raises DataError naming the file."""
    try:
        record = json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise DataError(f"{path} must hold an object, not {type(record).__name__}")
    return record


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: temporary file, fsync, rename."""
    write_stream(path, [content])


def write_stream(path: Path, pieces: Iterable[str | bytes]) -> None:
    """Write a file whole from content that comes piece by piece and need not fit in memory. Where a link leads, the
    file behind it is written; a device or a pipe (`/dev/stdout`) is written into, and stays what it is."""
    if _is_device(path):
        with path.open("wb") as stream:
            _write(stream, pieces)
        return
    path = path.resolve() if path.is_symlink() else path
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            _write(stream, pieces)
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _is_device(path: Path) -> bool:
    inside = path.is_relative_to("/dev") or path.is_relative_to("/proc")
    return path.exists() and not path.is_dir() and (inside or not path.is_file())


def _write(stream: BinaryIO, pieces: Iterable[str | bytes]) -> None:
    for piece in pieces:
        stream.write(piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else piece)
    stream.flush()


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file whole."""
    write_whole(path, json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def _parse_or_skip(line: bytes, where: str, skip: Skip | None) -> dict[str, Any] | None:
    try:
        return parse_record(line, where)
    except DataError as error:
        if skip is None:
            raise
        skip(error)
        return None


def parse_record(line: bytes, where: str) -> dict[str, Any]:
    """The object that a line of a JSONL file holds. Raises DataError naming the place."""
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(f"{where} is not UTF-8 text: {error}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON: {error}") from error
    if not isinstance(record, dict):
        raise DataError(f"{where}: expected an object, found {type(record).__name__}")
    return record


def model_folders(folder: Path) -> list[str]:
    """The names of the models and adapters that lie in a folder; none where there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if is_model(entry))


def is_model(folder: Path) -> bool:
    """Whether a folder holds a model or an adapter."""
    return any((folder / name).is_file() for name in ("config.json", "adapter_config.json"))


def leads_out(path: Path, root: Path) -> bool:
    """Whether a path leads out of a folder, by its name or by a link."""
    return not path.resolve().is_relative_to(root.resolve())


def link_out(folder: Path, root: Path) -> Path | None:
    """A link below a folder, at any depth, that leads out of `root`, or the folder itself where it does; links to
    folders inside are followed."""
    if leads_out(folder, root):
        return folder
    waiting, seen = [folder.resolve()], set[Path]()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        for one in current.iterdir():
            if one.is_symlink() and leads_out(one, root):
                return one
            if one.is_dir():
                waiting.append(one.resolve())
    return None
