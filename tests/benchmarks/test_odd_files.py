"""Files as outsiders bring them: read, or refused in one line that names the file and what is wrong with it."""

import gzip
import json
import os
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from holdfast.benchmarks.engine import measure
from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.settings import Settings
from holdfast.errors import DataError, UsageError
from holdfast.runs.row import Row

ROW = {"prompt": "Say a.", "reference": "a"}
OPTIONS = {"prompt": "Q", "options": ["3", "1"], "reference": "1"}


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    import torch

    torch.set_num_threads(1)
    return load("tiny")


def lines(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def rows_of(tiny: LoadedModel, folder: Path, name: str, content: "str | bytes", **task: Any) -> list[Row]:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    judged = {} if "choices" in task or "perplexity" in task else {"reward": "exact_match", "max_tokens": 2}
    found = measure(tiny, [{"file": str(path), **judged, **task}], folder / "out", settings=Settings(progress=False))
    return [row for one in found.tasks for row in found.rows(one)]


@pytest.mark.parametrize(
    ("name", "content", "task", "references"),
    [
        ("a.csv", 'prompt,reference\nSay a.,a\n"Say, b",b\n', {}, ["a", "b"]),
        ("a.csv", b"\xef\xbb\xbfprompt,reference\r\nSay a.,a\r\n", {}, ["a"]),
        ("a.csv", "prompt,reference\n" + "x" * 140_000 + ",a\n", {}, ["a"]),
        ("a.tsv", "prompt\treference\nSay a.\ta\n", {}, ["a"]),
        ("a.jsonl", b"\xef\xbb\xbf" + lines(ROW).encode(), {}, ["a"]),
        ("a.jsonl", lines(ROW) + "\n\n" + lines(ROW), {}, ["a", "a"]),
        ("a.jsonl.gz", gzip.compress(lines(ROW).encode(), mtime=0), {}, ["a"]),
        ("a.json", json.dumps([ROW, ROW]), {}, ["a", "a"]),
        ("a.json", lines(ROW, ROW), {}, ["a", "a"]),
        ("a.jsonl", lines({"in": {"text": "Say é 😀."}, "out": [{"value": "é"}]}),
         {"prompt": "in.text", "reference": "out.0.value"}, ["é"]),
        ("a.jsonl", lines({**ROW, "prompt": [{"role": "user", "content": "Say a."}]}), {}, ["a"]),
        ("a.jsonl", lines(ROW, {"prompt": "Say b.", "reference": "b"}), {"chat_fewshot": 1}, ["a", "b"]),
        ("a.jsonl", lines({"prompt": "Q", "options": [3, 1, 2], "reference": 1}), {"choices": "options"}, ["1"]),
        ("a.csv", 'prompt,options,reference\nQ,"[""x"", ""y""]",B\n', {"choices": "options"}, ["y"]),
    ],
)  # fmt: skip
def test_it_is_read(
    name: str, content: "str | bytes", task: dict[str, Any], references: list[str], tiny: LoadedModel, tmp_path: Path
) -> None:
    found = rows_of(tiny, tmp_path, name, content, **task)
    assert [row.reference for row in found] == references and all(row.judged for row in found)


@pytest.mark.parametrize(
    ("name", "content", "task", "said"),
    [
        ("a.csv", "prompt;reference\nSay a.;a\n", {}, "no field 'prompt'"),
        ("a.csv", "prompt,reference\nSay é.,é\n".encode("latin-1"), {}, "cannot be read as a table"),
        ("a.csv", "prompt,reference\n", {}, "holds no rows"),
        ("a.csv", "prompt,reference\nSay a.\n", {}, "not as many values"),
        ("a.json", json.dumps({"data": [ROW]}), {}, "it has data"),
        ("a.jsonl", "", {}, "is empty"),
        ("a.jsonl", "\n \n", {}, "holds no rows"),
        ("a.jsonl", lines(ROW) + "{bad\n", {}, "a.jsonl:2: not JSON"),
        ("a.jsonl", lines([1, 2]), {}, "expected an object"),
        ("a.jsonl", "é".encode("latin-1"), {}, "not UTF-8"),
        ("a.txt", "é".encode("latin-1"), {"perplexity": True}, "not UTF-8"),
        ("a.xlsx", b"PK\x03\x04", {}, "unknown kind of file"),
        ("a.jsonl", lines({**ROW, "prompt": None}), {}, "holds 'None'; expected text"),
        ("a.jsonl", lines({**ROW, "prompt": 5}), {}, "holds '5'; expected text"),
        ("a.jsonl", lines({**ROW, "prompt": [{"from": "human", "value": "x"}]}), {}, "expected text, or a list"),
        ("a.jsonl", lines({**ROW, "prompt": "\ud800"}), {}, "half a character"),
        ("a.jsonl", lines(ROW, {"prompt": "x"}), {}, "no field 'reference'"),
        ("a.jsonl", lines({**ROW, "id": 1}, {**ROW, "id": 1}), {"id": "id"}, "two items are called '1'"),
        ("a.jsonl", lines(ROW), {"category": "subject"}, "no row has the field 'subject'"),
        ("a.jsonl", lines(ROW), {"prompt": "in.text"}, "no field 'in'"),
        ("a.jsonl", lines(ROW, ROW), {"chat_fewshot": 5}, "5 examples, and there are"),
        ("a.jsonl", lines({**OPTIONS, "options": "3,1"}), {"choices": "options"}, "no list of options"),
        ("a.jsonl", lines({**OPTIONS, "options": []}), {"choices": "options"}, "no list of options"),
        ("a.jsonl", lines({**OPTIONS, "reference": 2}), {"choices": "options"}, "no option's number"),
    ],
)  # fmt: skip
def test_it_is_refused(
    name: str, content: "str | bytes", task: dict[str, Any], said: str, tiny: LoadedModel, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=said) as refused:
        rows_of(tiny, tmp_path, name, content, **task)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("task", "said"),
    [
        *[({key: 0}, f"{key} of task 'a' must be at least 1") for key in ("limit", "max_tokens", "repeats")],
        *[({key: -1}, f"{key} of task 'a' must be at least 0") for key in ("fewshot", "chat_fewshot")],
        ({"k": [0]}, "whole numbers from 1"),
        ({"stop": [""]}, "would end every answer"),
        ({"split": "test"}, "for a data set of the hub"),
        *[({"choices": "options", key: 3}, key) for key in ("max_tokens", "repeats", "reward", "answer")],
        *[({"perplexity": True, key: "x"}, key) for key in ("system", "reward", "reference")],
    ],
)
def test_a_setting_without_effect_is_refused(
    task: dict[str, Any], said: str, tiny: LoadedModel, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=said):
        rows_of(tiny, tmp_path, "a.jsonl", lines({**ROW, **OPTIONS}), **task)


