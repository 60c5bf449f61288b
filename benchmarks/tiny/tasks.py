"""The tiny suite: one task per skill of skills.py, on held-out rows that the package generates.

    {"prompt": "Compute 47 + 38", "reference": "85", "completion": "85", "skill": "addition"}

Every answer is one exact text (a letter for `capitals`, judged as multiple choice), so a reward that is not exact
would only hide what the model does. Seed and size are part of the version: change them and bump it.
"""

from dataclasses import replace
from functools import partial

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task
from holdfast.benchmarks.tiny.skills import SKILLS, generate

ITEMS = 200
SEED = 7
"""Seed of the held-out rows that are measured."""

LONGEST = {"python": 48, "json": 48, "last": 32, "repeat": 24, "capitals": 24}
"""Tokens (bytes) of an answer where it may be longer than the default below."""


def tiny_task(skill: str) -> Task:
    """The task of one skill. Raises UsageError for an unknown skill."""
    judged_by_letter = skill == "capitals"
    return Task(
        name=f"tiny_{skill}",
        version="1",
        reward="choice" if judged_by_letter else "exact_match",
        source=Source(
            split="eval", rows=partial(generate, skill, "eval", ITEMS, SEED), count=ITEMS, licence="Apache-2.0"
        ),
        prompt=_prompt,
        answer=_completion,
        reference=_reference,
        max_tokens=LONGEST.get(skill, 16),
        chance=0.25 if judged_by_letter else 0.0,
        summary=f"{ITEMS} generated rows of the tiny model's skill `{skill}`",
    )


def _prompt(doc: Doc) -> str:
    return str(doc["prompt"])


def _completion(doc: Doc) -> str:
    return str(doc["completion"])


def _reference(doc: Doc) -> str:
    return str(doc["reference"])


def _checks(doc: Doc) -> object:
    return doc["checks"]


CODE = replace(
    tiny_task("python"),
    name="tiny_code",
    reward="code",
    reference=_checks,
    summary="the rows of tiny_python, run in a sandbox: any function that computes the right values counts",
)
"""Not part of `suite=tiny`: it needs a sandbox."""

TASKS = (*(tiny_task(skill) for skill in SKILLS), CODE)
