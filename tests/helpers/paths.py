"""Where tests find the shared data and the repository."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED_DATA = Path(os.environ.get("HOLDFAST_SHARED", ROOT.parent / "shared")) / "data"


def shared(*parts: str) -> Path:
    """A path in the shared data; skips the test when it is absent (in CI that is a failure)."""
    path = SHARED_DATA.joinpath(*parts)
    if not path.exists():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"needs the shared data: {path}")
    return path
