"""Building a program before its runs: once, by a user of its own, in a folder that runs can read and not write."""

from typing import Any

from ..confinement.confine import BUILD_UID
from .housekeeping import Housekeeping
from .one_run import OneRun

_FOLDER = "{build}"


def build(housekeeping: Housekeeping, job: dict[str, Any]) -> dict[str, Any]:
    """Do what the job's `build` says (`files`, `command`, `limits`; in commands `{build}` stands for the folder), and
    set the job's `command` to what runs. `{"compile": why}` when the program could not be built, `{"error": why}` too
    where the sandbox lacks what it takes, or its compiler builds nothing at all. Raises MachineFaultError."""
    plan = job.get("build")
    if plan is None:
        return {}
    folder = housekeeping.spawner.build_home
    if folder is None:
        return {"compile": "", "error": "the sandbox has no folder to build programs in: rebuild its image"}
    job["command"] = _at(job["command"], folder)
    work = {"limits": plan["limits"], "command": _at(plan["command"], folder), "files": plan["files"], "kind": "build"}
    tool = plan["command"][0]
    run = _done(housekeeping, work)
    if run["exit"] == 127:
        # What is missing says its name: the command itself, or one that it needs.
        return {"compile": "", "error": f"the sandbox has no {run['stderr'].partition(':')[0].strip() or tool}"}
    if not (run["broke"] or run["exit"]):
        return {}
    if tool not in housekeeping.proven:
        clear(housekeeping, job)
        control = _done(housekeeping, work | {"files": plan["control"]})
        if control["broke"] or control["exit"]:
            return {"compile": "", "error": f"{tool} of the sandbox builds nothing: {_failure_text(control)[-200:]}"}
        housekeeping.proven.add(tool)
    return {"compile": _failure_text(run)}


def _done(housekeeping: Housekeeping, work: dict[str, Any]) -> dict[str, Any]:
    limits = work["limits"]
    return OneRun(housekeeping, work, "", limits["output"]).to_end(limits["timeout"])


def _failure_text(run: dict[str, Any]) -> str:
    reason = f"broke its {run['broke']} limit" if run["broke"] else (run["stderr"] or run["stdout"])[-2000:]
    return reason or f"status {run['exit']}"


def clear(housekeeping: Housekeeping, job: dict[str, Any]) -> bool:
    """Empty the folder; True when it is."""
    return job.get("build") is None or housekeeping.clear_build(BUILD_UID)


def _at(command: list[str], folder: str) -> list[str]:
    return [word.replace(_FOLDER, folder) for word in command]
