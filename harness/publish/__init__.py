"""A run's results in the forms that others read: a model's card, the hub's metadata, other harnesses' files.

`FORMATS` is the catalogue; each is a module with `write(subject, directory)`.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.errors import DataError, unknown

if TYPE_CHECKING:
    from holdfast.publish.subject import Subject

FORMATS = {
    "card": "model_card",
    "eval_results": "eval_results",
    "every_eval_ever": "every_eval_ever",
    "lm_eval": "lm_eval",
    "inspect": "inspect_log",
}
"""Format → its module."""


def publish(subject: "Subject", directory: Path, formats: Sequence[str] = tuple(FORMATS)) -> dict[str, list[Path]]:
    """Write a run below `directory`, in each format; returns the files of each.

    Raises UsageError for an unknown format, DataError where a file cannot be written.
    """
    for name in formats:
        if name not in FORMATS:
            raise unknown("format of `holdfast publish`", name, FORMATS)
    written: dict[str, list[Path]] = {}
    for name in formats:
        write: Callable[[Subject, Path], list[Path]] = import_module(f"holdfast.publish.{FORMATS[name]}").write
        try:
            written[name] = write(subject, directory)
        except OSError as error:
            raise DataError(
                f"cannot write {error.filename2 or error.filename or directory}: {error.strerror}"
            ) from error
    return written
