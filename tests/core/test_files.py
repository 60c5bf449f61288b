"""Where files are written: whole behind links, into pipes and devices as they are."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

from holdfast.files import write_whole


def test_a_pipe_is_written_into_and_stays_one(tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()), daemon=True)
    reader.start()
    write_whole(pipe, "one\n")
    reader.join(60)
    assert got == ["one\n"]
    assert stat.S_ISFIFO(pipe.stat().st_mode), "a device of this name would have been lost to everybody"
    assert [one.name for one in tmp_path.iterdir()] == ["pipe"]


def test_standard_output_by_its_name() -> None:
    code = "from pathlib import Path; from holdfast.files import write_whole; write_whole(Path('/dev/stdout'), 'one')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"one"


def test_the_file_behind_a_link_is_written(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    file, link = tmp_path / "elsewhere" / "report.html", tmp_path / "latest.html"
    file.write_text("old")
    link.symlink_to(file)
    write_whole(link, "new")
    assert link.is_symlink() and file.read_text() == "new"
    link.unlink()
    link.symlink_to("elsewhere/next.html")  # not there yet
    write_whole(link, "first")
    assert (tmp_path / "elsewhere" / "next.html").read_text() == "first"