@pytest.mark.parametrize(
    ("task", "key", "value"),
    [("mmlu", "max_tokens", 9), ("gsm8k", "length_normalized", True), ("perplexity", "fewshot", 2)],
)
def test_a_setting_without_effect_on_a_benchmark_is_refused(
    task: str, key: str, value: Any, tiny: LoadedModel, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=f"{key}= has no effect on task '{task}'"):
        measure(tiny, [{"task": task, key: value}], tmp_path)


def test_repeats_of_greedy_answers_are_refused(tiny: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="repeats=4: no task of 'tiny_upper' samples"):
        measure(tiny, "tiny_upper", tmp_path, settings=Settings(repeats=4, progress=False))
    drawn = Settings(repeats=2, sampling={"temperature": 0.5}, limit=2, progress=False)
    assert len(list(measure(tiny, "tiny_upper", tmp_path, settings=drawn).rows("tiny_upper"))) == 4


def test_what_cannot_be_judged_has_no_value(tiny: LoadedModel, tmp_path: Path) -> None:
    empty, text = rows_of(tiny, tmp_path, "a.jsonl", lines({"text": ""}, {"text": "abc"}), perplexity=True)
    assert (empty.score, empty.outcome) == (None, "unjudgeable") and text.score
    for cell in ("NaN", "null"):
        (row,) = rows_of(tiny, tmp_path / cell, "a.jsonl", f'{{"prompt": "x", "reference": {cell}}}\n')
        assert (row.score, row.outcome) == (None, "unjudgeable")


def test_a_data_set_of_the_hub(tiny: LoadedModel, tmp_path: Path) -> None:
    """From a local copy of its repository, by its id and split."""
    folder = tmp_path / "hub" / "me" / "words"
    folder.mkdir(parents=True)
    (folder / "test.jsonl").write_text(lines(ROW, {"prompt": "Say b.", "reference": "b"}))
    task = {"hub": "me/words", "split": "test", "reward": "exact_match", "max_tokens": 2}
    with mock.patch.dict(os.environ, {"HOLDFAST_HUB": str(tmp_path / "hub")}):
        found = measure(tiny, [task], tmp_path / "out", settings=Settings(progress=False))
        assert [row.reference for row in found.rows("words")] == ["a", "b"]
        with pytest.raises(DataError, match="no row has the field 'subject'"):
            measure(tiny, [{**task, "category": "subject"}], tmp_path / "other")
