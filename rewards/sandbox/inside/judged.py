"""One job whose tests call the program: candidate and judge, two pipes between them, a third for the verdict."""

import os
import select
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import wire
from .troupe import Kind, Troupe

if TYPE_CHECKING:
    from .supervisor import Supervisor

_DYING = 0.2
"""Seconds between a dying process's last word and its end."""


def run_judged(supervisor: "Supervisor", job: dict[str, Any], answer: Callable[[dict[str, Any]], None]) -> bool:
    """Answer with `results`: [[passed, reason], …] of the tests that finished; `timeout` names the limit that ended
    them; `finished`, `partial` and `unjudgeable` as the judge said. True when everything was cleaned afterwards."""
    kind: Kind = "pytest" if job["style"] == "pytest" else "judged"
    if kind == "pytest" and (missing := supervisor.pytest_nursery.problem):
        answer({"results": [], "finished": True, "error": f"there is no pytest in the sandbox: {missing}"})
        return True
    troupe = supervisor.take(kind, job["limits"])
    verdict = _judge(supervisor, troupe, kind, job)
    if clean := verdict["finished"] and "died" not in verdict:
        # Nothing that the program still does can change it: the owner reads it while we clean.
        supervisor.kill(troupe)
        answer(verdict)
    ended = supervisor.end(troupe, clean)
    if not clean:
        answer({**verdict, **ended})
    return not ended["dirty"]


def _judge(supervisor: "Supervisor", troupe: Troupe, kind: Kind, job: dict[str, Any]) -> dict[str, Any]:
    token = os.urandom(8).hex()
    try:
        wire.send(troupe.ends["work"], {"token": token, "job": job})
    except wire.Closed:
        return {"results": [], "finished": False}
    started = time.monotonic()
    supervisor.prepare(kind, job["limits"])
    return _watch(supervisor, troupe, job["limits"], started, token)


def _watch(
    supervisor: "Supervisor", troupe: Troupe, limits: dict[str, Any], started: float, token: str
) -> dict[str, Any]:
    report = troupe.ends["report"]
    poll = select.poll()
    for fd in (0, report, troupe.watched):
        poll.register(fd, select.POLLIN)
    verdict: dict[str, Any] = {"results": [], "finished": False}
    total, test = started + limits["total"], started + limits["timeout"]
    while not verdict["finished"]:
        left = min(total, test) - time.monotonic()
        ready = dict(poll.poll(max(left, 0) * 1000)) if left > 0 else {}
        if 0 in ready:
            supervisor.quit(troupe)
        if troupe.watched in ready:
            # Daemons it left may hold the pipe open: without them the judge sees the end.
            verdict["died"] = True
            supervisor.kill_strays(troupe.pids())
            poll.unregister(troupe.watched)
        if report in ready:
            if not _take(report, token, verdict):
                break
            test = time.monotonic() + limits["timeout"]
        elif not ready:
            verdict["timeout"] = "total" if total < test else "test"
            break
    if verdict.pop("gone", False) and select.select([troupe.watched], [], [], _DYING)[0]:
        verdict["died"] = True
    return verdict


def _take(report: int, token: str, verdict: dict[str, Any]) -> bool:
    try:
        frame = wire.receive(report)
    except wire.Closed:
        return False
    if frame.pop("token", None) != token:
        return False
    if frame.pop("end", False):
        verdict.update(frame, finished=True)
    else:
        verdict["results"].append([frame["passed"], frame["reason"]])
    return True
