"""What two conversations that are compared have in common: the prompt; what is left of each is its answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.errors import DataError
from holdfast.sample import message_text
from holdfast.trainers.data.formats.messages import Turns, chat, prompt_length, to_last_answer

Row = dict[str, Any]


def shared_start(chosen: Turns, rejected: Turns) -> tuple[Turns, tuple[Turns, Turns]]:
    """(prompt, the two answers). The prompt ends with the last question; where the conversations part before it, with
    what they share, and the answers are the rest of each, as TRL reads them.

    Raises DataError for conversations without a prompt, or that answer different questions.
    """
    chosen, rejected = to_last_answer(chosen), to_last_answer(rejected)
    count = prompt_length(chosen)
    if not count:
        raise DataError("a preference row needs the column 'prompt', or a question in chosen and rejected")
    if count != prompt_length(rejected) or not _same(chosen[:count], rejected[:count]):
        pairs = zip(chosen, rejected, strict=False)
        count = next((number for number, (one, two) in enumerate(pairs) if not _same([one], [two])), 0)
        if not count or chosen[count]["role"] != "assistant" or rejected[count]["role"] != "assistant":
            raise DataError("chosen and rejected answer different questions")
    return chosen[:count], (chosen[count:], rejected[count:])


def with_whole_prompt(row: Row) -> Row:
    """The row with all that stood before its answers as the prompt, where the column `prompt` holds only the last
    question of the conversations that the answers are."""
    for name in ("chosen", "completion"):
        value = row.get(name)
        if not isinstance(value, list) or "prompt" not in row:
            continue
        try:
            turns, asked = chat(value), _turns(row["prompt"])
        except DataError:
            continue  # a trainer that reads the column says so
        start = turns[: prompt_length(turns)]
        if len(start) > len(asked) and asked and _same(start[-len(asked) :], asked):
            return {**row, "prompt": start}
    return row


def _turns(asked: Any) -> Turns:
    return [{"role": "user", "content": asked}] if isinstance(asked, str) else chat(asked)


def _same(one: Sequence[Mapping[str, Any]], two: Sequence[Mapping[str, Any]]) -> bool:
    return [_key(turn) for turn in one] == [_key(turn) for turn in two]


def _key(turn: Mapping[str, Any]) -> tuple[str, str, str]:
    return turn["role"], " ".join(message_text(turn).split()), str(turn.get("tool_calls") or "")
