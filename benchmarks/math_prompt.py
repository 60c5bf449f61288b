"""How the mathematics benchmarks ask: one prompt for all of them, and their sources' common part."""

from holdfast.benchmarks.data import Doc


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
