"""The judge's process: runs the trusted tests against the candidate and reports on a pipe only it can write.

Each report is a frame that carries the token of this test: `{"token", "loaded": true}` when the program has been run,
`{"token", "asked": true}` when the tests first call it, `{"token", "passed", "reason"}` per test, then `{"token",
"end": true, "partial": …}` or `{"token", "end": true, "unjudgeable": …}`.
"""

import os
import random
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from ..protocol import frames
from . import styles
from .candidate_client import CandidateClient, CandidateGoneError
from .proxies import CandidateExitError
from .surroundings import Surroundings, share_files

sys.setrecursionlimit(5000)

STYLES: dict[str, Callable[[CandidateClient, dict[str, str], dict[str, Any]], styles.Results]] = {
    "check": styles.run_check,
    "asserts": styles.run_asserts,
    "function": styles.run_function,
}


def serve(read: int, write: int, report: int, work: int) -> None:
    """Wait for the job and its token, then judge it."""
    try:
        given = frames.receive(work)
    except frames.ClosedError:
        return
    os.close(work)
    random.seed()
    judge(given["job"], read, write, report, given["token"])


def judge(job: dict[str, Any], read: int, write: int, report: int, token: str) -> None:
    """Judge one job to its end."""
    client = CandidateClient(read, write, bool(job.get("allow_partial")), job.get("module") or "solution")
    client.at_first = lambda: frames.send(report, {"token": token, "asked": True})
    client.scratch = str(job.get("scratch") or client.home)
    end: dict[str, Any] = {"token": token, "end": True}
    try:
        if job.get("files"):
            share_files(client)
        program = _loaded(client, job)
        if job.get("surroundings"):
            client.before_call = Surroundings(client).update
        frames.send(report, {"token": token, "loaded": True})
        for passed, reason in _style(job["style"])(client, program, job):
            frames.send(report, {"token": token, "passed": passed, "reason": reason})
            if not passed and job.get("stop"):
                break
        else:
            if not client.questions:
                end["unjudgeable"] = "the tests never call the program"
    except styles.BadTestsError as error:
        end["unjudgeable"] = str(error)
    except CandidateGoneError as error:
        frames.send(report, {"token": token, "passed": False, "reason": str(error)})
    except (Exception, CandidateExitError) as error:  # noqa: BLE001 - whatever the tests' set-up or the program's loading raised
        frames.send(report, {"token": token, "passed": False, "reason": _described(error, client)})
    frames.send(report, {**end, "partial": client.partial, "gone": client.gone, "needs_partial": client.needs_partial})


def _described(error: BaseException, client: CandidateClient) -> str:
    try:
        return styles.describe(error, client)
    except CandidateGoneError as gone:  # the text of what was raised is the program's to tell
        return str(gone)


def _style(name: str) -> Callable[[CandidateClient, dict[str, str], dict[str, Any]], styles.Results]:
    if name == "pytest":
        from . import pytest_style

        return pytest_style.run_pytest
    return STYLES[name]


_IMPORT = re.compile(r"^\s*(?:import|from)\s+(\w+)", re.MULTILINE)


def _missing(job: dict[str, Any], own: str) -> str:
    """A module that the tests import and nobody here has: a program that imports it too is not at fault."""
    tests = job["tests"]
    texts = tests.values() if isinstance(tests, dict) else [tests] if isinstance(tests, str) else tests
    sources = [text for text in (*texts, job.get("setup") or "") if isinstance(text, str)]
    local = {name.removesuffix(".py") for name in tests} if isinstance(tests, dict) else set()
    imported = {name for text in sources for name in _IMPORT.findall(text)} - local - {own}
    return next((name for name in sorted(imported) if name not in sys.modules and find_spec(name) is None), "")


def _loaded(client: CandidateClient, job: dict[str, Any]) -> dict[str, str]:
    """Load the program; the names it defines. What it sends instead is not trusted to be that."""
    try:
        names = client.ask("load", job["program"], tuple(job.get("prelude") or ()), bool(job.get("capture")))
    except ImportError as error:
        missing = _missing(job, client.module)
        if missing:
            raise styles.BadTestsError(f"the tests import what the sandbox lacks: {missing}") from error
        raise
    if type(names) is not dict:
        raise CandidateGoneError("a malformed answer")
    return {key: value for key, value in names.items() if type(key) is str and type(value) is str}
