"""Rows in the shapes TRL's trainers read: prompt/completion, preference pairs, marked answers, prompts."""

import json
import re
from collections.abc import Sequence
from typing import Any

from holdfast.errors import DataError, suggestion
from holdfast.sample import final_text, message_text
from holdfast.trainers.episodes.rows import EPISODE, episode_of
from holdfast.trainers.settings.config import DataConfig

Row = dict[str, Any]

WRITTEN = "written_by"
"""A column that marks rows of self-written replay: their prompt is in its final form, template included."""
FINAL = "prompt_is_final"
"""A column that marks rows whose prompt holds the template and system message of their own data set already."""
_KEPT = ("tool_calls", "reasoning_content", "thinking")
"""Keys of an answer's message that are learned beside its text."""

_SHARE_GPT = {
    **{name: name for name in ("user", "assistant", "system", "tool")},
    "human": "user",
    "gpt": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "observation": "tool",
    "function_response": "tool",
    "function": "tool",
}


def completion_row(row: Row, config: DataConfig) -> Row:
    """SFT: a prompt and its completion; of a conversation, the last answer and all that stood before it."""
    if "completion" not in row and "messages" in row:
        messages = chat(row["messages"])
        return {"prompt": messages[:-1], "completion": messages[-1:]} | _tools(row)
    if "completion" not in row and "prompt" not in row and isinstance(row.get("text"), str):
        return {"text": row["text"]}  # continued pretraining: all of it is learned
    require(row, ("prompt", "completion"), "SFT")
    return {"prompt": prompt(row, config), "completion": answer(row["completion"], config)} | _tools(row)


def conversation_row(row: Row, config: DataConfig) -> Row:
    """SFT on every assistant turn (`assistant_only_loss`): whole conversations."""
    if "messages" in row:
        return {"messages": chat(row["messages"])} | _tools(row)
    one = completion_row(row, config)
    if isinstance(one["prompt"], str):
        raise DataError("assistant_only_loss needs conversations: set data.conversational=true")
    return {"messages": [*one["prompt"], *one["completion"]]}


def preference_row(row: Row, config: DataConfig) -> Row:
    """DPO and reward models: a prompt, the better and the worse answer."""
    require(row, ("chosen", "rejected"), "preference training")
    if "prompt" not in row:
        row = row | {"prompt": _shared_start(row["chosen"])}
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
        messages = chat(row["messages"])
        row = row | {"prompt": messages[:-1], "completion": messages[-1:]}
    require(row, ("prompt", "completion", "label"), "KTO")
    label = bool(row["label"])
    return {"prompt": prompt(row, config), "completion": answer(row["completion"], config), "label": label}


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
    """The prompt as messages, or as text when `conversational` is off."""
    text = row["prompt"]
    if (WRITTEN in row or FINAL in row) and isinstance(text, str) and not config.conversational:
        return text
    if not isinstance(text, str):
        turns = chat(text)
        return turns if config.conversational else "\n".join(str(turn["content"]) for turn in turns)
    if config.template:
        text = _filled(config.template, row)
    if not config.conversational:
        return f"{config.system}\n{text}" if config.system else text
    system = [{"role": "system", "content": config.system}] if config.system else []
    return [*system, {"role": "user", "content": text}]


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
    turns = chat([value] if isinstance(value, dict) else value)
    if not config.conversational:
        return final_text(turns)
    return [_without_extras(turn) for turn in turns[_prompt_length(turns) :]] or [{"role": "assistant", "content": ""}]


def _prompt_length(turns: Sequence[dict[str, Any]]) -> int:
    """How many turns end with the last that is neither the assistant's nor a tool's."""
    others = [number for number, turn in enumerate(turns, 1) if turn["role"] not in ("assistant", "tool")]
    return others[-1] if others else 0


def _without_extras(turn: dict[str, Any]) -> dict[str, Any]:
    if turn["role"] != "assistant":
        return turn
    return {"role": "assistant", "content": message_text(turn)} | {key: turn[key] for key in _KEPT if key in turn}


def chat(messages: Any) -> list[dict[str, Any]]:
    """Messages with `role` and `content`; ShareGPT's `from`/`value` are read too. Raises DataError."""
    if not isinstance(messages, Sequence) or isinstance(messages, str) or not messages:
        raise DataError(f"expected a list of messages, found {messages!r:.80}")
    return [_message(message) for message in messages]


def require(row: Row, columns: Sequence[str], purpose: str) -> None:
    """Raise DataError for the first column a row lacks, naming those it has and how to map one."""
    for column in columns:
        if column not in row:
            raise DataError(
                f"{purpose} needs the column {column!r}{suggestion(column, row)}; name it with data.columns.{column}=…"
            )


def _message(message: Any) -> dict[str, Any]:
    role = isinstance(message, dict) and isinstance(message.get("role"), str)
    if role and "content" in message:
        return {key: value for key, value in message.items() if value is not None} | {"content": _content(message)}
    if role and message.get("tool_calls"):
        return {**{key: value for key, value in message.items() if value is not None}, "content": ""}
    if isinstance(message, dict) and str(message.get("from")) in _SHARE_GPT and "value" in message:
        if message["from"] == "function_call":
            return _call(message["value"])
        return {"role": _SHARE_GPT[message["from"]], "content": _content({"content": message["value"]})}
    raise DataError(f"a message needs role and content, found {message!r:.80}")


def _call(value: Any) -> dict[str, Any]:
    """ShareGPT's function_call, a JSON text (or mapping) of name and arguments, as an assistant's tool calls."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError as error:
        raise DataError(f"a function_call must be JSON with name and arguments, found {value!r:.80}") from error
    calls = found if isinstance(found, list) else [found]
    if not all(isinstance(call, dict) and "name" in call for call in calls):
        raise DataError(f"a function_call must be JSON with name and arguments, found {value!r:.80}")
    made = [
        {"type": "function", "function": {"name": c["name"], "arguments": _text(c.get("arguments"))}} for c in calls
    ]
    return {"role": "assistant", "content": "", "tool_calls": made}


def _text(arguments: Any) -> str:
    """A call's arguments as JSON text: in a column of mappings every row would get the keys of all."""
    return arguments if isinstance(arguments, str) else json.dumps(arguments or {}, ensure_ascii=False)


def _content(message: dict[str, Any]) -> Any:
    """A message's text, or its parts; a message of tool calls alone has neither."""
    content = message["content"]
    parts = isinstance(content, list) and all(
        isinstance(part, dict) and isinstance(part.get("text") or "", str) for part in content
    )
    if content is not None and not parts and not isinstance(content, str):
        raise DataError(f"a message's content must be text or a list of parts, found {content!r:.80}")
    return "" if content is None else content


def _shared_start(chosen: Any) -> list[dict[str, Any]]:
    """The prompt of a preference row whose answers are whole conversations."""
    messages = [] if isinstance(chosen, str) else chat([chosen] if isinstance(chosen, dict) else chosen)
    start = messages[: _prompt_length(messages)]
    if not start:
        raise DataError("a preference row needs the column 'prompt', or conversations as chosen and rejected")
    return start


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
