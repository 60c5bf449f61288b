"""What a test needs of its machine: where it lacks, the test is skipped, or fails when HOLDFAST_REQUIRE names it.

HOLDFAST_REQUIRE=docker,slurm is what a job sets that started these itself, so that nothing is skipped there unseen.
"""

import importlib.util
import os
import shutil
from types import CodeType, FunctionType
from typing import Any, NoReturn

import pytest

NEEDS = ("shared_data", "docker", "bubblewrap", "slurm", "browser", "packages", "foreign")
MARKED_BY = {"shared": "shared_data", "SHARED_DATA": "shared_data", "need_any": "bubblewrap"}
"""Names of tests/helpers → the marker of a test whose code uses them."""


def lacking(need: str, reason: str) -> NoReturn:
    """Skip the test (or the module, while it is imported); fail it where the need is required."""
    assert need in NEEDS, need
    if need in os.environ.get("HOLDFAST_REQUIRE", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason, allow_module_level=True)


def chromium_program() -> str | None:
    """Where Chromium is; None where there is none."""
    return os.environ.get("HOLDFAST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def chromium() -> str:
    """The program of the tests marked `browser`."""
    found = chromium_program()
    if found is None or importlib.util.find_spec("playwright") is None:
        lacking("browser", "needs Chromium and playwright: run .ci/install-chromium")
    return found


def slurm(program: str) -> None:
    """The cluster of the tests marked `slurm`."""
    if shutil.which(program) is None:
        lacking("slurm", f"needs Slurm ({program} is not installed): run .ci/start-slurm")


def markers(function: Any) -> set[str]:
    """Markers of the names in MARKED_BY that a function uses, itself or through functions of its modules."""
    found: set[str] = set()
    waiting, seen = [function], set()
    while waiting:
        one = waiting.pop()
        if not isinstance(one, FunctionType) or one in seen:
            continue
        seen.add(one)
        for name in _names(one.__code__):
            if name in MARKED_BY:
                found.add(MARKED_BY[name])
            named = one.__globals__.get(name)
            waiting.append(getattr(named, "__wrapped__", named))  # behind a cache
    return found


def _names(code: CodeType) -> set[str]:
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*map(_names, inner))
