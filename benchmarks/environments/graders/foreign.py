"""A grader in a process and an interpreter of its own, for the audit: what it gives, raises, and how long it takes."""

import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.benchmarks.environments.drivers.process import PackageError, Worker
from holdfast.environment import EpisodeError
from holdfast.errors import UsageError
from holdfast.reward import Reward

_OURS = Path(__file__).parents[1] / "drivers" / "workers" / "ours.py"


@dataclass(frozen=True, slots=True)
class GraderItem:
    """A question and its answer."""

    prompt: str
    reference: str


@dataclass(frozen=True, slots=True)
class GraderResult:
    """What a grader did with one answer."""

    value: float | None = None
    raised: str = ""
    """The exception, where it raised."""
    odd: str = ""
    """What it returned that is no number."""
    lost: str = ""
    """Why its process had to be ended, or ended itself."""
    seconds: float = 0.0

    @property
    def earns(self) -> bool:
        """Whether it gave anything above 0."""
        return self.value is not None and self.value > 0

    @property
    def full(self) -> bool:
        """Whether it gave 1 or more."""
        return self.value is not None and self.value >= 1


def grader_of(name: str, options: Mapping[str, Any], python: str | None, timeout: float) -> "Grader":
    """The grader of `module:function` or `file.py:function`, or a registered reward of ours.

    Raises UsageError for what cannot be loaded, or an option that a reward of ours does not take."""
    if ":" in name:
        return Grader(name, python=python, timeout=timeout, options=options)
    if python is not None:
        raise UsageError(f"python= is for a grader of another package; {name!r} is a reward of ours")
    Reward(name, **options)
    settings = {"reward": name, "settings": dict(options)}
    return Grader(f"{_OURS}:grade", timeout=timeout, options=settings)


class Grader:
    """One grader, started again after it died."""

    def __init__(
        self, path: str, *, python: str | None = None, timeout: float = 20.0, options: Mapping[str, Any] | None = None
    ) -> None:
        """`path`: `module:function` or `file.py:function`; `python`: the interpreter that has its packages.

        Raises UsageError for what cannot be loaded."""
        name, _, attribute = path.rpartition(":")
        if not name or not attribute.isidentifier():
            raise UsageError(f"a grader is module:function or file.py:function, not {path!r}")
        self.path = f"{Path(name).resolve()}:{attribute}" if name.endswith(".py") else path
        self.options = dict(options or {})
        paths = [str(Path.cwd()), *sys.path] if python is None else [str(Path.cwd())]
        self.folder = tempfile.TemporaryDirectory(prefix="holdfast-grader-")
        self._worker = Worker("grader_worker.py", _absolute(python), timeout, {"paths": paths}, folder=self.folder.name)
        self._loaded = -1
        try:
            self.style = self._load()["style"]
        except EpisodeError as error:
            raise UsageError(f"cannot load grader {path!r}: {error}") from error

    def _load(self) -> dict[str, Any]:
        found: dict[str, Any] = self._worker.ask("load", path=self.path, options=self.options)
        self._loaded = self._worker.generation
        return found

    def __call__(self, item: GraderItem, completion: str, thread: bool = False) -> GraderResult:
        """What it gives an answer; a process that hangs or dies is `lost`, and started again."""
        try:
            if self._worker.running != self._loaded:
                self._load()
            request = {"prompt": item.prompt, "completion": completion, "reference": item.reference}
            reply = self._worker.ask("grade", item=request, thread=thread)
        except PackageError as error:
            return GraderResult(raised=str(error)[:200])
        except EpisodeError as error:
            return GraderResult(lost=str(error)[:200])
        value = reply["value"]
        odd = value if isinstance(value, str) else ""
        return GraderResult(None if odd else value, reply["raised"], odd, "", float(reply["seconds"]))

    def again(self) -> None:
        """Close the process; the next call starts a fresh one."""
        self._worker.close()

    def left(self) -> list[str]:
        """Files that its process has made in its working directory."""
        return sorted(path.name for path in Path(self.folder.name).iterdir())

    def close(self) -> None:
        """End the process and remove its directory."""
        self._worker.close()
        self.folder.cleanup()


def _absolute(python: str | None) -> str:
    """The interpreter, wherever the process is started. Raises UsageError where there is none."""
    found = shutil.which(python or sys.executable)
    if found is None:
        raise UsageError(f"there is no interpreter {python!r}")
    return str(Path(found).absolute())
