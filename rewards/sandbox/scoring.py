"""From samples to scores: extraction, jobs without repetition, verdicts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from holdfast.rewards.sandbox.backends.choice import Engine, pool_for
from holdfast.rewards.sandbox.jobs import JobVerdict, make_job, verdict
from holdfast.rewards.sandbox.limits import Limits
from holdfast.rewards.sandbox.pool import UnavailableError
from holdfast.rewards.sandbox.source.appended import with_tests
from holdfast.rewards.sandbox.source.extraction import MAX_PROGRAM, Extract, code_of_prompt, extract
from holdfast.rewards.sandbox.source.languages import LANGUAGES
from holdfast.rewards.sandbox.source.reference import BadReferenceError, CodeReference, read
from holdfast.sample import Outcome, Sample, Score


@dataclass(frozen=True, slots=True)
class Settings:
    """How programs are run and scored."""

    engine: Engine = field(default_factory=Engine)
    limits: Limits = field(default_factory=Limits)
    by: Literal["all", "share"] = "all"
    partial: bool = False
    """Allow tests that need partial isolation."""


@dataclass(frozen=True, slots=True)
class _Case:
    task: CodeReference
    prompt: str
    found: Extract
    job: dict[str, Any]


def score_samples(samples: Sequence[Sample], settings: Settings) -> list[Score]:
    """The scores of samples, in order; equal programs with equal tests run once."""
    cases = [_prepare(sample, settings) for sample in samples]
    keys = [_key(case) if isinstance(case, _Case) else "" for case in cases]
    unique = {key: case for key, case in zip(keys, cases, strict=False) if isinstance(case, _Case)}
    if not unique:
        return [case for case in cases if isinstance(case, Score)]
    pool = pool_for(settings.engine, settings.limits)
    replies = dict(zip(unique, pool.run([case.job for case in unique.values()]), strict=False))
    scores = {key: _score(case, replies[key], settings) for key, case in unique.items()}
    doubted = {key: case for key, case in unique.items() if scores[key].value != 1.0 and _has_solution(case)}
    for key, reason in _broken_references(doubted, settings).items():
        scores[key] = Score.unjudgeable(f"the tests fail on their own reference solution: {reason}")
    return [case if isinstance(case, Score) else scores[key] for key, case in zip(keys, cases, strict=False)]


def reference_case(reference: Any, prompt: str, settings: Settings) -> _Case | Score:
    """The case whose program is the reference's own solution."""
    task = reference if isinstance(reference, CodeReference) else read(reference, prompt)
    return _case_of(task, str(task.keys["solution"]), prompt, settings)


def judge_cases(cases: Sequence[_Case], settings: Settings) -> list[Score]:
    """The scores of prepared cases."""
    replies = pool_for(settings.engine, settings.limits).run([case.job for case in cases])
    return [_score(case, reply, settings) for case, reply in zip(cases, replies, strict=False)]


def _prepare(sample: Sample, settings: Settings) -> _Case | Score:
    plain = _prompt(sample)
    try:
        task = read(sample.reference, plain)
    except BadReferenceError as error:
        return Score.unjudgeable(str(error))
    return _case_of(task, sample.text, plain, settings)


def _case_of(task: CodeReference, text: str, plain: str, settings: Settings) -> _Case | Score:
    given = task.keys.get("prompt")
    prompt = given if isinstance(given, str) else plain
    found = extract(text, prompt, task.names, task.language)
    if found is None:
        return Score.of(False, "no code in the completion")
    if len(found.program) > MAX_PROGRAM:
        return Score.of(False, f"the program has {len(found.program)} characters, more than {MAX_PROGRAM}")
    if task.style == "appended":
        stops, tests = task.keys.get("stops") or (), task.tests
        whole = with_tests(found.program, found.language, tests, prompt, str(task.entry_point), stops)
        found = replace(found, program=whole)
    trusted = code_of_prompt(prompt) if task.style != "stdin" else ""
    if settings.partial or task.keys.get("isolation") == "partial":
        task = replace(task, keys={**task.keys, "allow_partial": True})
    try:
        limits = settings.limits.of_row(task.keys, LANGUAGES[found.language].factor)
    except ValueError as error:
        return Score.unjudgeable(str(error))
    stop = settings.by == "all"
    return _Case(task, prompt, found, make_job(task, found.program, trusted, limits, found.language, stop))


def _prompt(sample: Sample) -> str:
    """The prompt's text: the plain prompt, else the last message of the user."""
    if isinstance(sample.prompt, str):
        return sample.prompt
    users = [message for message in sample.prompt if message.get("role") == "user"]
    return str(users[-1].get("content") or "") if users else ""


def _score(case: _Case, reply: dict[str, Any] | UnavailableError, settings: Settings) -> Score:
    if isinstance(reply, UnavailableError):
        return Score.error(f"the sandbox failed: {reply}")
    if reply.get("error"):
        return Score.error(str(reply["error"]))
    found = verdict(case.task, reply)
    if found.unjudgeable:
        return Score.unjudgeable(found.unjudgeable)
    reason = f"{case.found.origin}: {found.passed} of {found.count} tests passed"
    reason += f"; {found.failure}" if found.failure else ""
    reason += "; partial isolation" if found.partial else ""
    reason += f"; taken for a row of {case.task.keys['format']}" if case.task.keys.get("format") else ""
    return _valued(found, reason, case.found.program, settings.by)


def _valued(found: JobVerdict, reason: str, program: str, by: str) -> Score:
    complete = found.passed == found.count and not found.failure
    share = (found.passed + found.points) / found.count
    # What an early stop left out has no value of its own.
    parts: dict[str, float | None] = {"tests": share if by == "share" or found.ran >= found.count else None}
    value = float(complete) if by == "all" else (share if complete or share < 1 else 0.0)
    if found.limit and value == 0.0:
        return Score(0.0, Outcome.TIMEOUT, reason, program, parts)
    outcome = Outcome.of(value)
    return Score(value, outcome, reason, program, parts)


def _key(case: _Case) -> str:
    """What makes two cases one."""
    return f"{json.dumps(case.job, sort_keys=True)}\0{dict(case.task.keys)!r}"


def _has_solution(case: _Case) -> bool:
    return isinstance(case.task.keys.get("solution"), str)


def _broken_references(cases: Mapping[str, _Case], settings: Settings) -> dict[str, str]:
    """Which of the cases have tests that their own reference solution fails, and how. Each reference runs once."""
    own: dict[str, _Case] = {}
    solutions: dict[str, str] = {}
    for key, case in cases.items():
        made = reference_case(case.task, case.prompt, settings)
        if isinstance(made, _Case):
            solutions[key] = _key(made)
            own[solutions[key]] = made
    scores = dict(zip(own, judge_cases(list(own.values()), settings), strict=False)) if own else {}
    failed = {key: score.reason for key, score in scores.items() if score.value is not None and score.value < 1}
    return {key: failed[solution] for key, solution in solutions.items() if solution in failed}
