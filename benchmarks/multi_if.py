"""Multi-IF: 4,501 conversations of three turns in eight languages, each turn adding verifiable instructions.

One row: {"key": "1-es", "language": "Spanish", "turn_1_prompt": "{\\"role\\": \\"user\\", \\"content\\": \\"…\\"}",
"turn_1_instruction_id_list": "[\\"punctuation:no_comma\\"]", "turn_1_kwargs": "[\\"{}\\"]", "turn_2_prompt": …}

Traps: lists and arguments are JSON inside strings, the arguments twice; a turn's list holds the earlier turns'
instructions, too; some rows have fewer than three turns ("None"); the published mean is of instruction- and
prompt-level, strict and loose accuracy, here it is the strict share of prompts, turn by turn (parts `turn_1`, …).
Grader: facebookresearch/Multi-IF (arXiv 2410.15553), which is IFEval's with other word splitting for Chinese, Hindi and
Thai: those rows may differ. Licence CC-BY-NC-4.0 (the hub's word). No figure was checked here: the data was not at
hand. Primary metric: accuracy.
"""

import json
from collections.abc import Sequence
from typing import Any

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task
from holdfast.sample import Message

_TURNS = (1, 2, 3)


def turn(doc: Doc, number: int) -> str | None:
    """What the user says in a turn; None where the conversation has no such turn."""
    prompt = doc.get(f"turn_{number}_prompt")
    if not prompt or prompt == "None":
        return None
    message = json.loads(prompt) if isinstance(prompt, str) else prompt
    return str(message["content"])


def next_turn(doc: Doc, conversation: Sequence[Message]) -> Sequence[Message] | None:
    """The user's next turn."""
    text = turn(doc, sum(message["role"] == "assistant" for message in conversation) + 1)
    return None if text is None else [{"role": "user", "content": text}]


def references(doc: Doc) -> list[dict[str, Any]]:
    """By turn, what the `ifeval` reward checks."""
    return [
        {
            "key": str(doc["key"]),
            "prompt": turn(doc, number),
            "instruction_id_list": _loaded(doc[f"turn_{number}_instruction_id_list"]),
            "kwargs": [_loaded(one) for one in _loaded(doc[f"turn_{number}_kwargs"])],
        }
        for number in _TURNS
        if turn(doc, number) is not None
    ]


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


TASKS = (
    Task(
        name="multi_if",
        reward="ifeval",
        source=Source(
            hub="facebook/Multi-IF",
            split="train",
            files=("multi_if/multi_if.jsonl",),
            licence="CC-BY-NC-4.0",
            about=4_501,
        ),
        prompt=lambda doc: str(turn(doc, 1)),
        reference=references,
        turns=3,
        continue_=next_turn,
        judge_turns=True,
        max_tokens=1280,
        doc_id=lambda doc: str(doc["key"]),
        category=lambda doc: str(doc.get("language", "all")),
        summary="instructions that add up over three turns, eight languages",
    ),
)
