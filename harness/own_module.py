"""A module of the user's: `package.module`, or `file.py`; the working directory is looked in, too."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from holdfast.errors import UsageError


def own_module(name: str, kind: str) -> ModuleType:
    """The module; `kind` is what it is to hold, for the error. Raises UsageError for a file that is not there.

    What the module itself raises while it is imported goes through.
    """
    if name.endswith(".py"):
        return _of_file(Path(name), kind)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    return importlib.import_module(name)


def is_module(name: str) -> bool:
    """Whether `name` can be one: a file here, a dotted name, or the name of a module in the working directory."""
    return name.endswith(".py") or "." in name or Path(f"{name}.py").is_file() or (Path(name) / "__init__.py").is_file()


def _of_file(file: Path, kind: str) -> ModuleType:
    if not file.is_file():
        raise UsageError(f"no {kind} file {file}")
    spec = importlib.util.spec_from_file_location(f"holdfast_own_{file.stem}", file.resolve())
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
