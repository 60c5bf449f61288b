"""The test styles. Each takes the job and yields one (passed, reason) per test, in order."""

import linecache
import math
import reprlib
import traceback
import types
from collections.abc import Callable, Iterator
from typing import Any

from .candidate_client import CandidateClient, CandidateGoneError
from .namespace import Namespace, prompt_helpers, resolve_entry
from .proxies import Proxy

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 100
Results = Iterator[tuple[bool, str]]


class BadTestsError(Exception):
    """The tests themselves are broken: nobody could be judged by them."""


def namespace_for(client: CandidateClient, program: dict[str, str], job: dict[str, Any]) -> Namespace:
    """The globals that the tests run in: entry point, the prompt's helpers, then the set-up."""
    entry = job.get("entry_point")
    names = Namespace(client, program, entry)
    names.bind_entry()
    prompt_helpers(job.get("prompt") or "", entry, names)
    exec(compiled(job.get("setup") or "", "setup.py"), names)
    return names


def run_check(client: CandidateClient, program: dict[str, str], job: dict[str, Any]) -> Results:
    """HumanEval's `check(candidate)`: one test."""
    code = compiled(job["tests"], "tests.py")
    candidate = resolve_entry(Namespace(client, program, None), client, job["entry_point"])
    names = namespace_for(client, program, job)
    exec(code, names)
    if not isinstance(names.get("check"), types.FunctionType):
        raise BadTestsError("the tests define no function check(candidate)")
    yield _attempt(client, lambda: names["check"](candidate))


def run_asserts(client: CandidateClient, program: dict[str, str], job: dict[str, Any]) -> Results:
    """MBPP's assert lines: each is a test."""
    codes = [compiled(text, f"test{i}.py") for i, text in enumerate(job["tests"])]
    names = namespace_for(client, program, job)
    for code in codes:
        yield _attempt(client, lambda code=code: exec(code, names))  # type: ignore[misc]


def run_function(client: CandidateClient, program: dict[str, str], job: dict[str, Any]) -> Results:
    """Calls with expected JSON values: tuples count as lists, floats agree to a relative `tolerance`."""
    candidate = resolve_entry(Namespace(client, program, None), client, job["entry_point"])
    for case in job["tests"]:
        yield _attempt(client, lambda case=case: _check_case(candidate, case, job))  # type: ignore[misc]


def _check_case(candidate: Any, case: dict[str, Any], job: dict[str, Any]) -> None:
    got = candidate(*case.get("args", []), **case.get("kwargs", {}))
    if not same(got, case["expected"], job.get("tolerance", 1e-9)):
        raise AssertionError(f"{job['entry_point']}{_shown(case.get('args', []))} gave {_shown(got)}")


def same(got: Any, expected: Any, tolerance: float) -> bool:
    """Is a plain value the expected JSON value? Raises RecursionError for nothing: depth is bounded by the codec."""
    if isinstance(got, Proxy):
        return False
    if isinstance(expected, list):
        if type(got) not in (list, tuple) or len(got) != len(expected):
            return False
        return all(same(g, e, tolerance) for g, e in zip(got, expected, strict=False))
    if isinstance(expected, dict):
        if type(got) is not dict or len(got) != len(expected):
            return False
        keyed = {key if type(key) is str else str(key): value for key, value in got.items()}
        return keyed.keys() == expected.keys() and all(same(keyed[k], e, tolerance) for k, e in expected.items())
    return _same_scalar(got, expected, tolerance)


def _same_scalar(got: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(expected, bool) or isinstance(got, bool):
        return got is expected
    if isinstance(expected, float) or isinstance(got, float):
        if type(got) not in (int, float) or type(expected) not in (int, float):
            return False
        both_nan = got != got and expected != expected
        return both_nan or math.isclose(got, expected, rel_tol=tolerance, abs_tol=0.0)
    return type(got) is type(expected) and got == expected


def compiled(source: str, name: str) -> Any:
    """Code of test text, its lines kept for reasons. Raises BadTestsError."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        return compile(source, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise BadTestsError(f"the tests are not Python: {error}") from None


def _attempt(client: CandidateClient, test: Callable[[], Any]) -> tuple[bool, str]:
    try:
        test()
    except CandidateGoneError as error:
        return False, str(error)
    except Exception as error:  # noqa: BLE001 - any exception is a failed test
        return False, describe(error, client)
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
