"""What stands around an answer changes nothing: courtesies, thoughts, line ends, blanks, marks of a turn's end."""

import json
from collections.abc import Callable

import pytest
from helpers.paths import shared

from holdfast.reward import Reward
from holdfast.sample import Sample

from .test_field_cases import EXCEPTIONS

AROUND: dict[str, Callable[[str], str]] = {
    "a beginning": lambda text: f"Let me work through this step by step.\n\n{text}",
    "blanks behind": lambda text: f"{text}  \n\n",
    "a thought": lambda text: f"<think>some work 99 and (H)</think>\n{text}",
    "line ends": lambda text: text.replace("\n", "\r\n"),
    "a turn's end": lambda text: f"{text}<|im_end|>",
    "other blanks": lambda text: text.replace(" ", "\u00a0") if len(text) < 80 else text,
    "a hope": lambda text: f"{text}\n\nI hope this helps!",
    "an offer": lambda text: f"{text}\nLet me know if you have any questions.",
    "both": lambda text: f"{text}\n\nHope that helps! Feel free to ask if you need further clarification. 😊",
    "a question": lambda text: f"{text}\n\nIs there anything else I can help you with?",
    "Spanish": lambda text: f"{text}\n\n¡Espero que esto te ayude!",
    "German": lambda text: f"{text}\n\nIch hoffe, das hilft dir weiter.",
    "Chinese": lambda text: f"{text}\n\n希望对你有帮助！",
}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("name", ["math", "numeric", "choice"])
def test_field_cases_with_something_around_them(name: str, around: str) -> None:
    rows = [json.loads(line) for line in shared("field_cases", "answers.jsonl").read_text("utf-8").splitlines()]
    rows = [
        row for row in rows if row["reward"] == name and not row["contested"] and isinstance(row["completion"], str)
    ]
    changed = [Sample(AROUND[around](row["completion"]), row["reference"], info=row["info"] or {}) for row in rows]
    wrong = {
        row["id"]: (sample.text[-90:], score.reason)
        for row, sample, score in zip(rows, changed, Reward(name).score_batch(changed), strict=True)
        if score.value != row["expected"]
    }
    assert wrong.keys() <= EXCEPTIONS.keys(), wrong
