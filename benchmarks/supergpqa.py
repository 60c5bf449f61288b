"""SuperGPQA: 26,529 graduate-level questions of 285 disciplines, with up to ten options.

One row: {"uuid": "…", "question": "…", "options": ["…", …], "answer": "…", "answer_letter": "B", "discipline":
"Science", "field": "Physics", "subfield": "…", "difficulty": "middle", "is_calculation": false}

Traps: `answer` is the option's text, `answer_letter` its letter; most rows have ten options, some fewer; difficulty is
a stratum of its own. Grader: SuperGPQA/SuperGPQA (the letter after "Answer:"; arXiv 2502.14739). Licence ODC-BY.
Zero-shot. No figure was checked here: the data was not at hand. Primary metric: accuracy.
"""

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task

LETTERS = "ABCDEFGHIJ"


def question(doc: Doc) -> str:
    """Question and lettered options."""
    options = [f"{letter}. {text}" for letter, text in zip(LETTERS, doc["options"], strict=False)]
    return f"{str(doc['question']).strip()}\n" + "\n".join(options)


def prompt(doc: Doc) -> str:
    """For a chat model."""
    return (
        "Answer this multiple-choice question. Think step by step, then end with a line of the form "
        f'"Answer: X" where X is the letter of the right option.\n\n{question(doc)}'
    )


TASKS = (
    Task(
        name="supergpqa",
        reward="choice",
        source=Source(
            hub="m-a-p/SuperGPQA",
            split="train",
            files=("supergpqa/SuperGPQA-all.jsonl",),
            licence="ODC-BY",
            about=26_529,
        ),
        prompt=prompt,
        base_prompt=lambda doc: f"Question:\n{question(doc)}\nAnswer:",
        reference=lambda doc: str(doc["answer_letter"]),
        max_tokens=2048,
        stop=("\n\nQuestion:",),
        doc_id=lambda doc: doc["uuid"],
        category=lambda doc: str(doc["discipline"]),
        chance=0.1,
        summary="graduate questions of 285 disciplines",
    ),
)
