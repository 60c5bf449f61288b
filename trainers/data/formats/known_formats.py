"""Formats that everybody has, as rows with our columns: Alpaca (also its pairs), ShareGPT (also its pairs), HH-RLHF,
and the published data sets of code (`rewards/sandbox/formats`), whose tests become the reference.

    {"instruction": …, "input": …, "output": …, "system": …, "history": [[…, …]]}      Alpaca
    {"conversations": [{"from": "human", "value": …}, …], "system": …, "tools": …}     ShareGPT
    {"chosen": "\\n\\nHuman: …\\n\\nAssistant: …", "rejected": …}                    HH-RLHF
    {"prompt": "\\n\\nHuman: …\\n\\nAssistant:", "chosen": …, "rejected": …}         the same, its prompt apart
    {"prompt": […], "reward_model": {"ground_truth": …}}                           verl

Columns of ours that are there already stay as they are. A system message of its own column is put before the
conversation where the rows are shaped.
"""

import contextlib
import json
import re
from collections.abc import Mapping
from typing import Any

from holdfast.rewards.sandbox.formats.base import BadRowError
from holdfast.rewards.sandbox.training_row import is_whole, training_row
from holdfast.trainers.data.formats.messages import with_lists
from holdfast.trainers.data.formats.pairs import with_whole_prompt

Row = dict[str, Any]
_SPEAKER = re.compile(r"\n\n(Human|Assistant): ?")
_ROLE = {"Human": "user", "Assistant": "assistant"}


def known_format(row: Row) -> Row:
    """The row with the columns that its format stands for. Raises DataError for messages that cannot be read."""
    row = with_lists(row)
    # Messages beside tests are a problem's prompt (rlvr-code-data), elsewhere an answered conversation.
    answer_columns = {"reference", "chosen"} | ({"messages"} if "ground_truth" not in row else set())
    if not row.keys() & answer_columns and is_whole(row):
        return _problem({key: value for key, value in row.items() if key != "messages"}, row)
    row = _with_ground_truth(row)
    if "prompt" in row:
        return _with_transcript(with_whole_prompt(row))
    if "messages" in row:
        return row
    if "chosen" in row and "rejected" in row:
        return _pair(row)
    if isinstance(row.get("conversations"), list):
        return {**row, "messages": row["conversations"]}
    if isinstance(row.get("instruction"), str) and "output" in row:
        return {"completion": row["output"], **row, "prompt": _question(row)}
    return row


def columns_of(row: Row) -> set[str]:
    """The columns that `known_format` reads of a row, which may have been read already."""
    alpaca = {"instruction", "input", "output", "history", "system"} if "instruction" in row else set()
    return alpaca | ({"conversations", "system"} if "conversations" in row else set())


def _problem(row: Row, whole: Row) -> Row:
    """A problem of a data set of code. The reference is a text, as tests have many shapes; where the row cannot be read
    it is the row's own, for which the reward says why."""
    try:
        made = training_row(whole)
    except BadRowError:
        return {**row, "reference": json.dumps(whole, ensure_ascii=False, default=str)}
    return {**row, "prompt": made["prompt"], "reference": json.dumps(made["reference"], ensure_ascii=False)}


def _pair(row: Row) -> Row:
    """A pair of answers whose question stands in other columns, or before each of them."""
    if isinstance(row.get("conversations"), list):
        return {**row, "prompt": row["conversations"]}
    if isinstance(row.get("instruction"), str):
        return {**row, "prompt": _question(row)}
    texts = row["chosen"], row["rejected"]
    if all(isinstance(text, str) and _SPEAKER.match(text) for text in texts):
        return {**row, "chosen": _transcript(row["chosen"]), "rejected": _transcript(row["rejected"])}
    return row


def _question(row: Row) -> Any:
    """Alpaca's question: instruction and input; with a history, a conversation."""
    text = row["instruction"] + (f"\n\n{row['input']}" if row.get("input") else "")
    before = [turn for pair in row.get("history") or () for turn in _exchange(pair)]
    return [*before, {"role": "user", "content": text}] if before else text


def _exchange(pair: Any) -> list[dict[str, str]]:
    question, answer = pair
    return [{"role": "user", "content": str(question)}, {"role": "assistant", "content": str(answer)}]


def _with_transcript(row: Row) -> Row:
    """The row whose prompt is a text of Human and Assistant as the turns that it holds, its answers without the space
    that follows the last `Assistant:`."""
    text = row["prompt"]
    if not isinstance(text, str) or not _SPEAKER.match(text) or not text.rstrip().endswith("\n\nAssistant:"):
        return row
    answers = {
        name: row[name].strip() for name in ("chosen", "rejected", "completion") if isinstance(row.get(name), str)
    }
    return {**row, **answers, "prompt": _transcript(text)[:-1]}


def _with_ground_truth(row: Row) -> Row:
    """verl's ground truth as the reference; one that is a list of a single text as JSON (Skywork-OR1) is that text."""
    holder = row.get("reward_model")
    if "reference" in row or not isinstance(holder, Mapping) or holder.get("ground_truth") is None:
        return row
    truth = holder["ground_truth"]
    if isinstance(truth, str) and truth.startswith('["'):
        with contextlib.suppress(ValueError):
            found = json.loads(truth)
            truth = found[0] if len(found) == 1 else truth
    return {**row, "reference": truth}


def _transcript(text: str) -> list[dict[str, str]]:
    """The turns of a text of Human and Assistant."""
    _, *parts = _SPEAKER.split(text)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return [{"role": _ROLE[who], "content": spoken_text.strip()} for who, spoken_text in pairs]
