"""One line of progress at a time: messages above it, nested steps, the terminal's width; plain lines in a pipe."""

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.terminal import drawn, on_screen, run_in_terminal

import holdfast
from holdfast import cli
from holdfast.cli import main
from holdfast.logs import FILE, RUN, configure, kept_in
from holdfast.process import progress

NESTED = """
import logging, time, warnings
from holdfast.process import progress
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
from holdfast import cli
from holdfast.process import progress
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
        logging.getLogger(RUN).warning("train failed api_key=abc", exc_info=ValueError("why"))
    logging.getLogger("holdfast").info("afterwards")
    kept = (tmp_path / "run" / FILE).read_text(encoding="utf-8")
    for text in ("WARNING trl: of a library", "INFO holdfast: of ours", "train failed", "ValueError: why"):
        assert text in kept
    assert "afterwards" not in kept and "abc" not in kept
    assert capsys.readouterr().err == "of ours\nafterwards\n"


AS_A_LIBRARY = """
import logging, sys
from pathlib import Path
from holdfast.logs import RUN, kept_in
{setup}
def log(when):
    for name, level in (("holdfast", 20), ("holdfast", 30), ("holdfast.own", 20), ("other", 20), ("other", 30),
                        ("trl", 30), ("bare", 30), ("run", 30)):
        logging.getLogger(name).log(level, "%s %d %s", name, level, when)
log("at any time")
print("--", file=sys.stderr)
with kept_in(Path(sys.argv[1])):
    log("at any time")
    with kept_in(Path(sys.argv[1]) / "inner"):
        pass
    logging.getLogger(RUN).warning("for run.log")
print("--", file=sys.stderr)
log("at any time")
"""


@pytest.mark.parametrize(
    "setup",
    [
        "",
        "logging.basicConfig(level=30)",
        "logging.basicConfig(level=20)",
        "logging.getLogger('holdfast').addHandler(logging.StreamHandler())",
        "logging.getLogger('holdfast.own').setLevel(20)",
        "logging.basicConfig(level=30); logging.getLogger('holdfast').setLevel(20)",
        "logging.getLogger('trl').propagate = False",
        "logging.lastResort = None; logging.raiseExceptions = False",
        "from holdfast.logs import configure; configure()",
        "from holdfast.logs import configure; configure('quiet')",
        "from holdfast.logs import configure; configure('verbose')",
    ],
)
def test_a_scripts_own_logging_says_the_same_while_a_run_is_kept(setup: str, tmp_path: Path) -> None:
    command = [*python(AS_A_LIBRARY.format(setup=setup)), str(tmp_path / "run")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    before, meanwhile, after = said.split("--\n")
    assert meanwhile == before and after == before
    kept = (tmp_path / "run" / FILE).read_text(encoding="utf-8")
    for text in ("INFO holdfast.run: begins", "for run.log", "INFO holdfast: holdfast 20", "WARNING trl: trl 30"):
        assert text in kept


LATE = """
import logging, sys
from pathlib import Path
from holdfast.logs import configure, kept_in, quiet_libraries
configure({verbosity!r})
with quiet_libraries(), kept_in(Path(sys.argv[1])):
    assert not {{"transformers", "datasets", "torch", "huggingface_hub"}} & set(sys.modules)
    import {imports}
    for library in ("transformers", "datasets", "huggingface_hub", "trl"):
        logging.getLogger(library + ".part").warning("a warning of %s", library)
        logging.getLogger(library + ".part").error("an error of %s", library)
    bars = transformers.utils.logging.is_progress_bar_enabled(), not datasets.are_progress_bars_disabled()
    from huggingface_hub.utils import are_progress_bars_disabled
    print(*bars, not are_progress_bars_disabled())
print(transformers.utils.logging.is_progress_bar_enabled(), not datasets.are_progress_bars_disabled(),
      not are_progress_bars_disabled())
logging.getLogger("transformers.part").warning("afterwards")
"""


@pytest.mark.parametrize("imports", ["datasets, huggingface_hub, transformers", "transformers, datasets"])
@pytest.mark.parametrize("verbosity", ["normal", "verbose"])
def test_libraries_are_quiet_from_their_import_on_and_imported_by_nobody_for_that(
    verbosity: str, imports: str, tmp_path: Path
) -> None:
    command = [*python(LATE.format(verbosity=verbosity, imports=imports)), str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    drawn_then = ["True True True" if verbosity == "verbose" else "False False False", "True True True"]
    assert done.stdout.splitlines() == drawn_then, done.stderr
    kept = (tmp_path / "run" / FILE).read_text(encoding="utf-8")
    for library in ("transformers", "datasets", "huggingface_hub", "trl"):
        assert f"WARNING {library}.part: a warning of {library}" in kept, kept
        assert kept.count(f"an error of {library}") == 1
        assert (f"a warning of {library}" in done.stderr) is (verbosity == "verbose")
        assert f"an error of {library}" in done.stderr
    assert "afterwards" in done.stderr


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_keeps_the_libraries_quiet(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def working(*_: object) -> int:
        logging.getLogger("lm_eval").warning("a warning")
        logging.getLogger("lm_eval").error("an error")
        return 0

    monkeypatch.setattr(cli, "_run", working)
    logging.getLogger("lm_eval").setLevel(logging.NOTSET)  # an engine in a script of one's own raises it
    assert main([verb]) == 0
    assert capsys.readouterr().err == "an error\n"
    assert main([verb, "-v"]) == 0
    assert capsys.readouterr().err == "a warning\nan error\n"


def test_quiet_leaves_notices_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["eval", "-m", "model=absent", "suite=tiny", "seed=0,1", f"out={tmp_path / 'a'}"]
    assert main(words) == 65
    assert "[1/2] model=absent" in capsys.readouterr().err
    assert main([*words, "-q"]) == 65
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and all(line.startswith("holdfast: ") for line in lines)
    configure()


def test_no_other_way_to_stderr_than_these() -> None:
    """What is printed there without asking for -q: errors, results, a line that ends a server."""
    root = Path(holdfast.__file__).parent
    files = [file for folder in ("cli", "trainers", "benchmarks/engine") for file in (root / folder).rglob("*.py")]
    printing = {file.name for file in files if re.search(r"print\([^\n]*file=sys\.stderr", file.read_text("utf-8"))}
    printing |= {file.name for file in files if "write_line(" in file.read_text("utf-8")}
    assert printing == {
        "__init__.py",
        "accelerate_config.py",
        "eval.py",
        "export.py",
        "serve.py",
        "sweep.py",
        "view.py",
    }


CLOSED = """
import logging, os, sys
from holdfast.process import progress
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


def test_a_command_that_does_not_end_is_killed() -> None:
    with pytest.raises(subprocess.TimeoutExpired) as raised:
        run_in_terminal(python("import time; print('begins', flush=True); time.sleep(600)"), timeout=2)
    assert raised.value.output == b"begins\r\n"


def test_the_overview_fits_80_columns() -> None:
    code, written = run_in_terminal([sys.executable, "-m", "holdfast", "--help"], 80)
    lines = on_screen(written)
    assert code == 0 and "  completion Tab completion of verbs, keys and values." in lines
    assert [line for line in lines if len(line) > 80 and not line.startswith(("Post-train", "usage:"))] == []
