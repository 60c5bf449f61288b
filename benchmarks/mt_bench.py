"""MT-Bench: 80 open questions of two turns in eight categories, each answer rated from 1 to 10 by a judge model.

One row: {"question_id": 81, "category": "writing", "turns": ["Compose an engaging travel blog post about a recent trip
to Hawaii, …", "Rewrite your previous response. Start every sentence with the letter A."]}
and for 30 of them {"question_id": 101, "choices": [{"turns": ["If you have just overtaken the second person, …"]}]}

Traps: a turn's score depends on the judge model and its version, so two runs compare only under one judge; mathematics,
reasoning and coding are judged with a reference answer; the second turn is asked after the model's own first answer,
and judged with the whole conversation before it; the official mean is over both turns (the parts `turn_1`, `turn_2`
hold each); official temperatures differ by category, ours is 0 for all. Name the judge in the suite:
`{task: mt_bench, reward: {reward: judge, base_url: …, model: …}}`. Grader: lm-sys/FastChat llm_judge. Licence
Apache-2.0. 80 items; temperature 0. Primary metric: mean rating on 0–1, (rating − 1)/9.
"""

from collections.abc import Sequence

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task
from holdfast.sample import Message


def with_references(rows: list[Doc]) -> list[Doc]:
    """Questions, with the reference answers where there are any."""
    answers = {row["question_id"]: row["choices"][0]["turns"] for row in rows if "choices" in row}
    return [{**row, "references": answers.get(row["question_id"])} for row in rows if "turns" in row]


def first_turn(doc: Doc) -> str:
    """The conversation's first question."""
    return str(doc["turns"][0])


def second_turn(doc: Doc, conversation: Sequence[Message]) -> Sequence[Message] | None:
    """What is asked after the first answer."""
    answers = sum(message["role"] == "assistant" for message in conversation)
    return [{"role": "user", "content": str(doc["turns"][answers])}] if answers < len(doc["turns"]) else None


def reference(doc: Doc) -> list[str] | None:
    """The reference answers to both turns; None where there are none."""
    return [str(text) for text in doc["references"]] if doc["references"] else None


TASKS = (
    Task(
        name="mt_bench",
        reward="judge",
        source=Source(
            hub="HuggingFaceH4/mt_bench_prompts",
            split="train",
            revision="e3a795c5e9a82ee40611c416b8a7786c73198991",
            files=("mt_bench/question.jsonl", "mt_bench/reference_answer/gpt-4.jsonl"),
            assemble=with_references,
            from_hub=lambda row: {
                "question_id": row["prompt_id"],
                "category": row["category"],
                "turns": row["prompt"],
                "references": row["reference"] or None,
            },
            licence="Apache-2.0",
            count=80,
        ),
        prompt=first_turn,
        reference=reference,
        version="2",
        turns=2,
        continue_=second_turn,
        judge_turns=True,
        max_tokens=1024,
        doc_id=lambda doc: doc["question_id"],
        category=lambda doc: str(doc["category"]),
        metric="rating",
        summary="open questions of two turns, judged (needs a judge endpoint)",
    ),
)
