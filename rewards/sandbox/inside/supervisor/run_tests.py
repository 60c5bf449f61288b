"""One job whose tests call the program: candidate and judge, two pipes between them, a third for the verdict."""

import os
import select
from collections.abc import Callable
from typing import Any

from ..protocol import frames
from .allowance import Allowance, MachineFaultError, StarvedError, Usage
from .housekeeping import Housekeeping
from .processes import Kind, Processes

_DYING = 0.2
"""Seconds between a dying process's last word and its end."""


def run_tests(housekeeping: Housekeeping, job: dict[str, Any], answer: Callable[[dict[str, Any]], None]) -> bool:
    """Answer with `results`: [[passed, reason], …] of the tests that finished; `timeout` names the limit that ended
    them; `finished`, `partial` and `unjudgeable` as the judge said. Raises MachineFaultError. True when everything was
    cleaned afterwards."""
    kind: Kind = "pytest" if job["style"] == "pytest" else "judged"
    if kind == "pytest" and (missing := housekeeping.spawner.pytest_forkserver.problem):
        answer({"results": [], "finished": True, "error": f"there is no pytest in the sandbox: {missing}"})
        return True
    processes = housekeeping.take(kind, job["limits"])
    try:
        verdict = _judge(housekeeping, processes, kind, job)
    except StarvedError:
        housekeeping.end(processes, False)
        raise
    if clean := verdict["finished"] and "died" not in verdict:
        # Nothing that the program still does can change it: the owner reads it while we clean.
        housekeeping.kill(processes)
        answer(verdict)
    began = processes.began() if not clean else True
    ended = housekeeping.end(processes, clean)
    if not clean:
        if not began:
            raise MachineFaultError(f"the program's processes could not begin (status {ended['exits']})")
        answer({**_blamed(verdict, ended, job["limits"]), **ended})
    return not ended["dirty"]


def _blamed(verdict: dict[str, Any], ended: dict[str, Any], limits: dict[str, Any]) -> dict[str, Any]:
    """The verdict, with the tests to blame where they ended their own process, or took all the time before they called
    the program, which had little to do."""
    unasked = "timeout" in verdict and verdict["loaded"] and not verdict["asked"]
    if unasked and verdict["busy"] < limits["timeout"] / 4:
        return {**verdict, "unjudgeable": "the tests took too long before they called the program"}
    if not verdict["finished"] and "timeout" not in verdict and ended["exits"][-1] >= 0:
        return {**verdict, "finished": True, "unjudgeable": "the tests end their own process"}
    return verdict


def _judge(housekeeping: Housekeeping, processes: Processes, kind: Kind, job: dict[str, Any]) -> dict[str, Any]:
    token = os.urandom(8).hex()
    try:
        frames.send(
            processes.ends["work"], {"token": token, "job": job | {"scratch": housekeeping.spawner.config["home"]}}
        )
    except frames.ClosedError:
        return {"results": [], "finished": False, "loaded": False, "asked": False}

    def look() -> Usage:
        return housekeeping.usage(processes)

    limits = job["limits"]
    allowances = {"total": Allowance(limits["total"], look), "test": Allowance(limits["timeout"], look)}
    housekeeping.prepare(kind, limits)
    return _watch(housekeeping, processes, allowances, token)


def _watch(
    housekeeping: Housekeeping, processes: Processes, allowances: dict[str, Allowance], token: str
) -> dict[str, Any]:
    report = processes.ends["report"]
    poll = select.poll()
    for fd in (0, report, processes.watched):
        poll.register(fd, select.POLLIN)
    verdict: dict[str, Any] = {"results": [], "finished": False, "loaded": False, "asked": False}
    while not verdict["finished"]:
        ready = dict(poll.poll(min(allowance.slice() for allowance in allowances.values()) * 1000))
        if 0 in ready:
            housekeeping.quit(processes)
        if processes.watched in ready:
            # Daemons it left may hold the pipe open: without them the judge sees the end.
            verdict["died"] = True
            housekeeping.kill_strays(processes.pids())
            poll.unregister(processes.watched)
        if report in ready:
            results = len(verdict["results"])
            if not _take(report, token, verdict):
                break
            if len(verdict["results"]) > results:
                allowances["test"] = allowances["test"].again()
        elif not ready and (broken := next((name for name, one in allowances.items() if one.over()), "")):
            verdict |= {"timeout": broken, "busy": housekeeping.busy(processes)}
            break
    if verdict.pop("gone", False) and select.select([processes.watched], [], [], _DYING)[0]:
        verdict["died"] = True
    return verdict


def _take(report: int, token: str, verdict: dict[str, Any]) -> bool:
    try:
        frame = frames.receive(report)
    except frames.ClosedError:
        return False
    if frame.pop("token", None) != token:
        return False
    if frame.pop("end", False):
        verdict.update(frame, finished=True)
    elif "passed" not in frame:
        verdict.update(frame)
    else:
        verdict["results"].append([frame["passed"], frame["reason"]])
    return True
