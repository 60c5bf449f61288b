"""From a task to the job a supervisor understands, and from its reply to the tests that passed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from holdfast.rewards.sandbox.limits import Limits
from holdfast.rewards.sandbox.printable import printable
from holdfast.rewards.sandbox.source import languages, test_source
from holdfast.rewards.sandbox.source.preludes import prelude_of
from holdfast.rewards.sandbox.source.reference import CodeReference, checker_language

_KEPT = ("setup", "tolerance", "module", "in_place", "any_class", "function", "allow_partial")
_FILES = re.compile(r"\bopen\(|\btmp|temp|\bos\.|\bPath\(|shutil|chdir|write_text|\.(?:csv|txt|json|db|log)\b")
_SURROUNDINGS = re.compile(r"\binput\b|stdin|environ|setenv|delenv|argv|chdir")
_CAPTURES = ("capsys", "capfd", "redirect_stdout", "sys.stdout", "sys.stderr", "StringIO")
_CHECKER_MEMORY = 1024
"""MiB."""
_PROVED = [{"input": "", "accepted": ["the word at the end of the tests"]}]
"""The one run of tests that stand behind the program."""
_FORBIDDEN = -31
"""SIGSYS: the end of a process that made a system call which the sandbox forbids."""


@dataclass(frozen=True, slots=True)
class JobVerdict:
    """What a reply says of the tests."""

    passed: int
    count: int
    failure: str = ""
    """The message of the first failure."""
    limit: str = ""
    """The limit that the program broke."""
    partial: bool = False
    unjudgeable: str = ""
    ran: int = 0
    """Tests that were run."""
    points: float = 0.0
    """What a checker gave for tests that are partly passed, together."""


def make_job(
    task: CodeReference, program: str, prompt: str, limits: Limits, language: str = "python", stop: bool = False
) -> dict[str, Any]:
    """The job of one program. It holds the tests; the candidate's process never sees it. With `stop` the first failure
    ends it."""
    bounds = limits.for_job()
    job: dict[str, Any] = {"style": task.style, "program": program, "limits": bounds, "stop": stop}
    keys = task.keys
    if task.style == "stdin":
        job |= {key: keys[key] for key in ("compare", "tolerance") if keys.get(key) is not None}
        if keys.get("checker"):
            job["checker"] = _checker(keys["checker"])
        return job | {"cases": task.tests} | languages.plan(language, program, bounds)
    if task.style == "appended":
        plan = languages.plan(language, program, bounds)
        plan["command"][1:1] = ["-ea"] if language == "java" else []
        return job | {"style": "stdin", "proof": True, "cases": _PROVED} | plan
    extra = {key: keys[key] for key in _KEPT if keys.get(key) is not None}
    if task.entry_point:
        extra["entry_point"] = task.entry_point
    return job | {"tests": task.tests, "prompt": prompt, **extra, **_names(task), **_requirements(task)}


def verdict(task: CodeReference, reply: Mapping[str, Any]) -> JobVerdict:
    """What a reply means. Tests that did not run count as failed."""
    if reply.get("broke"):
        return JobVerdict(0, 1, f"it ended its sandbox twice ({reply['broke']})", str(reply["broke"]), ran=1)
    return _partial(_of_runs(task, reply), task) if task.style in ("stdin", "appended") else _of_results(task, reply)


def _checker(given: Any) -> dict[str, Any]:
    """A checker as the supervisor takes it: a bare source is one of open-r1's (input, expected, output; prints a
    number), a mapping says its kind, its language and the files that it is built with."""
    if isinstance(given, str):
        return {"program": given, "arguments": ["input", "answer", "output"], "verdict": "printed"}
    testlib = given.get("kind", "testlib") == "testlib"
    order = ["input", "output", "answer"] if testlib else ["input", "answer", "output"]
    made = {
        "program": given["source"],
        "arguments": given.get("arguments") or order,
        "verdict": "exit" if testlib else "printed",
    }
    language = checker_language(given)
    if language == "python":
        return made
    plan = languages.plan(language, given["source"], Limits(memory=_CHECKER_MEMORY).for_job())
    plan["build"]["files"] |= given.get("files") or {}
    return made | {"program": "", **plan, "limits": {"memory": plan["limits"]["memory"], "processes": 64}}


def _names(task: CodeReference) -> dict[str, Any]:
    if task.roles is None:
        return {}
    names: dict[str, Any] = {"helpers": sorted(task.roles.helpers), "required": sorted(task.roles.program)}
    if task.style == "pytest":
        names["free"] = sorted((test_source.free_names(task.sources) | task.roles.program) - task.roles.helpers)
    return names


def _requirements(task: CodeReference) -> dict[str, Any]:
    """What the tests use that costs something to give: the program's output, its random generators."""
    text = "\n".join(task.sources)
    needs: dict[str, Any] = {}
    if any(word in text for word in _CAPTURES):
        needs["capture"] = True
    if "seed(" in text:
        needs["seeds"] = True
    if _FILES.search(text):
        needs["files"] = True
    if _SURROUNDINGS.search(text):
        needs["surroundings"] = True
    prelude = prelude_of(task)
    return needs | ({"prelude": prelude} if prelude else {})


