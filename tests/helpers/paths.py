"""Where tests find the shared data and the repository."""

import os
from pathlib import Path

from helpers.needs import lacking

ROOT = Path(__file__).resolve().parents[2]
FETCHED = ROOT / "build" / "shared"
"""Where `make data` puts it."""
SHARED_DATA = (
    Path(os.environ.get("HOLDFAST_SHARED") or (FETCHED if FETCHED.is_dir() else ROOT.parent / "shared")) / "data"
)


def shared(*parts: str) -> Path:
    """A path in the shared data; skips the test when it is absent."""
    path = SHARED_DATA.joinpath(*parts)
    if not path.exists():
        lacking("shared_data", f"needs the shared data: {path}")
    return path
