"""SimpleQA and Humanity's Last Exam (text): short factual answers, graded by a judge model against a reference.

SimpleQA, one row: {"metadata": "{'topic': 'Science and technology', …}", "problem": "Who received the IEEE Frank
Rosenblatt Award in 2010?", "answer": "Michio Sugeno"}; HLE: {"id": "…", "question": "…", "image": "", "answer": "…",
"answer_type": "exactMatch", "category": "Math"}

Traps: the judge and its version are part of the result; SimpleQA's published figures tell "not attempted" from
"incorrect", here a rating of 1 is wrong and an answer that declines is wrong, too; HLE's rows with an image are left
out (about a tenth). Name the judge in the suite: `{task: simpleqa, reward: {reward: judge, base_url: …, model: …,
rubric: …}}` with the rubric below.
Graders: openai/simple-evals (MIT), centerforaisafety/hle (MIT; gated, its authors ask not to republish rows). No figure
was checked here: the data was not at hand. Primary metric: mean rating on 0–1.
"""

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task

RUBRIC = (
    "Is the final answer of the response the same as the reference? Rate 10 when it states the reference answer or an "
    "equal one, 1 when it states another, contradicts it or gives no answer. Wording does not matter."
)
"""What to tell the judge: `rubric:` in the suite."""


def _judged(name: str, source: Source, question: str, summary: str, category: str | None = None) -> Task:
    return Task(
        name=name,
        reward="judge",
        source=source,
        prompt=lambda doc: str(doc[question]),
        reference=lambda doc: str(doc["answer"]),
        max_tokens=1024,
        category=None if category is None else lambda doc: str(doc[category]),
        metric="rating",
        summary=summary,
    )


def _text_only(doc: Doc) -> bool:
    return not doc.get("image")


TASKS = (
    _judged(
        "simpleqa",
        Source(
            hub="basicv8vc/SimpleQA",
            split="test",
            files=("simpleqa/simple_qa_test_set.csv",),
            licence="MIT",
            about=4_326,
        ),
        "problem",
        "short facts (needs a judge endpoint)",
    ),
    _judged(
        "hle",
        Source(
            hub="cais/hle",
            split="test",
            files=("hle/hle.jsonl",),
            keep=_text_only,
            licence="MIT; do not republish examples",
            about=2_158,
            gated="accept its terms on the hub and log in with `hf auth login`",
        ),
        "question",
        "Humanity's Last Exam without images (needs a judge endpoint)",
        "category",
    ),
)
