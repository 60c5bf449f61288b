"""The screen of a command: stderr, above a line of progress, without secrets."""

import logging
from typing import Literal

from holdfast.masking import masked_text
from holdfast.process import progress

RUN = "holdfast.run"
"""The logger of lines that are for run.log alone."""
Verbosity = Literal["quiet", "normal", "verbose"]
_LEVELS: dict[Verbosity, int] = {"quiet": logging.WARNING, "normal": logging.INFO, "verbose": logging.DEBUG}
_verbosity: Verbosity = "normal"


def verbosity() -> Verbosity:
    """What the command was asked to show."""
    return _verbosity


def notice(text: str) -> None:
    """Say on stderr what a command is doing, also where no logging is set up; `-q` leaves it out."""
    if _verbosity != "quiet":
        progress.write_line(masked_text(text))


class ScreenHandler(logging.Handler):
    """Prints records on stderr, above a line of progress; of libraries errors alone, unless `-v` was given."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        if record.name == RUN:
            return
        ours = record.name.partition(".")[0] in ("holdfast", "py")  # `py.warnings`: what `warnings.warn` said
        if ours or record.levelno >= logging.ERROR or _verbosity == "verbose":
            try:
                progress.write_line(self.format(record))
            except Exception:  # noqa: BLE001  # as the handlers of logging: a broken message or stream ends no run
                self.handleError(record)


class Masked(logging.Formatter):
    """Without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's text."""
        return masked_text(super().format(record))


class _Brief(Masked):
    """The message; of a Python warning its first line, without the place and the source."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text.strip().partition("\n")[0] if record.name == "py.warnings" else text


def is_set_up() -> bool:
    """Whether a command of ours runs, which keeps the libraries quiet by itself; else we are called by a script."""
    return any(isinstance(handler, ScreenHandler) for handler in logging.getLogger().handlers)


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
