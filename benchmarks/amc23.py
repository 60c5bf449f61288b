"""AMC 23: 40 problems of the AMC 12 of 2023, their options removed and the answer made a number.

One row: {"id": 0, "problem": "Cities $A$ and $B$ are $45$ miles apart. …", "answer": 27.0, "url": "…"}

Traps: the answers are floats of whole numbers (27.0); one is -1. Answer keys by the MAA; no official grader. 40 items;
zero-shot; sample and read avg@k. Primary metric: accuracy.
"""

from holdfast.benchmarks.shared.math_prompt import math_task
from holdfast.benchmarks.suites.source import Doc, Source


def _from_hub(row: Doc) -> Doc:
    return {"problem": row.get("problem") or row["question"], **row}


def _number(doc: Doc) -> str:
    return str(int(float(doc["answer"])))


TASKS = (
    math_task(
        "amc23",
        Source(
            hub="math-ai/amc23",
            split="test",
            revision="80815d37005feb82cd7f8fbc6901d5d3eff43057",
            files=("math/amc23/test.jsonl",),
            sha256="43707e1ca784602d8479de24ee8ce36609dbebc46dd152b0b12a46611aa898a4",
            from_hub=_from_hub,
            licence="problems: MAA",
            count=40,
        ),
        "40 problems of AMC 12 2023",
        reference=_number,
        max_tokens=4096,
    ),
)
