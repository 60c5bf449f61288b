"""The test styles. Each takes the job and yields one (passed, reason) per test, in order."""

import decimal
import errno
import fractions
import itertools
import linecache
import math
import os
import random
import reprlib
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from typing import Any

from .candidate_client import CandidateClient, CandidateGoneError, MissingError
from .namespace import Namespace, ReplacedError, prompt_helpers, resolve_entry
from .program_module import Program
from .proxies import CandidateExitError, PartialIsolationError, Proxy

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 100
Results = Iterator[tuple[bool, str]]


class BadTestsError(Exception):
    """The tests themselves are broken: nobody could be judged by them."""


def namespace_for(client: CandidateClient, program: dict[str, str], job: dict[str, Any]) -> Namespace:
    """The globals that the tests run in: entry point, the prompt's helpers, then the set-up."""
    names = Namespace(client, program, job)
    names.bind_entry()
    sys.modules.setdefault(client.module, Program(client.module, client, program, job.get("required") or []))
    prompt_helpers(job.get("prompt") or "", job.get("entry_point"), names)
    if job.get("seeds"):
        share_seeds(client)
    code = compiled(job.get("setup") or "", "setup.py")
    try:
        exec(code, names)
    except Exception as error:
        refuse_own_fault(error, client, names)
        raise
    return names


def share_seeds(client: CandidateClient) -> None:
    """A test that seeds `random` seeds the program's generators as well."""
    own = random.seed

    def seed(a: Any = None, version: int = 2) -> None:
        own(a, version)
        if isinstance(a, int | float | str | bytes):
            client.ask("seed", a)

    random.seed = seed


def refuse_own_fault(error: BaseException, client: CandidateClient, names: Namespace | None = None) -> None:
    """Raises BadTestsError where the tests themselves are to blame, whatever the program is."""
    if isinstance(error, _PROGRAMS) or _spoiled(error, client):
        return
    text = f"{type(error).__name__}: {str(error)[:200]}"
    if isinstance(error, ImportError) and error.name and error.name.partition(".")[0] != client.module:
        raise BadTestsError(f"the tests import what the sandbox lacks: {text}") from None
    if isinstance(error, NameError):
        if names is not None and names.blames(error):
            return
        if error.name:
            raise BadTestsError(f"the tests use what nobody defines: {text}") from None
    if not client.questions and not isinstance(error, ImportError):
        raise BadTestsError(f"the tests fail before they call the program: {text}") from None


_PROGRAMS = (CandidateGoneError, ReplacedError, MissingError, MemoryError)
"""What only the program can have caused."""
_SPOILED = {errno.EACCES, errno.EPERM, errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.EMLINK}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EAGAIN, errno.ENFILE}


def _spoiled(error: BaseException, client: CandidateClient) -> bool:
    """Did the tests meet what the program left where both may write, or a disk and a memory that it filled?"""
    if not isinstance(error, OSError):
        return False
    if error.errno in _FULL:
        return True
    name = os.path.abspath(str(error.filename or "."))  # noqa: PTH100
    met = error.errno in _SPOILED or (error.errno == errno.ENOENT and os.path.lexists(name))  # a link to nowhere
    return met and name.startswith(f"{client.scratch}/")


def run_check(client: CandidateClient, program: dict[str, str], job: dict[str, Any]) -> Results:
    """HumanEval's `check(candidate)`: one test."""
    code = compiled(job["tests"], "tests.py")
    candidate = resolve_entry(client, job["entry_point"])
    names = namespace_for(client, program, job)
    function = job.get("function") or "check"
    try:
        exec(code, names)
    except Exception as error:
        refuse_own_fault(error, client, names)
        raise
    if not isinstance(names.get(function), types.FunctionType):
        raise BadTestsError(f"the tests define no function {function}(candidate)")
    yield _attempt(client, lambda: names[function](candidate), names)


def run_asserts(client: CandidateClient, program: dict[str, str], job: dict[str, Any]) -> Results:
    """MBPP's assert lines: each is a test."""
    codes = [compiled(text, f"test{i}.py") for i, text in enumerate(job["tests"])]
    names = namespace_for(client, program, job)
    for code in codes:
        yield _attempt(client, lambda code=code: exec(code, names), names)  # type: ignore[misc]


def run_function(client: CandidateClient, _program: dict[str, str], job: dict[str, Any]) -> Results:
    """Calls with expected JSON values: tuples count as lists, floats agree to a relative `tolerance`."""
    for case in job["tests"]:
        yield _attempt(client, lambda case=case: _check_case(client, case, job))  # type: ignore[misc]


def _check_case(client: CandidateClient, case: dict[str, Any], job: dict[str, Any]) -> None:
    """One call; a method is called of a new instance each time, as every grader of such rows does."""
    arguments = case.get("args", [])
    got = resolve_entry(client, job["entry_point"], bool(job.get("any_class")))(*arguments, **case.get("kwargs", {}))
    if got is None and job.get("in_place") and arguments:
        got = arguments[0]
    accepted = case["any_of"] if "any_of" in case else [case["expected"]]
    tolerance = job.get("tolerance")
    got = _listed(got, max((len(e) for e in accepted if isinstance(e, list)), default=0))
    if not any(same(got, expected, tolerance) for expected in accepted):
        raise AssertionError(f"{job['entry_point']}{_shown(arguments)} gave {_shown(got)}")


