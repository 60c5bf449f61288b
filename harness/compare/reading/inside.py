"""A measurement below a folder that strangers may write to: nothing outside of it is read."""

from pathlib import Path

from holdfast.compare.reading.load import load, measured_folder
from holdfast.errors import DataError, UsageError
from holdfast.files import leads_out, link_out
from holdfast.runs.measurement import Measurement


def load_inside(path: str, root: Path) -> Measurement:
    """The measurement at a path below `root`. Raises UsageError for a path that leads out of it, and for a run with a
    link that does."""
    if "\0" in path or leads_out(root / path, root):
        raise UsageError(f"{path!r} is refused: it leads out of {root.resolve().name!r}, the folder that is served")
    location = (root / path).resolve()
    if not location.exists():
        raise DataError(f"no {path!r} in {root.resolve().name!r}; list_runs says what there is")
    if location.is_dir():
        location = measured_folder(location) or location
    link = link_out(location if location.is_dir() else location.parent, root)
    if link is not None:
        name = link.relative_to(root.resolve())
        raise UsageError(f"{path!r} is refused: {name} is a link that leads out of the folder that is served")
    return load(location)
