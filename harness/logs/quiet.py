"""Libraries that say errors alone on the screen, and draw no bars."""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from holdfast.logs.libraries import LIBRARIES, at_import
from holdfast.logs.run_log import RunLog
from holdfast.logs.screen import verbosity
from holdfast.process.progress import is_terminal

Taken = set[str]
"""Libraries whose bars we took away."""


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Libraries, also those that are imported meanwhile, say errors alone on the screen, and draw no bars; with `-v`
    they are left as they are."""
    if verbosity() == "verbose":
        yield
        return
    with warnings.catch_warnings(), ExitStack() as undo:
        for kind in (FutureWarning, DeprecationWarning):
            warnings.simplefilter("ignore", kind)
        warnings.filterwarnings("ignore", module=rf"({'|'.join(LIBRARIES)})(\.|$)")  # a reward's own are heard

        taken: Taken = set()

        def quiet(name: str) -> None:
            if name in _BARS:
                undo.callback(_BARS[name](taken))
            _no_notices(name, undo)

        for name in ("", *LIBRARIES):
            _no_notices(name, undo)
        undo.enter_context(at_import(LIBRARIES, quiet))
        yield


class _NoNotices(logging.Filter):
    """Lets a library's errors pass, and everything of others."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is printed."""
        return record.levelno >= logging.ERROR or record.name.partition(".")[0] not in LIBRARIES


def _no_notices(name: str, undo: ExitStack) -> None:
    """Every handler of a logger but run.log's prints errors alone of libraries. One without a handler gets one that
    says nothing: Python's last resort would print its warnings."""
    logger, notices, still = logging.getLogger(name), _NoNotices(), logging.NullHandler()
    for handler in logger.handlers:
        if not isinstance(handler, RunLog):
            handler.addFilter(notices)
            undo.callback(handler.removeFilter, notices)
    if name:
        logger.addHandler(still)
        undo.callback(logger.removeHandler, still)


def _no_transformers_bars(taken: Taken) -> Callable[[], None]:
    """Where bars of downloads are off it is imported without bars. Its switch is theirs, too: they stay as they are."""
    from transformers.utils import logging as library

    if not library.is_progress_bar_enabled() and "huggingface_hub" not in taken:
        return _nothing
    with _downloads_kept():
        library.disable_progress_bar()

    def again() -> None:
        with _downloads_kept():
            library.enable_progress_bar()

    return again


def _no_dataset_bars(_taken: Taken) -> Callable[[], None]:
    import datasets

    if datasets.are_progress_bars_disabled():
        return _nothing
    datasets.disable_progress_bars()

    def again() -> None:
        datasets.enable_progress_bars()

    return again


def _no_download_bars(taken: Taken) -> Callable[[], None]:
    """They stay in a terminal."""
    from huggingface_hub.utils.logging import get_logger
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    get_logger()  # its handler is set up with this module, and not with the package
    if is_terminal() or are_progress_bars_disabled():
        return _nothing
    disable_progress_bars()
    taken.add("huggingface_hub")
    return enable_progress_bars


@contextmanager
def _downloads_kept() -> Iterator[None]:
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    was = are_progress_bars_disabled()
    yield
    if are_progress_bars_disabled() != was:
        (disable_progress_bars if was else enable_progress_bars)()


def _nothing() -> None:
    pass


_BARS: Mapping[str, Callable[[Taken], Callable[[], None]]] = {
    "huggingface_hub": _no_download_bars,
    "transformers": _no_transformers_bars,
    "datasets": _no_dataset_bars,
}
"""What takes a library's bars away, and gives back what draws them again."""
