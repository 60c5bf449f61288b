"""Module paths of the previous release that others may have typed: imported, they warn and give the module's new home.

The table is emptied one release after a move; `python -m OLD` works as well.
"""

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType

MOVED = {
    "holdfast.report.frontier": "holdfast.report.sweep.page",
    "holdfast.trainers.launching": "holdfast.trainers.run.accelerate_config",
    "holdfast.trainers.records": "holdfast.runs.layout",
}
"""Old path → new path, for one release (0.3)."""


class MovedModules:
    """The import system's finder and loader of the table's old paths."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """The spec of an old path; None for every other name."""
        return ModuleSpec(name, self) if name in MOVED else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """None: Python's own empty module, replaced below."""

    def exec_module(self, module: ModuleType) -> None:
        """Put the module at its new path into `sys.modules` under the old one, after a DeprecationWarning."""
        name = module.__name__
        _warn(name)
        sys.modules[name] = importlib.import_module(MOVED[name])

    def get_code(self, name: str) -> CodeType | None:
        """The code that `python -m OLD` runs."""
        _warn(name)
        spec = importlib.util.find_spec(MOVED[name])
        return spec.loader.get_code(MOVED[name]) if spec and spec.loader else None  # type: ignore[attr-defined]


def _warn(name: str) -> None:
    message = f"{name} moved to {MOVED[name]}; the old path goes away in the next release"
    warnings.warn(message, DeprecationWarning, stacklevel=3)


def install() -> None:
    """Add the finder behind Python's own; a second call changes nothing."""
    if not any(isinstance(finder, MovedModules) for finder in sys.meta_path):
        sys.meta_path.append(MovedModules())
