"""From a reference to the job a supervisor understands, and from its reply to the tests that passed."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from holdfast.rewards.sandbox.entry_point import entry_of
from holdfast.rewards.sandbox.limits import Limits

STYLES = ("check", "asserts", "stdin", "function", "pytest")
Compare = Literal["lines", "tokens", "exact", "numbers"]


class BadReferenceError(ValueError):
    """A reference that nobody could be judged against."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reply says of the tests."""

    passed: int
    count: int
    failure: str = ""
    """The first failure."""
    limit: str = ""
    """The limit that the program broke."""
    partial: bool = False
    unjudgeable: str = ""


def style_of(reference: Any) -> str:
    """The declared test style, or the one that the tests' shape tells. Raises BadReferenceError."""
    if not isinstance(reference, Mapping) or not reference.get("tests"):
        raise BadReferenceError("the reference must be a mapping with the key 'tests'")
    style = reference.get("style") or _guess(reference["tests"])
    if style not in STYLES:
        raise BadReferenceError(f"unknown style {style!r} (available: {', '.join(STYLES)})")
    if style in ("check", "function") and not reference.get("entry_point"):
        raise BadReferenceError(f"style {style!r} needs 'entry_point'")
    _check_shape(style, reference["tests"])
    return str(style)


def make_job(style: str, program: str, reference: Mapping[str, Any], prompt: str, limits: Limits) -> dict[str, Any]:
    """The job of one program. It holds the tests; the candidate's process never sees it."""
    job: dict[str, Any] = {"style": style, "program": program, "limits": limits.for_job()}
    if style == "stdin":
        return job | {"inputs": [str(case.get("input", "")) for case in reference["tests"]], "stop": True}
    tests = reference["tests"]
    if style == "asserts":
        tests = [tests] if isinstance(tests, str) else list(tests)
    keys = ("entry_point", "setup", "tolerance", "module", "allow_partial")
    extra = {key: reference[key] for key in keys if reference.get(key) is not None}
    if style == "asserts" and "entry_point" not in extra:
        # Found here, once: the judge is a new process for every program.
        extra["entry_point"] = entry_of(tests, extra.get("setup") or "")
    return job | {"tests": tests, "prompt": prompt, **extra}


def verdict(style: str, reference: Mapping[str, Any], reply: Mapping[str, Any]) -> Verdict:
    """What a reply means. Tests that did not run count as failed."""
    if reply.get("broke"):
        return Verdict(0, 1, f"it ended its sandbox twice ({reply['broke']})", str(reply["broke"]))
    return _of_runs(reference, reply) if style == "stdin" else _of_results(style, reference, reply)


def _of_results(style: str, reference: Mapping[str, Any], reply: Mapping[str, Any]) -> Verdict:
    results = reply["results"]
    tests = reference["tests"]
    count = int(reply.get("count") or 0) or (len(tests) if isinstance(tests, Sequence | Mapping) else 1)
    count = 1 if style == "check" or isinstance(tests, str) else max(count, len(results))
    passed = sum(ok for ok, _ in results)
    failure = next((reason for ok, reason in results if not ok), "")
    limit = ""
    if reply.get("timeout"):
        limit = "time limit of a test" if reply["timeout"] == "test" else "time limit of the program"
        failure = failure or f"test {len(results) + 1} of {count} exceeded the {limit}"
    elif reply.get("died") and reply.get("exit") in (-9, -24, -31):
        limit = "memory or processor limit"
        failure = f"the program was killed ({limit})"
    elif "MemoryError" in failure[:14]:
        limit = "memory limit"
    if not failure and passed < count and not reply.get("unjudgeable"):
        failure = f"{count - passed} tests did not run"
    return Verdict(passed, count, failure, limit, bool(reply.get("partial")), str(reply.get("unjudgeable") or ""))


def _of_runs(reference: Mapping[str, Any], reply: Mapping[str, Any]) -> Verdict:
    cases, runs = reference["tests"], reply["runs"]
    passed, failure, limit = 0, "", ""
    for number, (case, run) in enumerate(zip(cases, runs, strict=False), 1):
        if run["broke"] or run["exit"] in (-9, -24):
            limit = {"timeout": "time limit", "output": "output limit"}.get(run["broke"], "memory limit")
            why = f"exceeded the {limit}"
        elif run["exit"]:
            why = f"ended with status {run['exit']}: {run['stderr'].strip().rpartition(chr(10))[2][:200]}"
            limit = "memory limit" if "MemoryError" in why else limit
        elif same_output(run["stdout"], str(case["output"]), reference.get("compare") or "lines"):
            passed += 1
            continue
        else:
            why = f"printed {run['stdout'][:80]!r}, expected {str(case['output'])[:80]!r}"
        failure = failure or f"input {number} of {len(cases)} {why}"
    if len(runs) < len(cases) and not failure:
        failure, limit = f"{len(cases) - len(runs)} inputs were not reached", "time limit of the program"
    return Verdict(passed, len(cases), failure, limit)


def same_output(stdout: str, expected: str, rule: str) -> bool:
    """Is the output (latin-1 text of its bytes) the expected one? `lines`: equal line by line without trailing white
    space and trailing empty lines; `tokens`: the same words; `numbers`: words, numbers within 1e-6 (whole
    ones exactly); `exact`."""
    text = stdout.encode("latin-1").decode("utf-8", "replace")
    if rule == "exact":
        return text == expected
    if rule == "lines":
        return _lines(text) == _lines(expected)
    got, wanted = text.split(), expected.split()
    if rule == "tokens" or len(got) != len(wanted):
        return got == wanted
    return all(g == w or _near(g, w) for g, w in zip(got, wanted, strict=False))


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().split("\n")]


_NUMBER = re.compile(r"[+-]?\d{1,400}(\.\d{0,400})?([eE][+-]?\d{1,4})?", re.ASCII)


_WHOLE = re.compile(r"[+-]?\d{1,400}", re.ASCII)


def _near(got: str, wanted: str) -> bool:
    if not _NUMBER.fullmatch(got) or not _NUMBER.fullmatch(wanted):
        return False
    if _WHOLE.fullmatch(got) and _WHOLE.fullmatch(wanted):
        return int(got) == int(wanted)
    a, b = float(got), float(wanted)
    # Beyond what a float holds everything would be near.
    return math.isfinite(a) and math.isfinite(b) and abs(a - b) <= 1e-6 * max(1.0, abs(b))


def _guess(tests: Any) -> str:
    if isinstance(tests, Mapping):
        return "pytest"
    if isinstance(tests, str):
        return "check" if re.search(r"^def check\(", tests, re.M) else "asserts"
    first = tests[0] if isinstance(tests, Sequence) else None
    if isinstance(first, Mapping):
        return "stdin" if "input" in first else "function"
    return "asserts"


def _check_shape(style: str, tests: Any) -> None:
    right = {
        "check": isinstance(tests, str),
        "asserts": isinstance(tests, str) or _all(tests, str),
        "stdin": _all(tests, Mapping) and all("output" in case for case in tests),
        "function": _all(tests, Mapping) and all("expected" in case for case in tests),
        "pytest": isinstance(tests, Mapping) and _all(list(tests.values()), str),
    }[style]
    if not right:
        raise BadReferenceError(f"tests of style {style!r} have another shape")


def _all(tests: Any, kind: type) -> bool:
    return isinstance(tests, Sequence) and not isinstance(tests, str) and all(isinstance(t, kind) for t in tests)
