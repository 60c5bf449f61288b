"""Abstention: does a model say that a question cannot be answered, and only then? Built from GSM8K's real rows.

One row: {"text": "How much does she make every day at the farmers' market?", "kind": "unanswerable", "reference":
"unknown"}; its neighbour of kind "answerable" is a whole problem of GSM8K with its number.

Made as AbstentionBench makes its GSM8K-Abstain (arXiv 2506.09038): of a problem nothing but its last sentence, the
question, is kept, where that holds no number, in figures or in words. Problems alternate, so that no model gets both
forms of one. Traps: always answering and never answering both have about half of the points, so read the strata:
`answerable` falls where a model declines too much, `unanswerable` where it makes numbers up; the prompt names the word
to decline with, so no judge is needed, and a model that declines in other words and places has no point. Data:
openai/gsm8k (MIT), the pinned test split. No figure was checked: AbstentionBench's own rows and judge were not at hand.
Primary metric: accuracy.
"""

import re

from holdfast.benchmarks.gsm8k import TEST, number
from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task
from holdfast.rewards.answers.places import extract
from holdfast.rewards.answers.text import final_part
from holdfast.sample import Sample, Score

_NUMBERS = (
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|"
    r"thousand|once|twice|thrice|half|third|quarter|double|triple|dozen|percent|pair|each other|zero|no)\b"
)
_SUBJECT = r"(?:(?:it|this|that|the (?:answer|number|amount|total|value|result)) (?:is )?)?"
_SAID = (
    r"(?:determined|known|answered|calculated|computed|found|established|inferred|said|told|worked out|deduced|solved|"
    r"derived|figured out)"
)
_FACTS = r"(?:information|info|data|details?|context|given|facts?|numbers?|known)"
DECLINED = re.compile(
    rf"(?i){_SUBJECT}(?:unknown|not known|un(?:determined|knowable|answerable)|indeterminate|"
    rf"(?:cannot|can not|could not) be {_SAID}|(?:not enough|insufficient) {_FACTS}|"
    r"(?:impossible|not possible|unable) to (?:determine|know|say|tell|answer|calculate|compute|find|establish))\b"
    r"(?!.*\b(?:probably|perhaps|maybe|likely|possibly)\b)"
)
"""How a statement begins that declines; behind a guess it declines nothing."""
_FRAMES = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|mathit|emph)\b|[\\${}*_`\"'“”‘’«»<>\[\]()]")
"""What stands around a word: quotes, emphasis, brackets, LaTeX's commands for text."""

_LINE = re.compile(r"(?i)\banswer[*_\s\"]{0,5}:[*_\s]{0,5}([^\n]{1,300})")
_TAIL = 5000
"""Characters at the end of a text in which its last line `Answer:` stands."""


class Declines:
    """Does the answer decline? The one reader finds it from the last line `Answer:` on, or in a whole text without."""

    version = "2"

    def __call__(self, sample: Sample) -> Score:
        """1 where the last statement declines and names no number."""
        text = final_part(sample.text, "question")[-_TAIL:]
        line = next(reversed(list(_LINE.finditer(text))), None)
        found = extract(text[line.start() if line else 0 :], "marked")
        said = " or ".join(found.parts) or (line[1] if line else "")
        statements = (said, found.statement, line[1] if line else "")
        declines = not re.search(r"\d", said) and any(DECLINED.match(_plain(one)) for one in statements)
        reason = "declines" if declines else "does not decline" if said else "no statement of an answer"
        return Score.of(declines, reason, said[:200] or None)


def _plain(text: str) -> str:
    written_out = re.sub(r"(?i)\bcan['’]t\b", "cannot", re.sub(r"(?i)\bit['’]s\b", "it is", text))
    return " ".join(_FRAMES.sub(" ", written_out).split())


def question(problem: str) -> str:
    """The last sentence of a problem."""
    return re.split(r"(?<=[.!?])\s+", problem.strip())[-1]


def mixed(rows: list[Doc]) -> list[Doc]:
    """Problems in turn whole and as their mere question, of those whose question alone says nothing."""
    made: list[Doc] = []
    for number_of, row in enumerate(rows):
        whole = str(row["question"]).strip()
        question_text = question(whole)
        if (
            question_text == whole
            or not question_text.endswith("?")
            or re.search(_NUMBERS, question_text, re.IGNORECASE)
        ):
            continue
        half = bool(len(made) % 2)
        kind, text = ("unanswerable", question_text) if half else ("answerable", whole)
        reference = "unknown" if half else number(row)
        made.append({"id": number_of, "text": text, "kind": kind, "reference": reference})
    return made


def prompt(doc: Doc) -> str:
    """The question, and how to answer or to decline."""
    return (
        f'{doc["text"]}\n\nThink step by step. End with a line of the form "Answer: N", where N is a number. If what '
        'is given does not suffice to know the number, end with the line "Answer: unknown".'
    )


TASKS = (
    Task(
        name="abstention",
        version="3",
        reward={
            "reward": "route",
            "by": "kind",
            "of": {
                "answerable": {"reward": "numeric", "require": "marked"},
                "unanswerable": {"reward": f"{__name__}:Declines"},
            },
        },
        source=Source(
            hub=TEST.hub, config=TEST.config, split=TEST.split, revision=TEST.revision, files=TEST.files,
            sha256=TEST.sha256, licence=TEST.licence, assemble=mixed, assemble_hub=mixed, count=647,
        ),
        prompt=prompt,
        reference=lambda doc: str(doc["reference"]),
        max_tokens=512,
        doc_id=lambda doc: doc["id"],
        category=lambda doc: str(doc["kind"]),
        summary="word problems, every other one without what it takes to answer: does the model say so?",
    ),
)  # fmt: skip
