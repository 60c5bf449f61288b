"""Minerva's OCW courses: 272 undergraduate science problems with a numeric or symbolic final answer.

One row: {"problem": "Each of the two Magellan telescopes has a diameter of $6.5 \\\\mathrm{~m}$. …", "solution":
"Start with: … s=\\\\frac{45}{3600} \\\\frac{\\\\pi}{180} 7200=\\\\boxed{1.6} \\\\mathrm{~cm}", "type": "Introduction
to Astronomy (8.282J Spring 2006)", "idx": 0}

Traps: the answer is only in the solution's box; physical constants make the last digit uncertain, and graders that want
six digits fail right answers; scientific notation in LaTeX (4.5e33, 6.3\\\\times 10^{-5}). Grader: appendix of arXiv
2206.14858 (sympy equality and a numeric tolerance). Licence: MIT OpenCourseWare CC-BY-NC-SA.
Zero-shot. Primary metric: accuracy.
"""

from holdfast.benchmarks.shared.math_prompt import math_task, worked
from holdfast.benchmarks.suites.source import Doc, Source


def _from_hub(row: Doc) -> Doc:
    """The hub's copy has `question` and `answer` where the original has `problem` and `solution`."""
    return {"problem": row.get("problem") or row["question"], **row}


def _reference(doc: Doc) -> str:
    """The worked solution: the reward reads its box; the hub's copy holds the answer alone."""
    return str(doc.get("answer") or doc["solution"])


TASKS = (
    math_task(
        "minerva",
        Source(
            hub="math-ai/minervamath",
            split="test",
            revision="ee46ddc498933b1977577953250ca5c66be64f96",
            files=("math/minerva_math/test.jsonl",),
            sha256="0e656b430d3a0a1dab6aa853f453ba3805e28e2cabe4fc72486a897cc09d8ba2",
            from_hub=_from_hub,
            licence="CC-BY-NC-SA (MIT OpenCourseWare)",
            count=272,
        ),
        "undergraduate science problems",
        reference=_reference,
        answer=worked,
        max_tokens=2048,
        category=lambda doc: str(doc["type"]) if doc.get("type") else None,
    ),
)
