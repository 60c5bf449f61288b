"""One line of progress at a time: messages above it, nested steps, the terminal's width; plain lines in a pipe."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.terminal import drawn, on_screen, run_in_terminal

from holdfast import progress
from holdfast.cli import main
from holdfast.logs import FILE, configure, kept_in

NESTED = """
import logging, time, warnings
from holdfast import progress
from holdfast.logs import configure, quiet_libraries
progress._DRAW_EVERY = 0.0
configure()
log = logging.getLogger("holdfast")
label = "train a label that is much too long for a terminal of eighty columns, with a loss"
with progress.Progress(label, 100) as outer:
    for step in range(3):
        outer.advance(10)
        log.warning("something at step %d", step)
        with progress.Progress("guard", 5) as inner:
            for _ in range(5):
                inner.advance()
                outer.advance(0)
                logging.getLogger("transformers").warning("a notice of a library")
        warnings.warn("an own warning", UserWarning)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_messages_stand_above_the_line_and_nothing_is_mixed(columns: int) -> None:
    code, written = run_in_terminal(python(NESTED), columns)
    assert code == 0, written
    lines = [line for line in on_screen(written) if line]
    for step in range(3):
        assert f"something at step {step}" in lines
    assert "a notice of a library" not in written
    assert sum(line.startswith("guard  5/5") for line in lines) == 3
    assert lines[-1].startswith("train a ") and "30/100" in lines[-1]
    assert all(len(line) < columns for line in drawn(written) if "/s " in line), (
        "a line that wraps cannot be drawn anew"
    )
    kinds = ("train a ", "guard", "something at step", "-c:", "<string>")
    assert all(line.startswith(kinds) for line in lines), lines


def test_a_pipe_gets_whole_lines_and_few() -> None:
    done = subprocess.run(python(NESTED), capture_output=True, text=True, check=True)
    assert "\r" not in done.stderr and "\x1b" not in done.stderr
    lines = done.stderr.splitlines()
    assert sum(line.startswith("guard  5/5") for line in lines) == 3
    assert sum("of eighty columns" in line for line in lines) == 1, "shorter than a quarter of a minute: its end alone"


def test_a_line_every_few_seconds_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 1000.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    with progress.Progress("rows", 10_000) as bar:
        for _ in range(10_000):
            now += 0.01
            bar.advance()
    lines = capsys.readouterr().err.splitlines()
    assert 5 <= len(lines) <= 8 and lines[-1].startswith("rows  10000/10000  100.0/s  1:")


BROKEN = """
import sys
from holdfast import cli, progress
from holdfast.errors import DataError
progress._DRAW_EVERY = 0
def broken(*_):
    progress.Progress("train", 9).__enter__().advance()
    raise DataError("it broke")
cli._run = broken
sys.exit(cli.main(["doctor"]))
"""


def test_an_error_does_not_stand_behind_a_half_drawn_line() -> None:
    status, written = run_in_terminal(python(BROKEN))
    assert status == 65
    assert [line for line in on_screen(written) if line][-1] == "holdfast: it broke"


def test_quiet_shows_no_progress_and_verbose_the_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        configure("quiet")
        with progress.Progress("rows", 3) as bar:
            bar.advance(3)
        logging.getLogger("holdfast").info("a notice")
        logging.getLogger("holdfast").warning("a warning")
        assert capsys.readouterr().err == "a warning\n"
        configure("verbose")
        logging.getLogger("trl").warning("of a library")
        logging.getLogger("holdfast").debug("a detail")
        assert capsys.readouterr().err == "of a library\na detail\n"
    finally:
        configure()


def test_the_flags_are_taken_by_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("-q", "--quiet", "-v", "--verbose"):
        assert main(["rewards", "try", "exact_match", "a", "a", flag]) == 0
        assert main(["train", "trainer=sft", flag, "--cfg"]) == 0
        assert main(["eval", flag]) == 64 and "needs model" in capsys.readouterr().err
    assert main(["doctor", "-q", "-v"]) == 64
    assert "exclude each other" in capsys.readouterr().err


def test_a_runs_log_keeps_what_the_screen_does_not_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    with kept_in(tmp_path / "run"):
        logging.getLogger("trl").warning("of a library")
        logging.getLogger("holdfast").info("of ours")
        logging.getLogger("run").warning("train failed api_key=abc", exc_info=ValueError("why"))
    logging.getLogger("holdfast").info("afterwards")
    kept = (tmp_path / "run" / FILE).read_text(encoding="utf-8")
    for text in ("WARNING trl: of a library", "INFO holdfast: of ours", "train failed", "ValueError: why"):
        assert text in kept
    assert "afterwards" not in kept and "abc" not in kept
    assert capsys.readouterr().err == "of ours\nafterwards\n"


CLOSED = """
import logging, os, sys
from holdfast import progress
from holdfast.logs import configure
progress._DRAW_EVERY = progress._LINE_EVERY = 0.0
configure()
log = logging.getLogger("holdfast")
log.warning("one %s too few", "a", "b")
{close}
with progress.Progress("rows", 3) as bar:
    for _ in range(3):
        bar.advance()
        log.warning("a warning")
print("to the end")
"""


@pytest.mark.parametrize("close", ["pass", "os.close(2)", "sys.stderr.close()", "sys.stderr = None"])
def test_a_wrong_message_and_a_lost_stream_end_no_run(close: str) -> None:
    done = subprocess.run(python(CLOSED.format(close=close)), capture_output=True, text=True, check=False)
    assert done.stdout == "to the end\n", done.stderr
    assert "--- Logging error ---" in done.stderr


def test_the_overview_fits_80_columns() -> None:
    code, written = run_in_terminal([sys.executable, "-m", "holdfast", "--help"], 80)
    lines = on_screen(written)
    assert code == 0 and "  completion Tab completion of verbs, keys and values." in lines
    assert [line for line in lines if len(line) > 80 and not line.startswith(("Post-train", "usage:"))] == []
