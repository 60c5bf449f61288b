"""How the mathematics benchmarks ask: one prompt for all of them, and their sources' common part."""

from collections.abc import Callable
from typing import Any

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task


def boxed_prompt(doc: Doc) -> str:
    """The problem, asking for the final answer in a box."""
    return f"{str(doc['problem']).strip()}\n\nReason step by step and put your final answer within \\boxed{{}}."


def base_prompt(doc: Doc) -> str:
    """The problem for a model without chat template."""
    return f"Problem:\n{str(doc['problem']).strip()}\n\nSolution:"


def worked(doc: Doc) -> str:
    """A few-shot answer: the solution, with its box."""
    return str(doc["solution"])


def answer(doc: Doc) -> str:
    """The reference as the data set gives it."""
    return str(doc["answer"])


STOP = ("\nProblem:",)
"""Where a base model starts to invent the next problem."""


def math_task(
    name: str, source: Source, summary: str, *, reference: Callable[[Doc], str] = answer, **changes: Any
) -> Task:
    """A mathematics benchmark: asked zero-shot for a boxed answer, judged by `math`. `changes`: a Task's other
    fields."""
    return Task(
        name=name,
        reward="math",
        source=source,
        prompt=boxed_prompt,
        base_prompt=base_prompt,
        reference=reference,
        stop=STOP,
        chance=0.0,
        summary=summary,
        **changes,
    )
