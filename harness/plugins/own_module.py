"""What is the user's own: an object of `package.module` or `file.py`; the working directory is looked in, too."""

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from holdfast.errors import UsageError, suggestion
from holdfast.process.undo import unless_done


def own_object(path: str, kind: str, attribute: str = "") -> Any:
    """The object that `package.module:NAME` or `file.py:NAME` names; `attribute` is its name where none is given,
    `kind` what it is to be, for the error.

    Raises UsageError for a module or a name that is not there (naming the nearest), and for whatever the module raises
    while it is imported, with its place.
    """
    module_name, _, name = path.rpartition(":") if ":" in path else (path, "", attribute)
    try:
        module = own_module(module_name, kind)
    except UsageError:
        raise
    except (Exception, SystemExit) as error:  # another's code: a script that is no module may also end itself
        raise UsageError(
            f"cannot load {kind} {path!r}: {type(error).__name__}: {error}{_place(error)}; expected"
            " 'package.module:NAME' or 'file.py:NAME'"
        ) from error
    if not hasattr(module, name):
        own = [one for one, value in vars(module).items() if callable(value) and not one.startswith("_")]
        raise UsageError(f"cannot load {kind} {path!r}: {module_name} has no {name!r}{suggestion(name, own)}")
    return getattr(module, name)


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


def no_name(path: str, kind: str) -> UsageError | None:
    """The error for a module of the working directory that is given without the name of what is meant in it."""
    if not (Path(path).is_file() if path.endswith(".py") else Path(f"{path}.py").is_file()):
        return None
    return UsageError(f"{kind} {path!r} is a module: say what of it is meant, {path}:NAME")


def _of_file(file: Path, kind: str) -> ModuleType:
    if not file.is_file():
        raise UsageError(f"no {kind} file {file}")
    spec = importlib.util.spec_from_file_location(f"holdfast_own_{file.stem}", file.resolve())
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    with unless_done(lambda: sys.modules.pop(spec.name)):  # as import does
        spec.loader.exec_module(module)
    return module


def _place(error: BaseException) -> str:
    """Where the module raised; empty for one that is not found at all, and where the error says it."""
    ours = (__file__, importlib.__file__)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith("<frozen") and frame.filename not in ours]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
