"""run.log: everything that is logged while a run goes on; whatever else prints records goes on as before."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from holdfast.errors import HoldfastError
from holdfast.logs.libraries import LIBRARIES, at_import
from holdfast.logs.screen import RUN, Masked
from holdfast.masking import command

FILE = "run.log"


class RunLog(logging.FileHandler):
    """The handler of run.log."""


@contextmanager
def kept_in(folder: Path, enabled: bool = True) -> Iterator[None]:
    """Append everything that is logged meanwhile to `folder`/run.log, with its time and its source; other handlers, a
    script's own too, print what they would have printed without it. A run that is refused (HoldfastError) before
    anything else was written leaves no folder behind."""
    if not enabled:
        yield
        return
    fresh = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    handler = RunLog(folder / FILE, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(Masked("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.INFO)
    log = logging.getLogger(RUN)
    try:
        with _listening(handler):
            log.info("begins: %s", " ".join(command()))
            yield
            log.info("ends")
    except HoldfastError:
        handler.close()
        if fresh and [one.name for one in folder.iterdir()] == [FILE]:
            (folder / FILE).unlink()
            folder.rmdir()
        raise
    finally:
        handler.close()


@contextmanager
def _listening(handler: RunLog) -> Iterator[None]:
    """The handler at the root, and at every library whose records do not come there; our notices pass `holdfast`
    meanwhile, and no other handler prints them."""
    root, ours = logging.getLogger(), logging.getLogger("holdfast")
    level, before = ours.level, _AsBefore(ours.getEffectiveLevel())
    with ExitStack() as undo:
        for other in {*root.handlers, *ours.handlers}:
            if not isinstance(other, RunLog):
                other.addFilter(before)
                undo.callback(other.removeFilter, before)

        def listen(name: str) -> None:
            logger = logging.getLogger(name)
            if (logger is root or not logger.propagate) and handler not in logger.handlers:
                for one in (_LastResort(before), handler):
                    logger.addHandler(one)
                    undo.callback(logger.removeHandler, one)

        ours.setLevel(min(before.level, logging.INFO))
        undo.callback(ours.setLevel, level)
        for name in ("", *LIBRARIES):
            listen(name)
        undo.enter_context(at_import(LIBRARIES, listen))
        yield


class _AsBefore(logging.Filter):
    """Keeps from a handler what our loggers would not have passed on before run.log took their notices."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is printed."""
        if record.name == RUN:
            return False
        name = record.name
        while name.startswith("holdfast."):  # one below may have a level of its own
            if logging.getLogger(name).level:
                return True
            name = name.rpartition(".")[0]
        return name != "holdfast" or record.levelno >= self.level


class _LastResort(logging.Handler):
    """What Python prints where nobody has set up a handler: warnings. It would not, for run.log is one."""

    def __init__(self, before: _AsBefore) -> None:
        super().__init__(logging.WARNING)
        self.addFilter(before)

    def handle(self, record: logging.LogRecord) -> bool:
        """Print one record."""
        if logging.lastResort is None or _has_handler(record.name) or not self.filter(record):
            return False
        return bool(logging.lastResort.handle(record))


def _has_handler(name: str) -> bool:
    """Whether somebody has set up a handler that gets this logger's records."""
    logger: logging.Logger | None = logging.getLogger(name)
    while logger is not None:
        if any(not isinstance(one, RunLog | _LastResort) for one in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False
