"""Where a benchmark's rows come from: the hub at a pinned revision, or a local folder (`data_root`)."""

import csv
import gzip
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.files import digest, read_jsonl
from holdfast.records import read_records

Doc = Mapping[str, Any]
"""One row of a data set."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """The rows of one split. `files` and the hub may name their columns differently: each has its own reader."""

    hub: str = ""
    """Dataset id on the hub; empty: only files."""
    config: str | None = None
    split: str = "test"
    hub_file: str = ""
    """A file of the hub repository to read by name, for a repository that `datasets` cannot load (a loading script)."""
    revision: str = ""
    """Commit of the hub repository; empty: not known to us, and said so wherever the data is used."""
    files: tuple[str, ...] = ()
    """Paths or glob patterns below `data_root`, in order."""
    sha256: str = ""
    """Of the (unzipped) file, or of the lines `sha256  name` of all files when there are several."""
    columns: tuple[str, ...] = ()
    """Column names of a CSV without header."""
    from_hub: Callable[[Doc], Doc] | None = None
    """Brings a hub row into the shape the task's functions read."""
    from_file: Callable[[Doc], Doc] | None = None
    """The same for a row of `files`; the key `_file` holds the file's name."""
    assemble: Callable[[list[Doc]], list[Doc]] | None = None
    """Joins the rows of several `files` into docs (questions and answers that lie apart)."""
    assemble_hub: Callable[[list[Doc]], list[Doc]] | None = None
    """The same for the hub's rows."""
    keep: Callable[[Doc], bool] | None = None
    """Rows that belong to the split, judged after from_hub/from_file."""
    rows: Callable[[], Iterable[Doc]] | None = None
    """Makes the rows: a generated benchmark needs neither hub nor files."""
    rows_below: Callable[[Path | None], Iterable[Doc]] | None = None
    """The same for rows that an environment makes or reads below `data_root`."""
    licence: str = ""
    count: int | None = None
    """Rows there must be: a changed data set is refused."""
    about: int | None = None
    """Rows there are about, where mirrors differ: for planning only."""
    gated: str = ""
    """What a user has to do before the hub serves it."""

    @property
    def origin(self) -> str:
        """Where it comes from, for manifests and error texts."""
        name = f"{self.hub}/{self.config}" if self.config else self.hub
        return f"{name}:{self.split}@{self.revision[:12] or 'main'}" if self.hub else ", ".join(self.files)

    @property
    def pinned(self) -> bool:
        """Whether what the hub serves can only be what it was: a commit is named (or nothing comes from the hub)."""
        return not self.hub or bool(self.revision)


def load_docs(source: Source, data_root: Path | None, task: str = "") -> list[Doc]:
    """The rows of a source. Raises DataError when they are absent (with the command to run), do not match the pinned
    checksum, or are not as many as they must be."""
    prepared = _prepared(data_root, task, source)
    rows: list[Doc]
    if source.rows is not None:
        rows = list(source.rows())
    elif source.rows_below is not None:
        rows = list(source.rows_below(data_root))
    elif prepared is not None:
        rows = [record for _, record in read_jsonl(prepared)]
    elif source.files and (data_root is not None or all(Path(name).is_absolute() for name in source.files)):
        rows = _from_files(source, data_root or Path(), task)
    else:
        rows = _from_hub(source, task)
    if source.count is not None and len(rows) != source.count:
        raise DataError(f"{task or source.origin}: expected {source.count} rows, found {len(rows)}")
    return rows


@contextmanager
def expected_form(name: str) -> Iterator[None]:
    """Raise DataError for rows that a benchmark's functions cannot read: a field is missing, or is no text."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        detail = f"no field {error}" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
        raise DataError(f"{name}: its rows are not of the expected form ({detail:.200})") from error


def prepared_path(data_root: Path, task: str, source: Source) -> Path:
    """Where `holdfast data fetch` puts the rows of a task's source."""
    return data_root / "holdfast" / task.replace("/", "__") / f"{source.split}.jsonl"


def _prepared(data_root: Path | None, task: str, source: Source) -> Path | None:
    if data_root is None or not task:
        return None
    path = prepared_path(data_root, task, source)
    return path if path.is_file() else None


def local_files(source: Source, data_root: Path, task: str = "") -> list[Path]:
    """The files of a source below `data_root`. Raises DataError when one is absent."""
    if not data_root.is_dir():
        raise DataError(f"data_root {data_root} is not a directory")
    found: list[Path] = []
    for pattern in source.files:
        absolute = Path(pattern).is_absolute()
        matches = [Path(pattern)] if absolute else sorted(data_root.glob(pattern))
        if not matches:
            fetch = f"; get it with `holdfast data fetch tasks=[{task}] data_root={data_root}`" if source.hub else ""
            raise DataError(f"{task or source.origin}: no {pattern} below {data_root}{fetch}")
        found += matches
    return found


