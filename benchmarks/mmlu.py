"""MMLU: 14,042 four-option questions from 57 subjects, by log-likelihood of the letter or by a generated answer.

One row: {"question": "Find the degree for the given field extension Q(sqrt(2), sqrt(3), sqrt(18)) over Q.",
"subject": "abstract_algebra", "choices": ["0", "4", "2", "6"], "answer": 1}

Traps: the original CSVs have no header and hold bare words such as None and N/A that readers turn into missing
values; subjects have 100 to 1,534 questions, so the mean over questions (ours, and the leaderboards') is not the mean
over subjects; subjects are strata, not clusters; a chat template changes the tokens that the letters are compared as.
Grader: hendrycks/test evaluate.py at 4450500 (argmax over " A" … " D"). Licence MIT. Few-shot: 5 for base models, the
dev questions of the subject; chat models answer zero-shot. Primary metric: accuracy over all questions.
"""

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task

LETTERS = "ABCD"
_REVISION = "c30699e8356da336a370243923dbaf21066bb9fe"


def _from_file(row: Doc) -> Doc:
    """A CSV line in the shape of the hub's row; the subject is the file's name."""
    subject = str(row["_file"]).rpartition("_")[0]
    return {
        "question": row["question"],
        "subject": subject,
        "choices": [row[letter] for letter in LETTERS],
        "answer": LETTERS.index(row["answer"]),
    }


def _source(split: str, hub_split: str, sha256: str, count: int) -> Source:
    return Source(
        hub="cais/mmlu",
        config="all",
        split=hub_split,
        revision=_REVISION,
        files=(f"mmlu/{split}/*_{split}.csv",),
        sha256=sha256,
        columns=("question", *LETTERS, "answer"),
        from_file=_from_file,
        licence="MIT",
        count=count,
    )


TEST = _source("test", "test", "1f0cec94ac3236778d79014c784c2b2e1e7d5a14bc3a332891c982e24f70d533", 14042)
DEV = _source("dev", "dev", "00d0c3e2d00d9fd4f38ecf888d1053a39eb455ce7c5903e6626973e5a246fa5c", 285)


def subject(doc: Doc) -> str:
    """The subject, which is the row's stratum."""
    return str(doc["subject"])


def question(doc: Doc) -> str:
    """Question and lettered options."""
    options = "\n".join(f"{letter}. {text}" for letter, text in zip(LETTERS, doc["choices"], strict=False))
    return f"{str(doc['question']).strip()}\n{options}"


def letter(doc: Doc) -> str:
    """The letter of the right option."""
    return LETTERS[int(doc["answer"])]


def base_prompt(doc: Doc) -> str:
    """The question as the paper asks it, for a base model."""
    return f"{question(doc)}\nAnswer:"


def ask_for_letter(doc: Doc) -> str:
    """For a model that is only asked for the letter's likelihood."""
    return f"{question(doc)}\n\nAnswer with the letter of the right option only."


def ask_to_reason(doc: Doc) -> str:
    """For a model that writes its answer."""
    topic = subject(doc).replace("_", " ")
    return (
        f"Answer this multiple-choice question about {topic}. Think step by step, then end with a line of the form "
        f'"Answer: X" where X is one of A, B, C, D.\n\n{question(doc)}'
    )


TASKS = (
    Task(
        name="mmlu",
        reward="exact_match",
        source=TEST,
        kind="choice",
        prompt=ask_for_letter,
        base_prompt=base_prompt,
        choices=lambda doc: LETTERS,
        reference=letter,
        answer=letter,
        fewshot=5,
        fewshot_source=DEV,
        category=subject,
        chance=0.25,
        summary="57 subjects, likeliest letter",
    ),
    Task(
        name="mmlu_generative",
        reward="choice",
        source=TEST,
        prompt=ask_to_reason,
        base_prompt=base_prompt,
        reference=letter,
        answer=letter,
        fewshot=5,
        fewshot_source=DEV,
        max_tokens=1024,
        stop=("\n\n", "\nQuestion:"),
        category=subject,
        chance=0.25,
        summary="57 subjects, written answer",
    ),
)
