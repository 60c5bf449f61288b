"""Rows in the shapes TRL's trainers read: prompt/completion, preference pairs, marked answers, prompts."""

import json
import re
from typing import Any

from holdfast.errors import DataError, suggestion
from holdfast.sample import final_text, message_text
from holdfast.trainers.data.formats.messages import chat, opened, prompt_length, system_of, to_last_answer
from holdfast.trainers.data.formats.needed_columns import require
from holdfast.trainers.data.formats.pairs import shared_start
from holdfast.trainers.episodes.rows import EPISODE, episode_of
from holdfast.trainers.settings.config import DataConfig

Row = dict[str, Any]

WRITTEN = "written_by"
"""A column that marks rows of self-written replay: their prompt is in its final form, template included."""
FINAL = "prompt_is_final"
"""A column that marks rows whose prompt holds the template and system message of their own data set already."""
_LABELS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
_KEPT = ("tool_calls", "reasoning_content", "thinking")
"""Keys of an answer's message that are learned beside its text."""


def completion_row(row: Row, config: DataConfig) -> Row:
    """SFT: a prompt and its completion; of a conversation, the last answer and all that stood before it."""
    if "completion" not in row and "messages" in row:
        return _last_answer(row) | _tools(row)
    if "completion" not in row and "prompt" not in row and isinstance(row.get("text"), str):
        _refuse_single_message(row)
        return {"text": row["text"]}  # continued pretraining: all of it is learned
    require(row, ("prompt", "completion"), "SFT", "messages", "text")
    return {"prompt": prompt(row, config), "completion": answer(row["completion"], config)} | _tools(row)


def conversation_row(row: Row, config: DataConfig) -> Row:
    """SFT on every assistant turn (`assistant_only_loss`): whole conversations."""
    if "messages" in row:
        return {"messages": opened(to_last_answer(chat(row["messages"])), row)} | _tools(row)
    one = completion_row(row, config)
    if "text" in one or isinstance(one["prompt"], str):
        raise DataError("assistant_only_loss needs conversations: set data.conversational=true")
    return {"messages": [*one["prompt"], *one["completion"]]} | _tools(row)


def preference_row(row: Row, config: DataConfig) -> Row:
    """DPO and reward models: a prompt, the better and the worse answer. The prompt is a column, or what both answers'
    conversations begin with."""
    require(row, ("chosen", "rejected"), "preference training")
    if "prompt" not in row:
        if isinstance(row["chosen"], str) or isinstance(row["rejected"], str):
            require(row, ("prompt", "chosen", "rejected"), "preference training")
        start, answers = shared_start(chat_of(row["chosen"]), chat_of(row["rejected"]))
        row = row | {"prompt": start, "chosen": answers[0], "rejected": answers[1]}
        if config.conversational:
            made = {name: [_without_extras(turn) for turn in row[name]] for name in ("chosen", "rejected")}
            return {"prompt": prompt(row, config)} | made | _tools(row)
    chosen, rejected = (answer(row[key], config) for key in ("chosen", "rejected"))
    return {"prompt": prompt(row, config), "chosen": chosen, "rejected": rejected} | _tools(row)


def with_prompt(shaped: Row) -> Row:
    """A shaped row with its prompt and completion apart; of whole conversations the last answer is the completion."""
    if "text" in shaped and "prompt" not in shaped:
        return {**shaped, "prompt": "", "completion": shaped["text"]}
    if "messages" not in shaped:
        return shaped
    return {**shaped, "prompt": shaped["messages"][:-1], "completion": shaped["messages"][-1:]}


def marked_row(row: Row, config: DataConfig) -> Row:
    """KTO: a prompt, an answer, and whether it is good."""
    if "completion" not in row and "messages" in row:
        row = row | _last_answer(row)
    require(row, ("prompt", "completion", "label"), "KTO", "messages and label")
    label = label_of(row["label"])
    return {"prompt": prompt(row, config), "completion": answer(row["completion"], config), "label": label} | _tools(
        row
    )


def label_of(value: Any) -> bool:
    """Whether an answer is good: true or false, 1 or 0, also as text (tables hold nothing else). Raises DataError."""
    found = _LABELS.get(str(value).strip().lower()) if isinstance(value, bool | int | float | str) else None
    if found is None:
        raise DataError(f"a label is true or false (1 or 0), not {value!r:.40}")
    return found