def checksum(paths: list[Path]) -> str:
    """SHA-256 of one file's (unzipped) content, or of the list of the files' checksums."""
    digests = [(hashlib.sha256(_content(path)).hexdigest(), path.name.removesuffix(".gz")) for path in paths]
    if len(digests) == 1:
        return digests[0][0]
    listing = "".join(f"{digest}  {name}\n" for digest, name in sorted(digests, key=lambda d: d[1]))
    return hashlib.sha256(listing.encode()).hexdigest()


def _from_files(source: Source, data_root: Path, task: str) -> list[Doc]:
    paths = local_files(source, data_root, task)
    if source.sha256 and (found := checksum(paths)) != source.sha256:
        raise DataError(
            f"{task or source.origin}: {paths[0]} is not the pinned data: its sha256 is {found}, "
            f"expected {source.sha256}"
        )
    rows: Iterator[Doc] = ({"_file": path.name, **row} for path in paths for row in _parse(path, source.columns))
    with expected_form(task or source.origin):
        if source.assemble is not None:
            rows = iter(source.assemble(list(rows)))
        return _shaped(rows, source.from_file, source.keep)


def _from_hub(source: Source, task: str) -> list[Doc]:
    if not source.hub:
        raise DataError(
            f"{task}: this benchmark is read from a local folder only: set data_root=… to one that "
            f"holds {', '.join(source.files)}"
        )
    try:
        rows = _hub_file(source) if source.hub_file else _hub_split(source)
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(
            f"{task}: cannot load {source.origin} from the hub ({type(error).__name__}: "
            f"{str(error).partition(chr(10))[0]:.200}); {_remedy(source, task)}"
        ) from error
    with expected_form(task):
        if source.assemble_hub is not None:
            rows = source.assemble_hub(list(rows))
        return _shaped(iter(rows), source.from_hub, source.keep)


def _hub_split(source: Source) -> Iterable[Doc]:
    """The rows as `datasets` loads them."""
    import datasets

    datasets.utils.logging.set_verbosity_error()
    datasets.disable_progress_bars()
    mirror = os.environ.get("HOLDFAST_HUB")
    rows: Iterable[Doc]
    if mirror:
        folder = Path(mirror) / source.hub
        rows = datasets.load_dataset(str(folder), source.config, split=source.split, cache_dir=mirror_cache(folder))
    else:
        revision = source.revision or None
        rows = datasets.load_dataset(source.hub, source.config, split=source.split, revision=revision)
    return rows


def mirror_cache(folder: Path) -> str:
    """Where `datasets` shall keep what it makes of a local repository. By itself it would take another folder of the
    same name, or an older state of this one, for the same data."""
    import datasets

    files = sorted(path for path in folder.rglob("*") if path.is_file())
    state = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return str(Path(datasets.config.HF_DATASETS_CACHE) / "holdfast" / digest([str(folder.resolve()), state]))


def _hub_file(source: Source) -> Iterable[Doc]:
    """The rows of one file of the repository."""
    mirror = os.environ.get("HOLDFAST_HUB")
    if mirror:
        return _parse(Path(mirror) / source.hub / source.hub_file, source.columns)
    from huggingface_hub import hf_hub_download

    revision = source.revision or None
    found = hf_hub_download(source.hub, source.hub_file, repo_type="dataset", revision=revision)
    return _parse(Path(found), source.columns)


def _remedy(source: Source, task: str) -> str:
    gate = f"{source.gated}; " if source.gated else ""
    return (
        f"{gate}on a machine with a network run `holdfast data fetch tasks=[{task}] data_root=DIR` and pass "
        "data_root=DIR here"
    )


def _shaped(rows: Iterator[Doc], reader: Callable[[Doc], Doc] | None, keep: Callable[[Doc], bool] | None) -> list[Doc]:
    shaped = [dict(row) if reader is None else reader(row) for row in rows]
    return [row for row in shaped if keep is None or keep(row)]


def _content(path: Path) -> bytes:
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def _parse(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The records of a JSONL, JSON array, CSV or plain-text file."""
    name = path.name.removesuffix(".gz")
    if name.endswith(".csv") and (columns or path.suffix == ".gz"):
        yield from csv.DictReader(io.StringIO(_content(path).decode("utf-8")), columns or None)
    elif name.endswith(".txt"):
        yield {"text": _text(path)}
    elif name.endswith(".zip"):
        yield from _parse_zip(path)
    elif name.endswith(".json") and not _content(path).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        yield from (record for _, record in read_jsonl(path))
    else:
        yield from (dict(record) for _, record in read_records(path))


def _text(path: Path) -> str:
    try:
        return _content(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: {error}") from error


def _parse_zip(path: Path) -> Iterator[dict[str, Any]]:
    """The records of the JSON arrays in an archive."""
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".json"):
                yield from json.loads(archive.read(name))
