"""MATH-500: the 500 competition problems of MATH's test split that "Let's Verify Step by Step" held out.

One row: {"problem": "Convert the point $(0,3)$ in rectangular coordinates to polar coordinates. …", "solution": "…",
"answer": "\\\\left( 3, \\\\frac{\\\\pi}{2} \\\\right)", "subject": "Precalculus", "level": 2,
"unique_id": "test/precalculus/807.json"}

Traps: answers are LaTeX of every shape (tuples, intervals, matrices, text, degrees, a base as subscript); several
references keep units or dollar signs; a few hold two equal forms. Grader: prm800k/grading at openai/prm800k
(normalised strings, then sympy on what the model wrote); ours reads values and never executes model text.
Licence MIT. 500 items; zero-shot for chat models, 4 worked problems of the same source for base models would leak,
so base models answer zero-shot too. Primary metric: accuracy.
"""

from holdfast.benchmarks.shared.math_prompt import math_task, worked
from holdfast.benchmarks.suites.source import Source

TEST = Source(
    hub="HuggingFaceH4/MATH-500",
    split="test",
    revision="6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be",
    files=("math/math500/test.jsonl",),
    sha256="35dc41080a3680858b27fa7e0533d2d547825316fc5dafe5d316f4ccc5a06132",
    licence="MIT",
    count=500,
)

TASKS = (
    math_task(
        "math500",
        TEST,
        "500 competition problems, final answer",
        answer=worked,
        max_tokens=2048,
        doc_id=lambda doc: doc["unique_id"],
        category=lambda doc: str(doc["subject"]),
    ),
)
