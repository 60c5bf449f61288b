"""The page as files: one beside the runs, or a folder with copies of the reports that can be moved."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from holdfast.errors import DataError
from holdfast.files import write_whole
from holdfast.report.view.entries import Entry, read_runs, sweeps
from holdfast.report.view.page import Links, address, render

PAGE = "index.html"


def export(folder: Path, out: Path) -> list[Path]:
    """Write the page to `out`: a file `….html` that links to the reports where they lie, or a folder with index.html
    and copies of them. Returns the files. Raises DataError where they cannot be written."""
    entries, pages = read_runs(folder), sweeps(folder)
    try:
        if out.suffix in (".html", ".htm"):
            return [_file(folder, out, entries, pages)]
        return _folder(folder, out, entries, pages)
    except OSError as error:
        raise DataError(f"cannot write {error.filename2 or error.filename or out}: {error.strerror}") from error


def _file(folder: Path, out: Path, entries: Sequence[Entry], pages: Sequence[str]) -> Path:
    def beside(path: str) -> str:
        return address(Path(os.path.relpath(folder / path, out.parent)).as_posix())

    links = Links(lambda entry: beside(entry.report) if entry.report else None, str(folder))
    write_whole(out, render(entries, links, [beside(page) for page in pages]))
    return out


def _folder(folder: Path, out: Path, entries: Sequence[Entry], pages: Sequence[str]) -> list[Path]:
    sources = [entry.report for entry in entries if entry.report] + list(pages)
    copies = []
    for path in sources:
        copy = out / "reports" / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / path, copy)
        copies.append(copy)
    links = Links(lambda entry: address(f"reports/{entry.report}") if entry.report else None, str(folder))
    write_whole(out / PAGE, render(entries, links, [address(f"reports/{page}") for page in pages]))
    return [out / PAGE, *copies]
