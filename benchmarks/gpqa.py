"""GPQA Diamond: 198 graduate-level science questions that a web search does not answer.

One row: {"Question": "…", "Correct Answer": "…", "Incorrect Answer 1": "…", "Incorrect Answer 2": "…",
"Incorrect Answer 3": "…", "High-level domain": "Physics", "Record ID": "rec…"}

The authors ask that no example is shown in plain text or images online: none is quoted here, sample rows of this task
should not be published, and no copy is shipped. Traps: the right option always comes first in the data, so the order
must be shuffled, the same way in every run (here by the record's hash); two questions differ only in a figure's value.
Grader: idavidrein/gpqa at its release (the letter after "The correct answer is"). Licence CC-BY-4.0, gated on the hub;
a copy of one's own is read from gpqa/gpqa_diamond.csv below data_root. Zero-shot. Primary metric: accuracy.
"""

from collections.abc import Sequence
from hashlib import sha256

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task

LETTERS = "ABCD"
_OPTIONS = ("Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")


def order(doc: Doc) -> Sequence[str]:
    """The columns of the options in the order shown: fixed by the record."""
    return sorted(_OPTIONS, key=lambda column: sha256(f"{doc['Question']}\0{column}".encode()).digest())


def question(doc: Doc) -> str:
    """Question and shuffled options."""
    options = "\n".join(
        f"{letter}. {str(doc[column]).strip()}" for letter, column in zip(LETTERS, order(doc), strict=False)
    )
    return f"{str(doc['Question']).strip()}\n{options}"


def prompt(doc: Doc) -> str:
    """For a chat model."""
    return (
        "Answer this multiple-choice question. Think step by step, then end with a line of the form "
        f'"Answer: X" where X is one of A, B, C, D.\n\n{question(doc)}'
    )


def letter(doc: Doc) -> str:
    """Where the right option came to stand."""
    return LETTERS[list(order(doc)).index("Correct Answer")]


TASKS = (
    Task(
        name="gpqa_diamond",
        reward="choice",
        source=Source(
            hub="Idavidrein/gpqa",
            config="gpqa_diamond",
            split="train",
            revision="633f5ee89ab8ad4522a9f850766b73f62147ffdd",
            files=("gpqa/gpqa_diamond.csv",),
            licence="CC-BY-4.0; do not republish examples",
            count=198,
            gated="accept its terms on the hub and log in with `hf auth login`",
        ),
        prompt=prompt,
        base_prompt=lambda doc: f"Question:\n{question(doc)}\nAnswer:",
        reference=letter,
        max_tokens=4096,
        stop=("\n\nQuestion:",),
        doc_id=lambda doc: doc["Record ID"],
        category=lambda doc: str(doc["High-level domain"]),
        chance=0.25,
        summary="graduate-level science (gated)",
    ),
)
