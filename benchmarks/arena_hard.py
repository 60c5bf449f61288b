"""Arena-Hard v0.1 and v2.0: hard user prompts, judged pairwise against a baseline's recorded answers.

v0.1: 500 prompts against gpt-4-0314. v2.0: 500 hard prompts against o3-mini and 250 of creative writing against
gemini-2.0-flash (categories `hard_prompt`, `creative_writing`; the published tables keep them apart).

One row: {"uid": "328c149ed45a41c0b9d6f14659e63599", "category": "arena-hard-v0.1", "cluster": "ABC Sequence Puzzles &
Groups", "prompt": "Use ABC notation to write a melody in the style of a folk tune."} (older copies: question_id, turns)

Traps: prompts come in 250 topic clusters of two, so items are not independent; longer answers win more often; the judge
and its version are part of the result. Name the judge in the suite:
`{task: arena_hard, reward: {reward: pairwise_judge, form: arena_hard, base_url: …, model: …}}`. Grader:
lmarena/arena-hard-auto (both orders, Bradley–Terry; with one baseline the mean of win/tie/loss orders the same).
Licence Apache-2.0. Read from a local copy: the questions and the baselines' answers lie in the repository as
data/arena-hard-v2.0/{question.jsonl,model_answer/NAME.jsonl}. 500 and 750 items. Primary metric: win rate (a tie is
one half).
"""

from typing import Any

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task
from holdfast.errors import DataError


def with_baseline(rows: list[Doc]) -> list[Doc]:
    """Questions with the baseline's answer."""
    answers = {_id(row): _answer(row) for row in rows if "choices" in row or "messages" in row}
    return [
        {**row, "baseline": answers.get(_id(row))} for row in rows if "choices" not in row and "messages" not in row
    ]


_BASELINES = {"hard_prompt": "o3-mini-2025-01-31", "creative_writing": "gemini-2.0-flash-001"}
"""v2.0: whom the answers of a category are judged against (utils/judge_utils.py)."""


def with_baselines(rows: list[Doc]) -> list[Doc]:
    """v2.0's questions with the answer of their category's baseline. Raises DataError where one is missing."""
    questions = [row for row in rows if "messages" not in row]
    answers = {(str(row["model"]), _id(row)): _answer(row) for row in rows if "messages" in row}
    baseline_of = {_id(row): (_baseline(row), _id(row)) for row in questions}
    missing = sorted({model for model, uid in baseline_of.values() if (model, uid) not in answers})
    if missing:
        raise DataError(
            f"arena_hard_v2: no answers of {' and '.join(missing)}: put data/arena-hard-v2.0/model_answer/NAME.jsonl "
            "of lmarena/arena-hard-auto beside the questions as arena-hard-v2.0.model_answer.NAME.jsonl"
        )
    return [{**row, "baseline": answers[baseline_of[_id(row)]]} for row in questions]


def _baseline(row: Doc) -> str:
    category = row.get("category")
    if not isinstance(category, str) or category not in _BASELINES:
        raise DataError(
            f"arena_hard_v2: question {_id(row)} has category {category!r:.60}, of which no baseline is known "
            f"(expected {' or '.join(_BASELINES)})"
        )
    return _BASELINES[category]


def _id(row: Doc) -> str:
    return str(row.get("uid") or row["question_id"])


def _answer(row: Doc) -> str:
    if "messages" in row:
        content: Any = row["messages"][-1]["content"]
        return str(content["answer"] if isinstance(content, dict) else content)
    return str(row["choices"][0]["turns"][0]["content"])


def prompt(doc: Doc) -> str:
    """The prompt of the row, which a user wrote."""
    return str(doc["prompt"] if "prompt" in doc else doc["turns"][0]["content"])


TASKS = (
    Task(
        name="arena_hard",
        reward="pairwise_judge",
        source=Source(
            split="v0.1",
            files=(
                "arena_hard/arena-hard-v0.1.question.jsonl",
                "arena_hard/arena-hard-v0.1.model_answer.gpt-4-0314.jsonl*",
            ),
            assemble=with_baseline,
            licence="Apache-2.0",
            count=500,
        ),
        prompt=prompt,
        reference=lambda doc: doc["baseline"],
        max_tokens=4096,
        doc_id=_id,
        cluster=lambda doc: str(doc["cluster"]),
        metric="win_rate",
        summary="hard user prompts against gpt-4-0314 (needs a judge endpoint)",
    ),
    Task(
        name="arena_hard_v2",
        reward="pairwise_judge",
        source=Source(
            split="v2.0",
            files=("arena_hard/arena-hard-v2.0.question.jsonl", "arena_hard/arena-hard-v2.0.model_answer.*.jsonl*"),
            assemble=with_baselines,
            licence="Apache-2.0",
            count=750,
        ),
        prompt=prompt,
        reference=lambda doc: doc["baseline"],
        max_tokens=4096,
        doc_id=_id,
        category=lambda doc: str(doc["category"]),
        metric="win_rate",
        summary="hard and creative user prompts against o3-mini and gemini-2.0-flash (needs a judge endpoint)",
    ),
)
