"""Interpreters with foreign packages: HOLDFAST_<PACKAGE>_PYTHON, or `.envs/<package>` as `make envs` makes them."""

import importlib.util
import os
import sys
from pathlib import Path

from helpers.needs import lacking
from helpers.paths import ROOT


def foreign_python(package: str, module: str) -> str:
    """The interpreter that has a package; skips the test, saying why, where there is none."""
    named = os.environ.get(f"HOLDFAST_{module.upper()}_PYTHON")
    own = ROOT / ".envs" / package / "bin" / "python"
    found = named or (str(own) if own.is_file() else None)
    if found is None and importlib.util.find_spec(module) is not None:
        found = sys.executable
    if found is None or not Path(found).exists():
        made = f"`make .envs/{package}/.installed`"
        lacking("foreign", f"needs {package} in an environment of its own: {made}, or HOLDFAST_{module.upper()}_PYTHON")
    return found
