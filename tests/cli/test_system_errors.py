"""Files that the system refuses, outputs that are full or closed, links to nowhere, `~`: one line and a code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.cli import main
from holdfast.config import Composer
from holdfast.files import refused, write_whole
from holdfast.values import home_filled

ROWS = "".join(json.dumps({"id": n, "completion": str(n), "reference": "1"}) + "\n" for n in range(3))


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    (tmp_path / "rows.jsonl").write_text(ROWS)
    return tmp_path / "rows.jsonl"


@pytest.mark.parametrize("below", ["file/x.jsonl", "file/folder", "file", "file/a/b.jsonl"])
def test_an_output_below_a_file_is_one_line(below: str, rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (rows.parent / "file").write_text("mine")
    assert main(["score", str(rows), "reward=numeric", f"out={rows.parent / below}"]) == 65
    error = capsys.readouterr().err
    assert "cannot read or write" in error and "file" in error and error.count("\n") == 1
    assert (rows.parent / "file").read_text() == "mine"


@pytest.mark.parametrize("words", [["score", "rows.jsonl", "reward=numeric"], ["rewards", "list"], ["doctor"]])
def test_an_output_that_is_full_is_one_line(words: list[str], rows: Path) -> None:
    """A file that may not grow stands for a full disk: the same error of the system, of another number."""
    limited = ["sh", "-c", 'ulimit -f 0; exec "$@" > full', "sh", sys.executable, "-m", "holdfast", *words]
    done = subprocess.run(limited, cwd=rows.parent, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 65
    assert done.stderr == "holdfast: cannot read or write: File too large\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_program_without_outputs_works(closed: str, rows: Path) -> None:
    command = f'exec "$0" -m holdfast score rows.jsonl reward=numeric out=scored.jsonl {closed}'
    done = subprocess.run(["sh", "-c", command, sys.executable], cwd=rows.parent, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len((rows.parent / "scored.jsonl").read_text().splitlines()) == 3


@pytest.mark.parametrize("verb", ["score", "compare"])
def test_a_link_to_nowhere_says_where_it_leads(
    verb: str, rows: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(rows.parent)
    Path("gone.jsonl").symlink_to("elsewhere/gone.jsonl")
    words = ["gone.jsonl", "reward=numeric"] if verb == "score" else ["gone.jsonl", "gone.jsonl"]
    assert main([verb, *words]) == 65
    assert capsys.readouterr().err == "holdfast: gone.jsonl is a link to elsewhere/gone.jsonl, where nothing is\n"


def test_the_home_folder_is_known_behind_a_key(
    rows: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(rows.parent))
    monkeypatch.chdir(rows.parent)
    assert main(["score", "rows.jsonl", "reward=regex", "pattern=~/1", "out=~/scored.jsonl"]) == 0
    assert Path("scored.jsonl").is_file() and not Path("~").exists()
    assert main(["score", "~/row.jsonl", "reward=numeric"]) == 65
    assert "only where the shell replaces it); did you mean 'rows.jsonl'" in capsys.readouterr().err
    composer = Composer("eval", dict, texts=("system",))
    words = composer.as_read(["out=~/runs", "system=~/not a path", "model=a~/b", "limit=3"])
    assert words == [f"out={rows.parent}/runs", "system='~/not a path'", "model=a~/b", "limit=3"]


def test_only_the_bare_sign_is_the_home_folder() -> None:
    assert home_filled("~") == str(Path.home())
    for text in ("~root/x", "x~", "a/~/b", "", "~~"):
        assert home_filled(text) == text


@pytest.mark.parametrize("linked", [False, True])
def test_a_pipe_is_written_to_and_not_replaced(linked: bool, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "link").symlink_to("pipe")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(tmp_path / ("link" if linked else "pipe"), "told")
    assert os.read(reader, 100) == b"told" and pipe.is_fifo() and (tmp_path / "link").is_symlink()
    os.close(reader)


def test_errors_of_connections_and_programs_stay_internal() -> None:
    assert refused(ConnectionResetError(104, "reset")) is None
    assert refused(TimeoutError("late")) is None
    assert refused(FileNotFoundError(2, "No such file or directory", "a", None, "b")) == (
        "cannot read or write b: No such file or directory"
    )
