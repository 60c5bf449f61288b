"""AIME 2024, 2025 and 2026: 30 contest problems each, whose answers are whole numbers from 0 to 999.

One row: {"id": 60, "problem": "Every morning Aya goes for a $9$-kilometer-long walk …", "answer": "204", "url": "…"}

Traps: 30 items resolve nothing below about 18 points, so sample: 16 or 64 repeats at temperature 0.6 and read avg@k;
the answers of some mirrors are zero-padded ("025") and of others numbers. Answer keys by the MAA; no official grader.
The problems are the MAA's. Zero-shot. AIME 2026 was not
at hand here: its commit is not pinned. Primary metric: accuracy.
"""

from holdfast.benchmarks.shared.math_prompt import answer, math_task
from holdfast.benchmarks.suites.source import Doc, Source


def _integer_text(doc: Doc) -> str:
    """025 and 25 are the same answer."""
    return str(int(answer(doc)))


SOURCES = {
    "aime24": Source(
        hub="HuggingFaceH4/aime_2024",
        split="train",
        revision="2fe88a2f1091d5048c0f36abc874fb997b3dd99a",
        files=("math/aime24/test.jsonl",),
        sha256="af2b8bd2aa911b6333ad0df32f3ca05c7ae8ed10f1731f4372c8ae26990bf7ac",
        licence="problems: MAA",
        count=30,
    ),
    "aime25": Source(
        hub="math-ai/aime25",
        split="test",
        revision="563bb8404243c5f09de6ec262f2db674fe5bce9b",
        files=("math/aime25/test.jsonl",),
        sha256="b4e273c02d3e7fe1b74b59eae768fc8230bfb0f79539890cb56f4361caac0331",
        licence="problems: MAA",
        count=30,
    ),
    "aime26": Source(
        hub="math-ai/aime26",
        split="test",
        files=("math/aime26/test.jsonl",),
        licence="problems: MAA",
        count=30,
    ),
}

TASKS = tuple(
    math_task(name, source, f"30 problems of AIME 20{name[-2:]}", reference=_integer_text, max_tokens=8192)
    for name, source in SOURCES.items()
)
