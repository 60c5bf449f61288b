"""MT-Bench: 80 open questions in eight categories, rated from 1 to 10 by a judge model. First turns only.

One row: {"question_id": 81, "category": "writing", "turns": ["Compose an engaging travel blog post about a recent trip
to Hawaii, …", "Rewrite your previous response. Start every sentence with the letter A."]}
and for 30 of them {"question_id": 101, "choices": [{"turns": ["If you have just overtaken the second person, …"]}]}

Traps: a turn's score depends on the judge model and its version, so two runs compare only under one judge; mathematics,
reasoning and coding are judged with a reference answer; the official mean is over both turns, and the second turn needs
an engine that asks it after the first answer (not built yet: docs/benchmarks.md). Name the judge in the suite:
`{task: mt_bench, reward: {reward: judge, base_url: …, model: …}}`. Grader: lm-sys/FastChat llm_judge. Licence
Apache-2.0. 80 items; temperature 0. Primary metric: mean rating on 0–1, (rating − 1)/9.
"""

from holdfast.benchmarks.data import Doc, Source
from holdfast.benchmarks.task import Task


def with_references(rows: list[Doc]) -> list[Doc]:
    """Questions, with the reference answers where there are any."""
    answers = {row["question_id"]: row["choices"][0]["turns"] for row in rows if "choices" in row}
    return [{**row, "references": answers.get(row["question_id"])} for row in rows if "turns" in row]


def first_turn(doc: Doc) -> str:
    """What is asked."""
    return str(doc["turns"][0])


def reference(doc: Doc) -> str | None:
    """The reference answer to the first turn; None where there is none."""
    return str(doc["references"][0]) if doc["references"] else None


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
        max_tokens=1024,
        doc_id=lambda doc: doc["question_id"],
        category=lambda doc: str(doc["category"]),
        metric="rating",
        summary="open questions, first turn, judged (needs a judge endpoint)",
    ),
)
