"""A row's own checker: a program that says whether an output is right. It runs in a process and as a user of its own,
after the program that it judges has ended, and only ever sees texts."""

import os
import shutil
from typing import Any

from .housekeeping import Housekeeping
from .one_run import OneRun

_LIMITS = {"memory": 2**30, "disk": 2**24, "files": 64, "cpu": 30, "processes": 8, "output": 2**16}
_TIME = 10.0


def checked(
    housekeeping: Housekeeping, job: dict[str, Any], case: dict[str, Any], run: dict[str, Any]
) -> dict[str, Any]:
    """The run with `passed`. Where the checker fails (it raises, or says nothing it can mean) it is tried on the
    expected output: if that fails as well, `checker_failed` says how; else it was the output that broke it."""
    output = run["stdout"].encode("latin-1")
    passed, failure = _verdict(housekeeping, job["checker"], case, output)
    if failure:
        control, _ = _verdict(
            housekeeping, job["checker"], case, case["accepted"][0].encode("utf-8", "surrogateescape")
        )
        if not control:
            return {**run, "passed": False, "stdout": "", "checker_failed": failure}
    return {**run, "passed": passed, "stdout": run["stdout"][:200]}


def _verdict(
    housekeeping: Housekeeping, checker: dict[str, Any], case: dict[str, Any], output: bytes
) -> tuple[bool, str]:
    folder = f"{os.path.dirname(housekeeping.spawner.config['judge_home'])}/check"  # noqa: PTH120
    texts = {
        "input": case["input"].encode("utf-8", "surrogateescape"),
        "answer": case["accepted"][0].encode("utf-8", "surrogateescape"),
        "output": output,
    }
    try:
        _write(folder, texts)
        argv = [f"{folder}/{name}" for name in checker["arguments"]]
        job = {"program": checker["program"], "argv": argv, "limits": _LIMITS}
        run = OneRun(housekeeping, job, "", _LIMITS["output"]).to_end(_TIME)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _exit(run) if checker["verdict"] == "exit" else _printed(run)


def _exit(run: dict[str, Any]) -> tuple[bool, str]:
    """Testlib's convention: 0 right; 1 and 2 wrong; 3 and whatever else: the checker or the answer is broken."""
    if run["broke"] or run["exit"] not in (0, 1, 2) or "Traceback (most recent call last)" in run["stderr"]:
        return False, f"the checker failed: {run['stderr'].strip()[-200:] or run['broke'] or run['exit']}"
    return run["exit"] == 0, ""


def _printed(run: dict[str, Any]) -> tuple[bool, str]:
    """A number as the first word: 1 or more is right."""
    words = run["stdout"].split()
    try:
        points = float(words[0]) if words and not run["exit"] else None
    except ValueError:
        points = {"true": 1.0, "ok": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}.get(words[0].lower())
    if run["broke"] or points is None:
        return False, f"the checker failed: {run['stderr'].strip()[-200:] or run['broke'] or run['stdout'][:100]!r}"
    return points >= 1.0, ""


def _write(folder: str, texts: dict[str, bytes]) -> None:
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    os.chmod(folder, 0o755)  # noqa: PTH101
    for name, text in texts.items():
        fd = os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(fd, "wb") as file:
            file.write(text)
        os.chmod(f"{folder}/{name}", 0o644)  # noqa: PTH101
