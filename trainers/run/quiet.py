"""One line of progress at a time: the libraries' bars, notices and dumped log entries are left out of a training.

What they warn of and what concerns a training is said by Holdfast itself: cut rows, end tokens, losses that are no
number. Errors are never left out.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOUD = ("transformers", "trl", "peft", "accelerate", "datasets", "huggingface_hub", "torch")


@contextmanager
def quiet() -> Iterator[None]:
    """Libraries say errors alone, and draw no bars."""
    import datasets
    import transformers

    loggers = [logging.getLogger(name) for name in _LOUD]
    levels = [logger.level for logger in loggers]
    bars = transformers.utils.logging.is_progress_bar_enabled(), datasets.are_progress_bars_disabled()
    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            for kind in (FutureWarning, DeprecationWarning):
                warnings.simplefilter("ignore", kind)
            warnings.filterwarnings("ignore", module=rf"({'|'.join(_LOUD)})(\.|$)")  # a reward's own are heard
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if bars[0]:
            transformers.utils.logging.enable_progress_bar()
        if not bars[1]:
            datasets.enable_progress_bars()
