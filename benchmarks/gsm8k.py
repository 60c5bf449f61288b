"""GSM8K: 1,319 grade-school word problems with a whole-number answer.

One row: {"question": "Janet’s ducks lay 16 eggs per day. …", "answer": "Janet sells 16 - 3 - 4 = <<16-3-4=9>>9 duck
eggs a day.\\nShe makes 9 * 2 = $<<9*2=18>>18 every day at the farmer’s market.\\n#### 18"}

Traps: the answer is a worked solution with `<<…>>` calculator marks and the number after `####`, sometimes with a
thousands comma ("#### 65,960") or a minus; stopping a chat model at "Question:" cuts answers that restate the task.
Grader: grade_school_math/dataset.py of openai/grade-school-math at 3101c7d (exact string of the number after ####);
ours compares numbers. Licence MIT. Few-shot: 5 for base models (first rows of the training split), 0 for chat models.
"""

import re

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task

_HUB = "openai/gsm8k"
_REVISION = "cc7b047b6e5bb11b4f1af84efc572db110a51b3c"

TEST = Source(
    hub=_HUB,
    config="main",
    split="test",
    revision=_REVISION,
    files=("gsm8k/test.jsonl",),
    sha256="3730d312f6e3440559ace48831e51066acaca737f6eabec99bccb9e4b3c39d14",
    licence="MIT",
    count=1319,
)
TRAIN = Source(
    hub=_HUB,
    config="main",
    split="train",
    revision=_REVISION,
    files=("gsm8k/train.jsonl",),
    sha256="17f347dc51477c50d4efb83959dbb7c56297aba886e5544ee2aaed3024813465",
    licence="MIT",
    count=7473,
)


def chat_prompt(doc: Doc) -> str:
    """The question, asking for the answer in the form that the data set itself uses."""
    return (
        f"{doc['question']}\n\nThink step by step. End with a line that holds only the final number after four "
        "hash marks, like this:\n#### 42"
    )


def worked(doc: Doc) -> str:
    """The reference solution without calculator marks."""
    return re.sub(r"<<[^>]*>>", "", str(doc["answer"]))


def number(doc: Doc) -> str:
    """The number after ####, without thousands commas."""
    return str(doc["answer"]).rpartition("####")[2].strip().replace(",", "")


TASKS = (
    Task(
        name="gsm8k",
        reward="numeric",
        source=TEST,
        prompt=chat_prompt,
        base_prompt=lambda doc: f"Question: {doc['question']}\nAnswer:",
        answer=worked,
        reference=number,
        fewshot=5,
        fewshot_source=TRAIN,
        max_tokens=512,
        stop=("\n\nQuestion:", "\nQuestion:"),
        chance=0.0,
        summary="grade-school word problems, final number",
    ),
)