def _of_results(task: CodeReference, reply: Mapping[str, Any]) -> JobVerdict:
    results = reply["results"]
    fixed = 1 if task.style == "check" else len(task.tests)
    count = max(fixed, len(results))
    passed = sum(ok for ok, _ in results)
    failure = next((printable(reason) for ok, reason in results if not ok), "")
    limit = ""
    if reply.get("timeout"):
        limit = "time limit of a test" if reply["timeout"] == "test" else "time limit of the program"
        failure = failure or f"test {len(results) + 1} of {count} exceeded the {limit}"
    elif reply.get("died") and reply.get("exit") == _FORBIDDEN:
        failure = "the program was ended for a forbidden call, as to kill itself"
    elif reply.get("died") and reply.get("exit") in (-9, -24):
        limit = "memory or processor limit"
        failure = f"the program was killed ({limit})"
    elif "MemoryError" in failure[:14]:
        limit = "memory limit"
    unjudgeable = printable(str(reply.get("unjudgeable") or ""))
    if not unjudgeable and reply.get("needs_partial") and passed < count and test_source.compares_objects(task.sources):
        unjudgeable = "the tests compare objects of the program's classes: they need isolation='partial'"
    failed_alone = passed < count and not unjudgeable and not limit and not reply.get("died")
    module = str(task.keys.get("module") or "solution")
    if failed_alone and (watched := test_source.watches_the_process(task.sources, module)):
        unjudgeable = f"the tests watch or change the program's own process ({watched}), which they cannot reach"
    if not failure and passed < count and not unjudgeable:
        failure = f"{count - passed} tests did not run"
    return JobVerdict(passed, count, failure, limit, bool(reply.get("partial")), unjudgeable, len(results))


def _of_runs(task: CodeReference, reply: Mapping[str, Any]) -> JobVerdict:
    cases, runs = _PROVED if task.style == "appended" else task.tests, reply["runs"]
    if reply.get("unjudgeable"):
        return JobVerdict(0, len(cases), unjudgeable=printable(str(reply["unjudgeable"])))
    if "compile" in reply:
        return JobVerdict(0, len(cases), f"it does not compile: {printable(reply['compile'])[-300:]}", ran=0)
    passed, points, failure, limit, broken = 0, 0.0, "", "", ""
    for number, (case, run) in enumerate(zip(cases, runs, strict=False), 1):
        if run["passed"] and not run["broke"]:
            passed += 1
            continue
        reason, met = _failure(case, run)
        points += run.get("points") or 0.0
        broken = broken or run.get("checker_failed", "")
        limit = limit or met
        failure = failure or f"input {number} of {len(cases)} {reason}"
    if len(runs) < len(cases) and not failure:
        failure, limit = f"{len(cases) - len(runs)} inputs were not reached", "time limit of the program"
    return JobVerdict(passed, len(cases), failure, limit, unjudgeable=printable(broken), ran=len(runs), points=points)


def _partial(verdict: JobVerdict, task: CodeReference) -> JobVerdict:
    return replace(verdict, partial=True) if task.style == "appended" else verdict


def _failure(case: Mapping[str, Any], run: Mapping[str, Any]) -> tuple[str, str]:
    """Why a run failed, and the limit that it broke."""
    if run["broke"] == "excess":
        return "printed more than can be right", ""
    if run["broke"] or run["exit"] in (-9, -24):
        known = {"timeout": "time limit", "output": "output limit"}
        limit = known.get(run["broke"] or "", "time limit" if run["exit"] == -24 else "memory limit")
        return f"exceeded the {limit}", limit
    if run["exit"]:
        reason = f"ended with status {run['exit']}: {printable(run['stderr'].strip().rpartition(chr(10))[2])[:200]}"
        return reason, "memory limit" if "MemoryError" in reason else ""
    if run.get("points"):
        return f"printed {run['stdout'][:80]!r}, {run['points']:g} of a point", ""
    return f"printed {run['stdout'][:80]!r}, expected {case['accepted'][0][:80]!r}", ""
