"""Tasks as inspect_ai's documentation writes them."""

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import CORRECT, INCORRECT, Score, accuracy, choice, match, scorer
from inspect_ai.solver import generate, multiple_choice, prompt_template, self_critique, system_message

WORDS = ["kelp", "rock", "tide"]


@task
def spell() -> Task:
    """Spell a word backward."""
    samples = [Sample(input=f"Spell {word} backward.", target=word[::-1], id=word) for word in WORDS]
    solvers = [system_message("One word."), prompt_template("{prompt}\nANSWER: WORD"), generate()]
    return Task(dataset=MemoryDataset(samples), solver=solvers, scorer=match())


@task
def plants() -> Task:
    """A question with options."""
    samples = [Sample(input="Which is a plant?", choices=["a rock", "a fern", "a tide"], target="B", id="1")]
    return Task(dataset=MemoryDataset(samples), solver=multiple_choice(), scorer=choice())


@scorer(metrics=[accuracy()])
def breaking():  # type: ignore[no-untyped-def]
    """Raises where the answer is no number."""

    async def score(state, target):  # type: ignore[no-untyped-def]
        return Score(value=CORRECT if int(state.output.completion) == int(target.text) else INCORRECT)

    return score


@task
def numbers() -> Task:
    """A scorer that raises."""
    return Task(dataset=MemoryDataset([Sample(input="2+2?", target="4")]), solver=generate(), scorer=breaking())


@task
def critic() -> Task:
    """Asks a model of its own."""
    return Task(
        dataset=MemoryDataset([Sample(input="?", target="4")]), solver=[generate(), self_critique()], scorer=match()
    )
