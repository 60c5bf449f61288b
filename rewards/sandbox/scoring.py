"""From samples to scores: extraction, jobs without repetition, verdicts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from holdfast.rewards.answers.text import with_object
from holdfast.rewards.sandbox.backends.choice import Engine, pool_for
from holdfast.rewards.sandbox.extraction import MAX_PROGRAM, Extract, code_of_prompt, extract
from holdfast.rewards.sandbox.jobs import BadReferenceError, Verdict, make_job, style_of, verdict
from holdfast.rewards.sandbox.limits import Limits
from holdfast.rewards.sandbox.pool import UnavailableError
from holdfast.sample import Outcome, Sample, Score


@dataclass(frozen=True, slots=True)
class Settings:
    """How to score."""

    engine: Engine = field(default_factory=Engine)
    limits: Limits = field(default_factory=Limits)
    by: Literal["all", "share"] = "all"
    partial: bool = False
    """Allow tests that need partial isolation."""


@dataclass(frozen=True, slots=True)
class _Case:
    style: str
    reference: Mapping[str, Any]
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
    for key, why in _broken_references(doubted, settings).items():
        scores[key] = Score.unjudgeable(f"the tests fail on their own reference solution: {why}")
    return [case if isinstance(case, Score) else scores[key] for key, case in zip(keys, cases, strict=False)]


def reference_case(reference: Any, prompt: str, settings: Settings) -> _Case | Score:
    """The case whose program is the reference's own solution."""
    return _prepare(Sample(str(reference["solution"]), reference, prompt), settings)


def judge_cases(cases: Sequence[_Case], settings: Settings) -> list[Score]:
    """The scores of prepared cases."""
    replies = pool_for(settings.engine, settings.limits).run([case.job for case in cases])
    return [_score(case, reply, settings) for case, reply in zip(cases, replies, strict=False)]


def _prepare(sample: Sample, settings: Settings) -> _Case | Score:
    sample = with_object(sample)
    try:
        style = style_of(sample.reference)
    except BadReferenceError as error:
        return Score.unjudgeable(str(error))
    reference: Mapping[str, Any] = sample.reference
    prompt = _prompt(sample)
    found = extract(sample.text, prompt, reference.get("entry_point"))
    if found is None:
        return Score.of(False, "no code in the completion")
    if len(found.program) > MAX_PROGRAM:
        return Score.of(False, f"the program has {len(found.program)} characters, more than {MAX_PROGRAM}")
    trusted = code_of_prompt(prompt) if style != "stdin" else ""
    if settings.partial:
        reference = {**reference, "allow_partial": True}
    return _Case(style, reference, prompt, found, make_job(style, found.program, reference, trusted, settings.limits))


def _prompt(sample: Sample) -> str:
    """The prompt's text: what the reference gives, else the plain prompt, else the last message of the user."""
    given = sample.reference.get("prompt")
    if isinstance(given, str):
        return given
    if isinstance(sample.prompt, str):
        return sample.prompt
    users = [message for message in sample.prompt if message.get("role") == "user"]
    return str(users[-1].get("content") or "") if users else ""


def _score(case: _Case, reply: dict[str, Any] | UnavailableError, settings: Settings) -> Score:
    if isinstance(reply, UnavailableError):
        return Score.error(f"the sandbox failed: {reply}")
    if reply.get("error"):
        return Score.error(str(reply["error"]))
    found = verdict(case.style, case.reference, reply)
    if found.unjudgeable:
        return Score.unjudgeable(found.unjudgeable)
    reason = f"{case.found.how}: {found.passed} of {found.count} tests passed"
    reason += f"; {found.failure}" if found.failure else ""
    reason += "; partial isolation" if found.partial else ""
    return _valued(found, reason, case.found.program, settings.by)


def _valued(found: Verdict, reason: str, program: str, by: str) -> Score:
    share = found.passed / found.count
    parts = {"tests": share}
    complete = found.passed == found.count and not found.failure
    value = float(complete) if by == "all" else (share if complete or share < 1 else 0.0)
    if found.limit and value == 0.0:
        return Score(0.0, Outcome.TIMEOUT, reason, program, parts)
    outcome = Outcome.of(value)
    return Score(value, outcome, reason, program, parts)


def _key(case: _Case) -> str:
    """What makes two cases one. The job alone does not: the outputs that `stdin` expects never enter the sandbox."""
    return f"{json.dumps(case.job, sort_keys=True)}\0{dict(case.reference)!r}"


def _has_solution(case: _Case) -> bool:
    return isinstance(case.reference.get("solution"), str)


def _broken_references(cases: Mapping[str, _Case], settings: Settings) -> dict[str, str]:
    """Which of the cases have tests that their own reference solution fails, and how. Each reference runs once."""
    own: dict[str, _Case] = {}
    solutions: dict[str, str] = {}
    for key, case in cases.items():
        made = reference_case(case.reference, case.prompt, settings)
        if isinstance(made, _Case):
            solutions[key] = _key(made)
            own[solutions[key]] = made
    scores = dict(zip(own, judge_cases(list(own.values()), settings), strict=False)) if own else {}
    failed = {key: score.reason for key, score in scores.items() if score.value is not None and score.value < 1}
    return {key: failed[solution] for key, solution in solutions.items() if solution in failed}
