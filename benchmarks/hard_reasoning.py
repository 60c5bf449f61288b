"""BBEH and ZebraLogic: reasoning that BIG-Bench Hard no longer tests.

BBEH (BIG-Bench Extra Hard), one row: {"task": "boolean expressions", "input": "…", "target": "(E)", "mini": 0};
ZebraLogic, multiple choice: {"id": "lgp-test-5x6-16#mc-1", "puzzle": "There are 5 houses …", "question": "What is Name
of the person who lives in House 1?", "choices": ["Arnold", "Peter", …], "answer": "Arnold"}

Traps: BBEH's published mean is the harmonic mean over its 23 tasks (plus 1), the mean here is over items: compare
categories, not the headline; its answers are short texts, option letters in brackets, or comma lists. ZebraLogic's
published figure asks for the whole grid in JSON; the choice rows here ask for one cell of it, and are easier. Graders:
google-deepmind/bbeh (Apache-2.0; arXiv 2502.19187), WildEval/ZeroEval (Apache-2.0; arXiv 2502.01100). No figure was
checked here: the data was not at hand. Primary metric: accuracy.
"""

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task

_FINAL = r"(?im)answer:[ *]*(.+?)[ *]*\.?[ ]*$"
"""The last line that states an answer, emphasis and full stop aside."""


def _extra_hard(doc: Doc) -> str:
    return (
        f"{str(doc['input']).strip()}\n\nThink step by step, then end with a line of the form "
        '"Answer: X" where X is the final answer and nothing else.'
    )


def _puzzle(doc: Doc) -> str:
    options = "\n".join(f"{letter}. {text}" for letter, text in zip("ABCDEFGHIJ", doc["choices"], strict=False))
    return (
        f"{str(doc['puzzle']).strip()}\n\nQuestion: {str(doc['question']).strip()}\n{options}\n\nThink step by step, "
        'then end with a line of the form "Answer: X" where X is the letter of the right option.'
    )


def _letter(doc: Doc) -> str:
    return "ABCDEFGHIJ"[list(doc["choices"]).index(doc["answer"])]


TASKS = (
    Task(
        name="bbeh",
        reward={"reward": "regex", "pattern": _FINAL, "compare": True},
        source=Source(hub="BBEH/bbeh", split="train", files=("bbeh/bbeh.jsonl",), licence="Apache-2.0", about=4_520),
        prompt=_extra_hard,
        reference=lambda doc: str(doc["target"]),
        max_tokens=4096,
        category=lambda doc: str(doc["task"]),
        summary="BIG-Bench Extra Hard, 23 kinds of reasoning",
    ),
    Task(
        name="zebralogic",
        reward="choice",
        source=Source(
            hub="WildEval/ZebraLogic",
            config="mc_mode",
            split="test",
            files=("zebralogic/mc_mode.jsonl",),
            licence="Apache-2.0",
            about=3_259,
        ),
        prompt=_puzzle,
        reference=_letter,
        max_tokens=4096,
        doc_id=lambda doc: doc["id"],
        summary="logic grid puzzles, one cell asked",
    ),
)
