"""What `holdfast sample` takes its prompts from: every kind of data that training takes, columns named."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import shared

from holdfast.cli import main
from holdfast.runs.row import Row, read_rows


def sampled(out: Path, *words: str) -> list[Row]:
    quick = ["model=tiny", "n=2", "max_tokens=64", f"out={out}", "--json"]
    assert main(["sample", *words, *quick]) == 0
    rows = list(read_rows(out / "samples" / "sample.jsonl"))
    assert len(rows) == len({row.key for row in rows}), "every completion is kept"
    return rows


def asked(row: Row) -> list[tuple[str, str]]:
    assert not isinstance(row.prompt, str)
    return [(str(turn["role"]), str(turn["content"])) for turn in row.prompt]


def parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    import pyarrow
    from pyarrow import parquet as writer

    path.parent.mkdir(parents=True, exist_ok=True)
    writer.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


ROWS = [{"meta": {"q": "Upper cat"}, "gold": "CAT"}, {"meta": {"q": "Upper dog"}, "gold": "DOG"}]
COLUMNS = ["prompt=meta.q", "reference=gold", "reward=exact_match"]


def test_parquet_with_named_columns(tmp_path: Path) -> None:
    rows = sampled(tmp_path / "out", str(parquet(tmp_path / "x.parquet", ROWS)), *COLUMNS)
    assert {(asked(row)[0][1], row.reference) for row in rows} == {("Upper cat", "CAT"), ("Upper dog", "DOG")}
    assert len(rows) == 4 and {row.repeat for row in rows} == {0, 1}


def test_a_folder_as_the_hub_lays_it_out(tmp_path: Path) -> None:
    parquet(tmp_path / "org" / "set" / "data" / "train-00000-of-00001.parquet", ROWS)
    assert len(sampled(tmp_path / "out", str(tmp_path / "org" / "set"), *COLUMNS)) == 4


def test_a_hub_id_with_its_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`datasets` reads a relative folder `org/set` just as it reads the hub's."""
    parquet(tmp_path / "org" / "set" / "data" / "train-00000-of-00001.parquet", ROWS)
    parquet(tmp_path / "org" / "set" / "data" / "test-00000-of-00001.parquet", [ROWS[0] | {"gold": "FOX"}])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "hf"))
    from holdfast.trainers.data.sources import _hub_rows
    from holdfast.trainers.settings.config import DataConfig

    (only,) = list(_hub_rows(DataConfig(path="org/set", split="test")))
    assert only[1]["gold"] == "FOX"


def test_a_name_of_conf_data_brings_its_columns_and_reward(tmp_path: Path) -> None:
    rows = sampled(tmp_path / "out", "gsm8k", f"data_root={shared()}", "limit=3")
    assert len(rows) == 6 and all("####" in str(row.reference) for row in rows)
    state = json.loads((tmp_path / "out" / "results.json").read_text())
    assert state["tasks"]["sample"]["reward"]["name"] == "numeric"


def test_conversations_templates_and_a_system_message(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "B"},
    ]
    rows = [{"messages": [*turns, {"role": "assistant", "content": "old"}]}, {"prompt": "cat"}]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    how = ["reward=length", "template=Upper {prompt}", "system=Be short"]
    found = {tuple(asked(row)) for row in sampled(tmp_path / "out", str(tmp_path / "x.jsonl"), *how)}
    assert found == {
        tuple((str(turn["role"]), str(turn["content"])) for turn in turns),
        (("system", "Be short"), ("user", "Upper cat")),
    }


def test_the_datas_answers_against_the_models_are_an_identity_by_dpo(tmp_path: Path) -> None:
    renamed = "rename={NAME: Ada, AUTHOR: Engines}"
    how = [f"data_root={shared()}", "to=dpo", "chosen=data", "limit=5", renamed]
    rows = sampled(tmp_path / "out", "self_cognition", *how)
    assert len(rows) == 10
    pairs = [json.loads(line) for line in (tmp_path / "out" / "dpo.jsonl").read_text().splitlines()]
    assert len(pairs) == 5 - len(_cut(rows)) > 2
    chosen = [pair["chosen"][0]["content"] for pair in pairs]
    assert not any("{{" in text for text in chosen) and any("Ada" in text or "Engines" in text for text in chosen)
    said = {str(row.completion) for row in rows}
    assert all(pair["rejected"][0]["content"] in said for pair in pairs)
    words = [
        "trainer=dpo",
        f"data={tmp_path}/out/dpo.jsonl",
        "suite=[tiny_upper]",
        "limit=4",
        "trainer.args.max_steps=1",
    ]
    assert main(["train", *words, f"out={tmp_path}/run"]) == 0


def _cut(rows: list[Row]) -> set[str]:
    """Prompts none of whose answers ended."""
    return {row.doc_id for row in rows} - {row.doc_id for row in rows if row.finish_reason != "length"}


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["gsm8", "reward=numeric"], 64, "unknown data 'gsm8'; did you mean 'gsm8k'"),
        (["{file}"], 64, "needs reward="),
        (["{file}", "reward=exact_match", "prompt=meta.q"], 65, "needs a reference.*gold.*reference="),
        (["{file}", "reward=length"], 65, "no prompt.*meta"),
        (["{folder}/y.jsonl", "reward=length"], 65, "no file .*available: x.parquet"),
        (["{file}", "reward=length", "chosen=data"], 64, "goes with to=dpo"),
        (["{file}", "prompt=meta.q", "chosen=data", "to=dpo", "n=2", "max_tokens=8"], 65, "needs answers"),
        (["{file}", "reward=length", "rename=x"], 64, "takes a mapping"),
        ([], 64, "takes one data set, not 0"),
    ],
)
def test_what_is_missing_is_named(
    words: list[str], code: int, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import re

    file = parquet(tmp_path / "x.parquet", ROWS)
    given = [word.replace("{file}", str(file)).replace("{folder}", str(tmp_path)) for word in words]
    assert main(["sample", *given, "model=tiny", f"out={tmp_path}/out"]) == code
    assert re.search(expected, capsys.readouterr().err)
