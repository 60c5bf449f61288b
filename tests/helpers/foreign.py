"""Interpreters that hold foreign packages: HOLDFAST_PYTHON_<MODULE>, or `.envs/<package>` as `make envs` makes them."""

import importlib.util
import os
import sys
from pathlib import Path

from helpers.needs import lacking
from helpers.paths import ROOT


def foreign_python(package: str, module: str) -> str:
    """The interpreter that has a package; skips the test, saying why, where there is none."""
    named = os.environ.get(f"HOLDFAST_PYTHON_{module.upper()}")
    own = ROOT / ".envs" / package / "bin" / "python"
    found = named or (str(own) if own.is_file() else None)
    if found is None and importlib.util.find_spec(module) is not None:
        found = sys.executable
    if found is None or not Path(found).exists():
        lacking(
            "foreign", f"needs {package} in an environment of its own: `make envs`, or HOLDFAST_PYTHON_{module.upper()}"
        )
    return found
