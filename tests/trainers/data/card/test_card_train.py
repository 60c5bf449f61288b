"""`holdfast train` looks at its rows before it trains: warnings in the log, the manifest and the report."""

import json
import logging
from pathlib import Path

import pytest

from holdfast.cli import main
from holdfast.files import read_jsonl
from holdfast.trainers.data.card.training_card import warnings_before
from holdfast.trainers.settings.config import DataConfig, TrainConfig, TrainerConfig


def _run(path: Path, out: Path, *words: str) -> dict[str, object]:
    asked = ["train", "trainer=sft", f"data={path}", "suite=[tiny_sort]", "limit=8", "trainer.args.max_steps=1"]
    assert main([*asked, f"out={out}", *words]) == 0
    return dict(json.loads((out / "manifest.json").read_text()))


def test_faults_are_told_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "cache"))
    turns = [{"role": "user", "content": "sort b a"}, {"role": "assistant", "content": "a b"}]
    rows = [{"messages": turns if n else [*turns, {"role": "user", "content": "ab"}]} for n in range(60)]
    rows[9] = {"messages": [turns[0], {"role": "assistant", "content": "x" * 600}]}
    rows[4] = {"messages": [turns[0], {"role": "assistant", "content": " "}]}
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with caplog.at_level(logging.WARNING, logger="holdfast"):
        manifest = _run(path, tmp_path / "run", "data.filter.max_chars=200")
    told = manifest["data_card"]
    assert isinstance(told, dict) and (told["of"], told["breaks"]) == ("the 59 training rows", 1)
    assert "the answer is empty" in told["findings"][0] and "repeat an earlier row" in told["findings"][1]
    assert "what follows the last answer is left out" in told["findings"][2]
    assert "the answer is empty" in caplog.text and "what follows the last answer is left out" in caplog.text
    report = (tmp_path / "run" / "report.md").read_text()
    assert "the answer is empty" in report and "repeat an earlier row" not in report
    assert manifest["dropped_rows"] == {"too long": 1}
    assert [one["row"] for _, one in read_jsonl(tmp_path / "run" / "dropped.jsonl")] == [rows[9]]
    assert "data_card" not in _run(path, tmp_path / "off", "card=false", "data.filter.broken=true")


def test_a_large_set_is_looked_at_in_part() -> None:
    rows = [{"prompt": f"What is {n}?", "completion": f"{n}"} for n in range(5000)]
    config = TrainConfig(trainer=TrainerConfig("sft"), data=DataConfig(path="rows.jsonl"))
    card = warnings_before(config, rows)
    assert (card.rows, card.complete, card.findings) == (2000, False, [])
    broken = [{"prompt": f"What is {n}?", "chosen": "a", "rejected": "a"} for n in range(10)]
    card = warnings_before(TrainConfig(trainer=TrainerConfig("dpo"), data=DataConfig(path="rows.jsonl")), broken)
    assert [one.kind for one in card.broken] == ["equal pairs"] and card.broken[0].where[0] == "training row 0"
