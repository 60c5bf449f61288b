"""Hostile data: every row is counted or named, nothing is a traceback, and the pages stay inert."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.cli import main
from holdfast.errors import DataError
from holdfast.trainers.data.card.pages import as_json, html, markdown
from holdfast.trainers.data.card.training_card import card_of, card_tokenizer
from holdfast.trainers.data.row_filter import filter_file
from holdfast.trainers.settings.config import DataConfig

GOOD = [{"prompt": f"Say number {n}, please", "completion": f"It is {n}"} for n in range(30)]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(exclude_categories=()), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["role", "content", "from", "value", "text", "type", "tool_calls"]), inner)
    ),
    max_leaves=12,
)
ROWS = st.lists(
    st.dictionaries(
        st.sampled_from(["prompt", "completion", "messages", "chosen", "rejected", "label", "reference", "text"]), JSON
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(ROWS, st.sampled_from(["", "sft", "dpo", "grpo", "kto", "reward"]))
def test_any_json_gives_a_card_or_a_named_error(
    tmp_path_factory: Any, rows: list[dict[str, Any]], trainer: str
) -> None:
    path = tmp_path_factory.mktemp("any") / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*GOOD[:2], *rows]))
    card = card_of(
        DataConfig(path=str(path)), trainer=trainer, tokenizer=card_tokenizer("tiny", 64) if not trainer else None
    )
    assert card.rows + card.unreadable == len(rows) + 2
    for text in (html(card), markdown(card), as_json(card)):
        text.encode("utf-8")


def test_rows_of_several_kinds_are_told_each_by_itself(tmp_path: Path) -> None:
    """The kind of a data set is that of most rows; a few may have the columns of another."""
    talk = [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}]
    other = [
        {"prompt": "2+2?", "completion": "4"},
        {"text": "Once."},
        {"prompt": "a", "completion": "b", "messages": 7},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*[{"messages": talk}] * 3, *other]))
    card = card_of(DataConfig(path=str(path)), trainer="sft")
    assert card.kind == "messages" and card.rows + card.unreadable == 6


def test_lines_that_are_no_rows_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [json.dumps(row).encode() for row in GOOD]
    lines += [b"not json", b"[1, 2]", b"[" * 100_000, b'{"prompt": "\xff\xfe"}', b"", b"7"]
    lines += [json.dumps({"prompt": "half \ud83d a pair", "completion": "yes"}).encode()]
    lines += [json.dumps({"prompt": "long", "completion": "x " * 1_000_000}).encode()]
    lines += [b'{"prompt": null, "completion": "x"}', b'{"prompt": 5, "completion": {"a": 1}}']
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert main(["data", "card", str(path), "model=tiny", "max_length=100", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["unreadable"]) == (32, 7)
    faults = {one["kind"]: one for one in told["findings"]}
    assert faults["unreadable"]["where"][:3] == [f"{path}:{line}" for line in (31, 32, 33)]
    assert (faults["unreadable"]["count"], faults["malformed"]["count"]) == (5, 2)
    assert faults["broken characters"]["where"] == [f"{path}:37"] and faults["huge rows"]["where"] == [f"{path}:38"]
    assert main(["data", "card", str(path)]) == 0
    assert "half a surrogate pair" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", b"", "holds no rows"),
        ("b.jsonl", b"no\n", "not JSON"),
        ("c.json", b'{"a": 1}', "expected an array"),
        ("d.parquet", b"PAR1", "is not parquet"),
        ("e.jsonl.gz", gzip.compress(b'{"prompt": "x", "completion": "y"}\n' * 999)[:-20], "cannot read"),
        ("f.xml", b"a,b", "unknown kind of file"),
    ],
)
def test_files_that_cannot_be_read_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert main(["data", "card", str(path)]) == 65
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert said in error and name in error and "Traceback" not in error


def test_parquet_with_nulls_and_nested_columns(tmp_path: Path) -> None:
    from pyarrow import Table, parquet

    turns = [
        [{"role": "user", "content": f"What is {n}?"}, {"role": "assistant", "content": f"{n} it is"}] for n in range(9)
    ]
    turns[4] = None  # type: ignore[call-overload]
    parquet.write_table(Table.from_pydict({"id": list(range(9)), "messages": turns}), tmp_path / "rows.parquet")
    card = card_of(DataConfig(path=str(tmp_path / "rows.parquet")))
    assert (card.rows, card.unreadable, card.kind) == (8, 1, "messages")


def test_the_verb_refuses_what_it_cannot_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in GOOD))
    for words, code, said in (
        (["card", str(path), "limit=-3"], 64, "1 or more"),
        (["filter", str(path), str(tmp_path / "kept.jsonl"), "languages=[eng]"], 64, "did you mean 'en'"),
        (["filter", str(path), str(tmp_path / "kept.jsonl"), "duplicates=near", "similarity=80"], 64, "at most 1"),
        (["card", str(path), "out=card.pdf"], 64, "must end in one of"),
        (["card", str(path), "columns=[prompt]"], 64, "expected a colon"),
        (["card", str(path), "columns=[promt:prompt]"], 64, "did you mean 'prompt'"),
        (["card", str(path), "reward=numerik"], 64, "did you mean 'numeric'"),
        (["card", "gsm8kk"], 64, "did you mean 'gsm8k'"),
        (["card", str(path), "smaple=3"], 64, "did you mean 'sample'"),
        (["filter", str(path), str(tmp_path / "kept.csv")], 64, "the .jsonl file to write"),
        (["filter", str(path), str(tmp_path / "kept.jsonl"), "broken=false"], 64, "nothing to filter by"),
        (["filter", str(path), str(tmp_path / "kept.jsonl"), "max_tokens=9"], 64, "needs a tokenizer"),
        (["filter", str(path), str(tmp_path / "kept.jsonl"), "duplicates=nearly"], 64, "did you mean 'near'"),
    ):
        assert main(["data", *words]) == code, words
        assert said in capsys.readouterr().err, words


def test_a_filter_of_nothing_readable_says_so(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("no\nrows\n")
    with pytest.raises(DataError, match="holds no rows"):
        filter_file(DataConfig(path=str(tmp_path / "rows.jsonl")), tmp_path / "kept.jsonl")
