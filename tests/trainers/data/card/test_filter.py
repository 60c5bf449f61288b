"""Filters: each drops what it says and keeps it with its reason; the order of the others stays."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import shared
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.cli import main
from holdfast.errors import DataError, UsageError
from holdfast.files import read_jsonl
from holdfast.records import read_records
from holdfast.trainers.data.mix import training_rows
from holdfast.trainers.data.row_filter import FilterResult, dropped_file, filter_file
from holdfast.trainers.settings.config import DataConfig, FilterConfig, ReplayConfig
from holdfast.trainers.settings.data_sets import named_data

ENGLISH = "The quick brown fox jumps over the lazy dog because it wants to be somewhere else today"
GERMAN = "Der schnelle braune Fuchs springt über den faulen Hund, weil er heute woanders sein möchte"


def _row(n: int, **changes: Any) -> dict[str, Any]:
    return {"prompt": f"Question {n}?", "completion": f"{n} {ENGLISH} {n * 7919}", "reference": str(n)} | changes


def _filter(tmp_path: Path, rows: list[Any], **how: Any) -> tuple[FilterResult, list[Any], list[Any]]:
    source, out = tmp_path / "rows.jsonl", tmp_path / "kept.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" if not isinstance(row, str) else row + "\n" for row in rows))
    found = filter_file(DataConfig(path=str(source), filter=FilterConfig(**how)), out, data_root=shared())
    kept = [row for _, row in read_jsonl(out)]
    dropped = [row for _, row in read_jsonl(dropped_file(out))]
    assert len(kept) == found.kept and len(kept) + len(dropped) == found.rows
    return found, kept, dropped


def test_length_and_broken_rows(tmp_path: Path) -> None:
    rows = [_row(n) for n in range(8)]
    rows[2] = _row(2, completion="no")
    rows[3] = _row(3, completion="x" * 500)
    rows[4] = _row(4, completion=" ")
    rows[5] = {"prompt": "only"}
    rows[6] = _row(6, completion=5)
    found, kept, dropped = _filter(tmp_path, [*rows, "no json"], min_chars=20, max_chars=400, broken=True)
    assert kept == [rows[0], rows[1], rows[7]]
    assert found.dropped == {"malformed": 2, "too short": 1, "too long": 1, "empty answers": 1, "unreadable": 1}
    assert dropped[0]["reason"] == "unreadable" and ":9" in dropped[0]["error"]
    assert [one["reason"] for one in dropped[1:]] == ["too short", "too long", "empty answers", *["malformed"] * 2]
    assert [one["row"] for one in dropped[1:]] == rows[2:7]
    with pytest.raises(DataError, match=r"rows\.jsonl:6: SFT needs the column 'completion'.*broken=true"):
        _filter(tmp_path, rows, min_chars=1)


def test_languages_reward_and_tokens(tmp_path: Path) -> None:
    rows = [
        _row(0),
        _row(1, completion=GERMAN),
        _row(2, completion="我是一个语言模型，很高兴认识你。"),
        _row(3, completion="42"),
    ]
    assert _filter(tmp_path, rows, languages=["en", "zh"])[1] == [rows[0], rows[2]]
    assert _filter(tmp_path, rows, languages=["unknown"])[1] == [rows[3]]
    judged = [_row(1, completion="It is 1"), _row(2, completion="It is 3"), _row(3, reference="?")]
    found, kept, _ = _filter(tmp_path, judged, reward="numeric")
    assert kept == judged[:1] and found.dropped == {"low reward": 1, "not judged": 1}
    found, kept, _ = _filter(tmp_path, rows, max_tokens=20, tokenizer="tiny")
    assert kept == [rows[3]] and found.dropped == {"too many tokens": 3}


def test_duplicates_keep_the_first_that_passes(tmp_path: Path) -> None:
    rows = [_row(n) for n in range(30)]
    near = _row(7, completion=rows[7]["completion"].replace("lazy", "tired"))
    rows += [rows[3], near]
    found, kept, dropped = _filter(tmp_path, rows, duplicates="exact")
    assert kept == [*rows[:30], near] and found.dropped == {"duplicate": 1}
    generator = random.Random(0)
    words = [f"word{n}" for n in range(500)]
    texts = [" ".join(generator.choices(words, k=60)) for _ in range(20)]
    rows = [{"prompt": f"Q{n}", "completion": text} for n, text in enumerate(texts)]
    again = {"prompt": "Q4", "completion": texts[4] + " indeed"}
    found, kept, dropped = _filter(tmp_path, [*rows, again, rows[5]], duplicates="near")
    assert kept == rows and found.dropped == {"near duplicate": 1, "duplicate": 1}
    assert [one["where"].rpartition(":")[2] for one in dropped] == ["21", "22"]
    long = {"prompt": "Q4", "completion": texts[4] + " word" * 9}  # dropped for its length, it stands for nothing
    _, kept, _ = _filter(tmp_path, [long, rows[4]], duplicates="near", max_chars=len(texts[4]) + 20)
    assert kept == [rows[4]]


@pytest.mark.slow
def test_contamination_of_real_data(tmp_path: Path) -> None:
    config = named_data("gsm8k")
    config.filter = FilterConfig(suite=["gsm8k"], duplicates="near", reward="numeric")
    out = tmp_path / "kept.jsonl"
    found = filter_file(config, out, data_root=shared())
    assert found.rows == 7473 and set(found.dropped) == {"contamination"} and found.dropped["contamination"] <= 6
    source = [row for _, row in read_records(shared("gsm8k", "train.jsonl"))]
    dropped = [one["row"] for _, one in read_jsonl(dropped_file(out))]
    assert [row for _, row in read_jsonl(out)] == [row for row in source if row not in dropped]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["a", "bb", "a very long answer indeed", ""]), min_size=1, max_size=30))
def test_nothing_is_lost(tmp_path_factory: Any, answers: list[str]) -> None:
    rows = [{"prompt": "x", "completion": "kept"}, *({"prompt": "x", "completion": answer} for answer in answers)]
    found, kept, dropped = _filter(tmp_path_factory.mktemp("any"), rows, max_chars=9, duplicates="exact", broken=True)
    again = sorted(json.dumps(row) for row in (*kept, *(one["row"] for one in dropped)))
    assert again == sorted(map(json.dumps, rows)) and sum(found.dropped.values()) == len(dropped)


def test_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = shared("gsm8k", "train.jsonl"), tmp_path / "kept.jsonl"
    words = ["data", "filter", str(source), str(out), "columns=[prompt:question,completion:answer]", "max_chars=400"]
    assert main([*words, "limit=200"]) == 0
    shown = capsys.readouterr().out
    assert "of 200 rows kept; dropped: too long" in shown and "kept.dropped.jsonl" in shown
    assert main([*words, "limit=200", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = [row for _, row in read_records(source)][:200]
    assert told["kept"] == sum(len(row["question"]) + len(row["answer"]) <= 400 for row in rows)
    assert told["kept"] + told["dropped"]["too long"] == told["rows"] == 200
    assert [row for _, row in read_jsonl(out)] == [row for row in rows if len(row["question"] + row["answer"]) <= 400]


def test_training_reads_the_same_filter(tmp_path: Path) -> None:
    config = named_data("gsm8k")
    config.filter = FilterConfig(max_chars=300, duplicates="exact")
    config.replay = ReplayConfig(
        0.5, {"path": "gsm8k", "file": config.file, "columns": config.columns, "filter": {"min_chars": 900}}
    )
    dropped: list[dict[str, Any]] = []
    rows = training_rows(config, 0, shared(), dropped=dropped)
    sizes = [len(row["prompt"]) + len(row["completion"]) for row in rows]
    assert not any(300 < size < 900 for size in sizes) and min(sizes) < 300 and max(sizes) >= 900
    assert {one["reason"] for one in dropped} == {"too long", "too short"}
    with pytest.raises(UsageError, match="did you mean 'max_chars'"):
        named_data({"path": "x", "filter": {"max_char": 3}})
    config.filter = FilterConfig(max_chars=3)
    with pytest.raises(DataError, match="no training rows in openai/gsm8k: 0 of 7,473 rows kept"):
        training_rows(config, 0, shared())