def _listed(actual: Any, most: int) -> Any:
    """What an iterator gives, read no further than one item beyond what can be right."""
    if isinstance(actual, Proxy) and object.__getattribute__(actual, "_holdfast_handle")[2] == "iterator":
        return list(itertools.islice(actual, most + 1))
    return list(actual[: most + 1]) if isinstance(actual, range) else actual


def same(actual: Any, expected: Any, tolerance: float | None) -> bool:
    """Is a plain value the expected JSON value? Tuples count as lists, a bool as the 0 or 1 that it equals in Python.
    Without a tolerance a float agrees to 1e-6, or as it would be rounded where the reference has four decimals or
    more. Raises RecursionError for nothing: depth is bounded by the codec."""
    if isinstance(actual, Proxy):
        return False
    if isinstance(expected, list):
        if not isinstance(actual, list | tuple) or len(actual) != len(expected):
            return False
        return all(same(g, e, tolerance) for g, e in zip(actual, expected, strict=False))
    if isinstance(expected, dict):
        if not isinstance(actual, dict) or len(actual) != len(expected):
            return False
        keyed = {key if isinstance(key, str) else str(key): value for key, value in actual.items()}
        return keyed.keys() == expected.keys() and all(same(keyed[k], e, tolerance) for k, e in expected.items())
    return _same_scalar(actual, expected, tolerance)


def _same_scalar(actual: Any, expected: Any, tolerance: float | None) -> bool:
    if isinstance(actual, decimal.Decimal | fractions.Fraction) and isinstance(expected, int | float):
        return _equal_number(actual, expected, tolerance)
    if isinstance(expected, float) or isinstance(actual, float):
        if not isinstance(actual, int | float) or not isinstance(expected, int | float):
            return False
        both_nan = actual != actual and expected != expected
        return both_nan or _near(actual, expected, tolerance)
    if isinstance(expected, int) and isinstance(actual, int):
        return actual == expected
    return isinstance(actual, type(expected)) and bool(actual == expected)


def _equal_number(actual: decimal.Decimal | fractions.Fraction, expected: float, tolerance: float | None) -> bool:
    try:
        return bool(actual == expected) or (isinstance(expected, float) and _near(float(actual), expected, tolerance))
    except (ArithmeticError, ValueError):
        return False


def _near(actual: float, expected: float, tolerance: float | None) -> bool:
    try:
        if tolerance is not None:
            return math.isclose(actual, expected, rel_tol=tolerance, abs_tol=tolerance if expected == 0 else 0.0)
        decimals = (
            len(repr(expected).partition(".")[2]) if isinstance(expected, float) and "e" not in repr(expected) else 0
        )
        rounded = decimals >= 4 and abs(actual - expected) <= 0.5000001 * 10.0**-decimals
        return rounded or math.isclose(actual, expected, rel_tol=1e-6, abs_tol=1e-9)
    except OverflowError:
        return False


def compiled(source: str, name: str) -> Any:
    """Code of test text, its lines kept for reasons. Raises BadTestsError."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        return compile(source, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise BadTestsError(f"the tests are not Python: {error}") from None


def _attempt(client: CandidateClient, test: Callable[[], Any], names: Namespace | None = None) -> tuple[bool, str]:
    try:
        test()
    except CandidateGoneError as error:
        return False, str(error)
    except CandidateExitError as error:
        return False, describe(error, client)
    except SystemExit:
        raise BadTestsError("the tests end their own process") from None
    except PartialIsolationError as error:
        client.needs_partial = True
        return False, describe(error, client)
    except Exception as error:  # noqa: BLE001 - any exception is a failed test
        refuse_own_fault(error, client, names)
        return False, describe(error, client)
    if client.gone:
        return False, "the program's process is gone"
    return True, ""


def describe(error: BaseException, client: CandidateClient) -> str:
    """One line for a failed test: the assertion's text and what the program gave last, or the exception."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _is_test(f.filename)]
    line = f" at `{frames[-1].line}`"[:220] if frames and frames[-1].line else ""
    if isinstance(error, AssertionError):
        text = str(error)[:200]
        return f"failed{line}{': ' + text if text else ''}; the last call gave {_shown(client.last)}"
    return f"{type(error).__name__}: {str(error)[:200]}{line}"


def _is_test(name: str) -> bool:
    return name.startswith("test") or name in ("setup.py", "prompt.py")


def _shown(value: Any) -> str:
    if isinstance(value, Proxy):
        return "an object of its own"
    try:
        return _SHORT.repr(value)[:200]
    except (ValueError, RecursionError):
        return f"a value of type {type(value).__name__}"