def prompt_row(row: Row, config: DataConfig) -> Row:
    """GRPO and RLOO: the prompt, and every other column for the rewards."""
    require(row, ("prompt",), "training on rewards")
    dropped = ("prompt", "completion", "messages", "chosen", "rejected", FINAL)
    return {"prompt": prompt(row, config)} | {key: value for key, value in row.items() if key not in dropped}


def episode_row(row: Row, config: DataConfig) -> Row:
    """GRPO: as `prompt_row`; the prompt of a row that names an episode carries it, as TRL's rollout function is given
    nothing else."""
    shaped = prompt_row(row, config)
    named = episode_of(row)
    if named is None:
        return shaped
    if isinstance(shaped["prompt"], str):
        raise DataError("an episode is a conversation: set data.conversational=true")
    *before, last = shaped["prompt"]
    return {**shaped, EPISODE: named, "prompt": [*before, {**last, EPISODE: named}]}


def prompt(row: Row, config: DataConfig) -> Any:
    """The prompt as messages, or as text when `conversational` is off; behind the row's system message, where a column
    holds one."""
    text = row["prompt"]
    if (WRITTEN in row or FINAL in row) and isinstance(text, str) and not config.conversational:
        return text
    if not isinstance(text, str):
        turns = opened(chat(text), row)
        return turns if config.conversational else "\n".join(str(turn["content"]) for turn in turns)
    if config.template:
        text = _filled(config.template, row)
    system = config.system or system_of(row)
    if not config.conversational:
        return f"{system}\n{text}" if system else text
    return [*([{"role": "system", "content": system}] if system else []), {"role": "user", "content": text}]


def _filled(template: str, row: Row) -> str:
    """The template with the row's columns in place of their names in braces. Raises DataError for one it lacks."""
    names = re.findall(r"{(\w+)}", template)
    if not names:
        raise DataError(f"data.template must hold {{prompt}}, or other columns in braces: {template!r}")
    for name in names:
        if name not in row:
            raise DataError(f"data.template names the column {name!r}{suggestion(name, row)}")
    return re.sub(r"{(\w+)}", lambda found: str(row[found[1]]), template)


def answer(value: Any, config: DataConfig) -> Any:
    """An answer as messages, or as text. Of a conversation, all that follows its last question: the calls of tools,
    what these returned, the reply."""
    if isinstance(value, str):
        return [{"role": "assistant", "content": value}] if config.conversational else value
    turns = chat_of(value)
    if not config.conversational:
        return final_text(turns)
    turns = to_last_answer(turns)
    return [_without_extras(turn) for turn in turns[prompt_length(turns) :]]


def chat_of(value: Any) -> list[dict[str, Any]]:
    """Messages, of which there may be one that stands alone."""
    return chat([value] if isinstance(value, dict) else value)


def _last_answer(row: Row) -> Row:
    turns = to_last_answer(chat(row["messages"]))
    return {"prompt": opened(turns[:-1], row), "completion": turns[-1:]}


def _refuse_single_message(row: Row) -> None:
    """Raise DataError for rows that are one message each, as in trees of messages: none is a text to learn."""
    if found := sorted({"role", "parent_id"} & row.keys()):
        raise DataError(
            f"each row is one message of a conversation (columns {', '.join(found)} beside text): join them into rows"
            " with the column messages"
        )


def _without_extras(turn: dict[str, Any]) -> dict[str, Any]:
    if turn["role"] != "assistant":
        return turn
    return {"role": "assistant", "content": message_text(turn)} | {key: turn[key] for key in _KEPT if key in turn}


def _tools(row: Row) -> Row:
    if "tools" not in row:
        return {}
    text = row["tools"] if isinstance(row["tools"], str) else json.dumps(row["tools"])
    try:
        tools = json.loads(text) if text.strip() else None
    except json.JSONDecodeError as error:
        raise DataError(f"tools must be a list of JSON schemas, found {text!r:.80}") from error
    # As text, which TRL reads back: in a column of mappings every row would get the keys of all.
    return {"tools": text} if tools else {}
