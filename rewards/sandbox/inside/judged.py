"""One job whose tests call the program: candidate and judge, two pipes between them, a third for the verdict."""

import importlib
import os
import select
import time
from typing import TYPE_CHECKING, Any

from . import confine, wire
from .judge import judge

if TYPE_CHECKING:
    from .supervisor import Supervisor


def run_judged(supervisor: "Supervisor", job: dict[str, Any]) -> dict[str, Any]:
    """`results`: [[passed, reason], …] of the tests that finished; `timeout` names the limit that ended them;
    `finished`, `partial` and `unjudgeable` as the judge said."""
    missing = _import_pytest() if job["style"] == "pytest" else None
    if missing:
        return {"results": [], "finished": True, "error": missing, "dirty": False}
    ask_read, ask_write = os.pipe()
    answer_read, answer_write = os.pipe()
    report_read, report_write = os.pipe()
    null, token = supervisor.null, os.urandom(8).hex()
    candidate = supervisor.spawn("serve", [null, null, null, ask_read, answer_write], job["limits"])
    judge_pid = os.fork()
    if judge_pid == 0:
        _become_judge(supervisor, job, [null, null, 2, answer_read, ask_write, report_write], token)
    for fd in (ask_write, answer_read, report_write):
        os.close(fd)
    watched = os.pidfd_open(candidate)
    try:
        verdict = _watch(supervisor, job["limits"], report_read, (candidate, watched, judge_pid), token)
    finally:
        os.close(watched)
        os.close(report_read)
        ended = supervisor.end(candidate, judge_pid)
    return {**verdict, **ended}


def _import_pytest() -> str | None:
    """Import pytest once, here, for every judge to come (candidates are forked from elsewhere); None, or why not."""
    try:
        importlib.import_module("pytest")
    except ImportError as error:
        return f"there is no pytest in the sandbox: {error}"
    return None


def _become_judge(supervisor: "Supervisor", job: dict[str, Any], descriptors: list[int], token: str) -> None:
    """In the forked child. Never returns."""
    try:
        confine.place_descriptors(descriptors)
        limits = {"memory": 2**32, "disk": 2**24, "files": 64, "cpu": 600, "processes": 64}
        separation = "none" if supervisor.separation == "namespaces" else supervisor.separation
        confine.confine(limits, separation, confine.JUDGE_UID, supervisor.config["judge_home"])
        confine.hide()
        judge(job, 3, 4, 5, token)
    except BaseException as error:  # noqa: BLE001 - a forked child must never return; its owner reads the complaint
        os.write(2, f"judge: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(0)


def _watch(
    supervisor: "Supervisor", limits: dict[str, Any], report: int, processes: tuple[int, int, int], token: str
) -> dict[str, Any]:
    candidate, watched, judge_pid = processes
    poll = select.poll()
    poll.register(0, 0)
    poll.register(report, select.POLLIN)
    poll.register(watched, select.POLLIN)
    verdict: dict[str, Any] = {"results": [], "finished": False}
    now = time.monotonic()
    total, test = now + limits["total"], now + limits["timeout"]
    while not verdict["finished"]:
        left = min(total, test) - time.monotonic()
        ready = dict(poll.poll(max(left, 0) * 1000)) if left > 0 else {}
        if 0 in ready:
            supervisor.quit(candidate)
        if watched in ready:
            # Daemons it left may hold the pipe open: without them the judge sees the end.
            verdict["died"] = True
            supervisor.kill_strays((judge_pid,))
            poll.unregister(watched)
        if report in ready:
            if not _take(report, token, verdict):
                break
            test = time.monotonic() + limits["timeout"]
        elif not ready:
            verdict["timeout"] = "total" if total < test else "test"
            break
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
