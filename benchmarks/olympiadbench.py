"""OlympiadBench: the 674 text-only English mathematics problems with a final answer (675 in the mirror read here).

One row: {"id": 1606, "subfield": "Combinatorics", "question": "Xenia and Sergey play the following game. …",
"final_answer": ["2"], "is_multiple_answer": false, "unit": null, "answer_type": "Numerical"}

Traps: 94 rows ask for several answers, written as one string with commas, inside or outside the dollar signs
("$69$,$84$", "$(1,8,19), (2,7,13), (4,5,7)$"): all of them are required; 8 rows have a unit that the answer omits; row
1's answer is an equation of angles. Grader: OpenBMB/OlympiadBench math_judger at its first release (sympy with an
absolute precision per row). Licence Apache-2.0. Zero-shot. Primary metric:
accuracy.
"""

from holdfast.benchmarks.shared.math_prompt import math_task
from holdfast.benchmarks.suites.source import Doc, Source


def _shaped(row: Doc) -> Doc:
    return {**row, "problem": row["question"]}


def _answer(doc: Doc) -> str:
    """The one string that holds all answers."""
    return ", ".join(str(one) for one in doc["final_answer"])


TASKS = (
    math_task(
        "olympiadbench",
        Source(
            hub="Hothan/OlympiadBench",
            config="OE_TO_maths_en_COMP",
            split="train",
            revision="91184b52131e7fc9455fef848035173aea8cc01a",
            files=("math/olympiadbench/test.jsonl",),
            about=674,
            sha256="bb8c1e38a16ea9eacb77530315a674d883f267fbff79183effc53681b4fcc416",
            from_hub=_shaped,
            from_file=_shaped,
            licence="Apache-2.0",
        ),
        "olympiad problems with final answers",
        reference=_answer,
        max_tokens=4096,
        doc_id=lambda doc: doc["id"],
        category=lambda doc: str(doc["subfield"]),
    ),
)
