"""A row's own checker: a program that says whether an output is right. It runs in a process and as a user of its own,
after the program that it judges has ended, and only ever sees texts. One in a language that is built is built before
the program begins, kept in memory and laid down for each check, in a folder that no program can write to.
"""

import math
import os
import re
from typing import Any, NamedTuple

from ..confinement import wipe
from . import compiling
from .housekeeping import Housekeeping
from .one_run import OneRun

_LIMITS = {"memory": 2**30, "disk": 2**24, "files": 64, "cpu": 30, "processes": 8, "output": 2**16}
_TIME = 10.0
_KEPT = 32
"""Built checkers that a sandbox keeps."""
_POINTS = 7
"""Testlib's exit status of a partly right output; `points 0.5 …` on standard error says how much."""
_WRONG = (1, 2, 4, 8)
"""Testlib's: wrong answer, presentation error, dirt, unexpected end."""
_BROKEN = re.compile(
    r"Traceback \(most recent call last\)|^Exception in thread \"|^Error occurred during initialization of VM"
    r"|^Error: (?:Could not|Unable)|^Node\.js v|^goroutine \d+ \[",
    re.M,
)
"""What interpreters and runtimes write when a program of theirs dies; most end with status 1 then."""


def build(housekeeping: Housekeeping, job: dict[str, Any]) -> dict[str, Any]:
    """Build the job's checker where it has to be: `{"unjudgeable": why}` when it does not compile, `{"error": why}`
    where the sandbox lacks what it takes. Raises MachineFaultError."""
    plan = (job.get("checker") or {}).get("build")
    if plan is None:
        return {}
    key = repr(sorted(plan["files"].items()))
    if key not in housekeeping.checkers:
        built = compiling.build(housekeeping, {"build": plan, "command": []})
        if "compile" in built:
            compiling.clear(housekeeping, {"build": plan})
            return {"error": built["error"]} if "error" in built else {
                "unjudgeable": f"the checker does not compile: {built['compile'][-300:]}"
            }  # fmt: skip
        while len(housekeeping.checkers) >= _KEPT:
            housekeeping.checkers.pop(next(iter(housekeeping.checkers)))
        housekeeping.checkers[key] = _files_in(str(housekeeping.spawner.build_home))
        if not compiling.clear(housekeeping, {"build": plan}):
            return {"error": "the folder that programs are built in cannot be emptied"}
    job["checker"]["built"] = housekeeping.checkers[key]
    return {}


class _Verdict(NamedTuple):
    """What a checker says of an output."""

    points: float
    """1 is right, 0 is wrong."""
    part: bool = False
    """The points are on the checker's own scale."""
    failure: str = ""
    """Why it says nothing."""


def checked(
    housekeeping: Housekeeping, job: dict[str, Any], case: dict[str, Any], run: dict[str, Any]
) -> dict[str, Any]:
    """The run with `passed`, and `points` of a partly right output: its share of what the expected output gets. Where
    the checker fails (it raises, or says nothing it can mean) it is tried on the expected output: if that fails as
    well, `checker_failed` says how; else it was the output that broke it."""
    checker, accepted = job["checker"], case["accepted"][0].encode("utf-8", "surrogateescape")
    found, share, failure = _verdict(housekeeping, checker, case, run["stdout"].encode("latin-1")), 0.0, ""
    if found.failure:
        control = _verdict(housekeeping, checker, case, accepted)
        failure = found.failure if control.failure or control.points <= 0 else ""
    elif found.part and found.points > 0:
        share, failure = _share(found, _verdict(housekeeping, checker, case, accepted))
    else:
        share = found.points
    if failure:
        return {**run, "passed": False, "stdout": "", "checker_failed": failure}
    return {**run, "passed": share >= 1, "points": min(max(share, 0.0), 1.0), "stdout": run["stdout"][:200]}


def _share(found: _Verdict, control: _Verdict) -> tuple[float, str]:
    """A part of the points that the expected output gets, and why there is none: on what scale a checker counts, its
    verdict on the expected output says alone (`points 50` may be of 100, or be a mistake)."""
    if control.failure or control.points <= 0:
        return 0.0, f"the checker failed: {control.failure or 'it gives the expected output no points'}"
    share = found.points / control.points
    if share > 1 or (share == 1 and not control.part):
        return 0.0, f"the checker failed: {found.points:g} points of {control.points:g} for the expected output"
    return share, ""


def _verdict(housekeeping: Housekeeping, checker: dict[str, Any], case: dict[str, Any], output: bytes) -> _Verdict:
    built = checker.get("built") or {}
    folder = str(housekeeping.spawner.config["check_home"])
    texts = {
        "input": case["input"].encode("utf-8", "surrogateescape"),
        "answer": case["accepted"][0].encode("utf-8", "surrogateescape"),
        "output": output,
    }
    argv = [f"{folder}/{name}" for name in checker["arguments"]]
    job: dict[str, Any] = {"program": checker["program"], "argv": argv, "limits": _LIMITS}
    if built:
        command = [word.replace("{build}", folder) for word in checker["command"]]
        job = {"command": [*command, *argv], "limits": _LIMITS | checker["limits"]}
    try:
        wipe.empty(folder)
        _write(folder, built | texts, 0o755 if built else 0o644)
        run = OneRun(housekeeping, job, "", _LIMITS["output"]).to_end(_TIME)
    finally:
        wipe.empty(folder)
    return _exit(run) if checker["verdict"] == "exit" else _printed(run)


def _exit(run: dict[str, Any]) -> _Verdict:
    """Testlib's convention: 0 right, 7 as many points as it says; 3 and whatever else: the checker or the answer is
    broken."""
    points = re.search(r"points\s+(-?\d+(?:\.\d+)?)", run["stderr"]) if run["exit"] == _POINTS else None
    if points is not None and not run["broke"]:
        return _Verdict(float(points[1]), part=True)
    if run["broke"] or run["exit"] not in (0, *_WRONG) or _BROKEN.search(run["stderr"]):
        failure = f"the checker failed: {run['stderr'].strip()[-200:] or run['broke'] or run['exit']}"
        return _Verdict(0.0, failure=failure)
    return _Verdict(float(run["exit"] == 0))


def _printed(run: dict[str, Any]) -> _Verdict:
    """A number as the first word: 1 is right, another one as many points."""
    words = run["stdout"].split()
    try:
        points = float(words[0]) if words and not run["exit"] else None
    except ValueError:
        points = {"true": 1.0, "ok": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}.get(words[0].lower())
    if run["broke"] or points is None or not math.isfinite(points):
        failure = f"the checker failed: {run['stderr'].strip()[-200:] or run['broke'] or run['stdout'][:100]!r}"
        return _Verdict(0.0, failure=failure)
    return _Verdict(points, part=points != 1)


def _files_in(folder: str) -> dict[str, bytes]:
    """What was built, by path; folders of it (Java's packages) too."""
    found = {}
    for top, _, names in os.walk(folder):
        for name in names:
            path = f"{top}/{name}"
            if os.path.isfile(path) and not os.path.islink(path):  # noqa: PTH113, PTH114
                with open(path, "rb") as file:  # noqa: PTH123
                    found[os.path.relpath(path, folder)] = file.read()
    return found


def _write(folder: str, texts: dict[str, bytes], mode: int) -> None:
    for name, text in texts.items():
        path = f"{folder}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(fd, "wb") as file:
            file.write(text)
        os.chmod(path, mode)  # noqa: PTH101
