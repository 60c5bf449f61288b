"""Where messages go: what concerns a run to the screen, above its line of progress; everything to the run's `run.log`.

The libraries below say errors alone on the screen; their warnings are in run.log. `-q` leaves warnings and results,
`-v` shows the libraries' notices too.
"""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from holdfast import progress
from holdfast.errors import HoldfastError
from holdfast.masking import command, masked_text

LIBRARIES = ("transformers", "trl", "peft", "accelerate", "datasets", "huggingface_hub", "torch", "lm_eval")
FILE = "run.log"
Verbosity = Literal["quiet", "normal", "verbose"]
_LEVELS: dict[Verbosity, int] = {"quiet": logging.WARNING, "normal": logging.INFO, "verbose": logging.DEBUG}
_verbosity: Verbosity = "normal"


class ScreenHandler(logging.Handler):
    """Prints records on stderr, above a line of progress; of libraries errors alone, unless `-v` was given."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        ours = record.name.partition(".")[0] in ("holdfast", "py")  # `py.warnings`: what `warnings.warn` said
        if ours or record.levelno >= logging.ERROR or _verbosity == "verbose":
            try:
                progress.write_line(self.format(record))
            except Exception:  # noqa: BLE001  # as the handlers of logging: a broken message or stream ends no run
                self.handleError(record)


class _RunLog(logging.FileHandler):
    """run.log."""


class _Masked(logging.Formatter):
    """Without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        return masked_text(super().format(record))


class _Brief(_Masked):
    """The message; of a Python warning its first line, without the place and the source."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text.strip().partition("\n")[0] if record.name == "py.warnings" else text


def configure(verbosity: Verbosity = "normal", indent: str = "") -> None:
    """Set up the screen for a command; called again it changes the settings."""
    global _verbosity
    _verbosity = verbosity
    progress.silence(verbosity == "quiet")
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, ScreenHandler)]:
        root.removeHandler(handler)
    screen = ScreenHandler()
    screen.setFormatter(_Brief(f"{indent}%(message)s"))
    root.addHandler(screen)
    root.setLevel(logging.INFO if verbosity == "verbose" else logging.WARNING)
    logging.getLogger("holdfast").setLevel(_LEVELS[verbosity])
    logging.captureWarnings(True)


@contextmanager
def kept_in(folder: Path, enabled: bool = True) -> Iterator[None]:
    """Append everything that is logged meanwhile to `folder`/run.log, with its time and its source. A run that is
    refused (HoldfastError) before anything else was written leaves no folder behind."""
    if not enabled:
        yield
        return
    fresh = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    handler = _RunLog(folder / FILE, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(_Masked("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.INFO)
    loggers = [logging.getLogger(name) for name in ("", *LIBRARIES)]
    targets = [one for one in loggers if one.name == "root" or not one.propagate]
    for one in targets:
        one.addHandler(handler)
    ours = logging.getLogger("holdfast")
    level = ours.level
    ours.setLevel(min(level or logging.INFO, logging.INFO))
    screens = [one for one in logging.getLogger().handlers if isinstance(one, ScreenHandler)]
    for screen in screens:
        screen.setLevel(_LEVELS[_verbosity])
    log = logging.getLogger("run")  # its lines are for run.log, not for the screen
    log.setLevel(logging.INFO)
    log.info("begins: %s", " ".join(command()))
    try:
        yield
        log.info("ends")
    except HoldfastError:
        handler.close()
        if fresh and [one.name for one in folder.iterdir()] == [FILE]:
            (folder / FILE).unlink()
            folder.rmdir()
        raise
    finally:
        for one in targets:
            one.removeHandler(handler)
        handler.close()
        ours.setLevel(level)


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Libraries say errors alone on the screen, and draw no bars; with `-v` they are left as they are."""
    if _verbosity == "verbose":
        yield
        return
    with _no_bars(), _no_notices(), warnings.catch_warnings():
        for kind in (FutureWarning, DeprecationWarning):
            warnings.simplefilter("ignore", kind)
        warnings.filterwarnings("ignore", module=rf"({'|'.join(LIBRARIES)})(\.|$)")  # a reward's own are heard
        yield


@contextmanager
def _no_bars() -> Iterator[None]:
    """The bars of transformers and datasets; those of downloads stay in a terminal."""
    import datasets
    import transformers
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    bars = transformers.utils.logging.is_progress_bar_enabled(), datasets.are_progress_bars_disabled()
    hub_off = are_progress_bars_disabled()
    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    if not sys.stderr.isatty() and not hub_off:
        disable_progress_bars()
    try:
        yield
    finally:
        if bars[0]:
            transformers.utils.logging.enable_progress_bar()
        if not bars[1]:
            datasets.enable_progress_bars()
        if not sys.stderr.isatty() and not hub_off:
            enable_progress_bars()


class _NoNotices(logging.Filter):
    """Lets a library's errors pass, and everything of others."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is printed."""
        return record.levelno >= logging.ERROR or record.name.partition(".")[0] not in LIBRARIES


@contextmanager
def _no_notices() -> Iterator[None]:
    """Every handler but run.log's prints errors alone of libraries. One without a handler gets one that says nothing:
    Python's last resort would print its warnings."""
    found = [logging.getLogger(name) for name in ("", *LIBRARIES)]
    handlers = {handler for one in found for handler in one.handlers if not isinstance(handler, _RunLog)}
    notices, still = _NoNotices(), logging.NullHandler()
    for handler in handlers:
        handler.addFilter(notices)
    for one in found[1:]:
        one.addHandler(still)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(notices)
        for one in found[1:]:
            one.removeHandler(still)
