"""One job whose tests call the program: candidate and judge, two pipes between them, a third for the verdict."""

import os
import select
import time
from collections.abc import Callable
from typing import Any

from ..protocol import frames
from .housekeeping import Housekeeping
from .processes import Kind, Processes

_DYING = 0.2
"""Seconds between a dying process's last word and its end."""


def run_tests(housekeeping: Housekeeping, job: dict[str, Any], answer: Callable[[dict[str, Any]], None]) -> bool:
    """Answer with `results`: [[passed, reason], …] of the tests that finished; `timeout` names the limit that ended
    them; `finished`, `partial` and `unjudgeable` as the judge said. True when everything was cleaned afterwards."""
    kind: Kind = "pytest" if job["style"] == "pytest" else "judged"
    if kind == "pytest" and (missing := housekeeping.spawner.pytest_forkserver.problem):
        answer({"results": [], "finished": True, "error": f"there is no pytest in the sandbox: {missing}"})
        return True
    processes = housekeeping.take(kind, job["limits"])
    verdict = _judge(housekeeping, processes, kind, job)
    if clean := verdict["finished"] and "died" not in verdict:
        # Nothing that the program still does can change it: the owner reads it while we clean.
        housekeeping.kill(processes)
        answer(verdict)
    ended = housekeeping.end(processes, clean)
    if not clean:
        answer({**verdict, **ended})
    return not ended["dirty"]


def _judge(housekeeping: Housekeeping, processes: Processes, kind: Kind, job: dict[str, Any]) -> dict[str, Any]:
    token = os.urandom(8).hex()
    try:
        frames.send(
            processes.ends["work"], {"token": token, "job": job | {"scratch": housekeeping.spawner.config["home"]}}
        )
    except frames.ClosedError:
        return {"results": [], "finished": False}
    started = time.monotonic()
    housekeeping.prepare(kind, job["limits"])
    return _watch(housekeeping, processes, job["limits"], started, token)


def _watch(
    housekeeping: Housekeeping, processes: Processes, limits: dict[str, Any], started: float, token: str
) -> dict[str, Any]:
    report = processes.ends["report"]
    poll = select.poll()
    for fd in (0, report, processes.watched):
        poll.register(fd, select.POLLIN)
    verdict: dict[str, Any] = {"results": [], "finished": False}
    total, test = started + limits["total"], started + limits["timeout"]
    while not verdict["finished"]:
        left = min(total, test) - time.monotonic()
        ready = dict(poll.poll(max(left, 0) * 1000)) if left > 0 else {}
        if 0 in ready:
            housekeeping.quit(processes)
        if processes.watched in ready:
            # Daemons it left may hold the pipe open: without them the judge sees the end.
            verdict["died"] = True
            housekeeping.kill_strays(processes.pids())
            poll.unregister(processes.watched)
        if report in ready:
            if not _take(report, token, verdict):
                break
            test = time.monotonic() + limits["timeout"]
        elif not ready:
            verdict["timeout"] = "total" if total < test else "test"
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
    else:
        verdict["results"].append([frame["passed"], frame["reason"]])
    return True
