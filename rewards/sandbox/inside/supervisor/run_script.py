"""A program run as a script: once per input, each time in a process and a scratch directory of its own."""

import os
from collections.abc import Callable
from typing import Any

from ..judge.outputs import most_bytes, same_output
from . import checking, compiling
from .allowance import beat
from .housekeeping import Housekeeping
from .one_run import OneRun

_SHOWN = 200
"""Characters of an output that go into a reason."""


def run_script(housekeeping: Housekeeping, job: dict[str, Any], answer: Callable[[dict[str, Any]], None]) -> bool:
    """Answer with `runs`: per input its end of stderr, exit status, usage, what limit it broke (`timeout`, `output`,
    `excess` or null) and, where the job knows the outputs, `passed` and the beginning of stdout (latin-1 text of the
    bytes), else all of it. `total` ends the remaining inputs (only the program's own time counts); with `stop` the
    first failure does. `compile` says why a program could not be built, `unjudgeable` why its checker could not. Raises
    MachineFaultError. True when everything was cleaned afterwards."""
    limits = job["limits"]
    left = limits["total"]
    built = checking.build(housekeeping, job) or compiling.build(housekeeping, job)
    if built:
        dirty = not compiling.clear(housekeeping, job)
        answer({"runs": [], "dirty": dirty, **built})
        return not dirty
    runs: list[dict[str, Any]] = []
    for case in job["cases"]:
        if left <= 0:
            break
        beat()
        case = _proved() if job.get("proof") else case
        run = OneRun(housekeeping, job, case["input"], _output_limit(job, case))
        runs.append(_judged(housekeeping, job, case, run, min(limits["timeout"], left)))
        left -= runs[-1]["seconds"]
        if runs[-1]["dirty"] or (job.get("stop") and (runs[-1]["broke"] or runs[-1]["exit"] or not runs[-1]["passed"])):
            break
    dirty = any(run["dirty"] for run in runs) or not compiling.clear(housekeeping, job)
    answer({"runs": runs, "dirty": dirty})
    return not dirty


def _proved() -> dict[str, Any]:
    """A run that has passed when the last line it prints is a word that nobody could know before."""
    word = os.urandom(12).hex()
    return {"input": word, "last": word}


def _output_limit(job: dict[str, Any], case: dict[str, Any]) -> int:
    """Bytes of output that are read: what can still be right, or the job's limit."""
    limit: int = job["limits"]["output"]
    return limit if "accepted" not in case or job.get("checker") else min(limit, most_bytes(case["accepted"]))


def _judged(
    housekeeping: Housekeeping, job: dict[str, Any], case: dict[str, Any], run: OneRun, seconds: float
) -> dict[str, Any]:
    ended = run.to_end(seconds)
    if ended["broke"] == "output" and run.most < job["limits"]["output"]:
        ended["broke"] = "excess"
    if "last" in case:
        last = ended["stdout"].rstrip().rpartition("\n")[2]
        return {**ended, "passed": not ended["broke"] and not ended["exit"] and last == case["last"], "stdout": ""}
    if "accepted" not in case:
        return {**ended, "passed": True}
    good = not ended["broke"] and not ended["exit"]
    if good and job.get("checker"):
        return checking.checked(housekeeping, job, case, ended)
    rule, tolerance = job.get("compare") or "contest", job.get("tolerance")
    passed = good and any(same_output(ended["stdout"], text, rule, tolerance) for text in case["accepted"])
    return {**ended, "passed": passed, "stdout": ended["stdout"][:_SHOWN]}
