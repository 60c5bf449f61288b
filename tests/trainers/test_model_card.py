"""The card beside the weights: the regression table, and what was found out about the data."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from holdfast.trainers.models.model_card import card

CONFIG: dict[str, Any] = {
    "trainer": {"name": "sft"},
    "model": {"path": "org/base"},
    "data": {"path": "org/set", "sources": []},
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "report.md").write_text("| tiny_upper | −3.0 |\n")
    return tmp_path


def written(run: Path, config: dict[str, Any], **facts: Any) -> tuple[dict[str, Any], str]:
    (run / "manifest.json").write_text(json.dumps({"config": config, **facts}))
    text = card(run)
    _, front, body = text.split("---\n", 2)
    return yaml.safe_load(front), body


def test_it_holds_the_table_and_the_data(run: Path) -> None:
    front, body = written(
        run,
        CONFIG,
        training_rows={"count": 1200, "hash": "ab" * 20, "source": "org/set", "replay": {"count": 400, "source": "o"}},
        data_card={"sentence": "the 1,200 training rows: 3 duplicates"},
        contamination={"sentence": "no item of tiny is in the training rows"},
        endings={"findings": ["7 of 1,200 rows are longer than 50"]},
    )
    assert (front["base_model"], front["datasets"], front["library_name"]) == ("org/base", ["org/set"], "transformers")
    table, _, data = body.partition("## Training data")
    assert "| tiny_upper | −3.0 |" in table and "Trained with `sft` from `org/base`" in table
    for said in ("1,200 rows of `org/set`", "400 of them", "3 duplicates", "no item of tiny", "7 of 1,200 rows"):
        assert said in data


def test_several_sets_are_all_named(run: Path) -> None:
    sources = ["org/one", {"path": "org/two", "weight": 2}, "/a/file.jsonl"]
    front, body = written(run, CONFIG | {"data": {"path": "", "sources": sources}})
    assert front["datasets"] == ["org/one", "org/two"]
    assert "`org/one + org/two + /a/file.jsonl`" in body


def test_an_adapter_says_so_and_a_local_model_is_no_link(run: Path) -> None:
    (run / "checkpoint" / "adapter_config.json").write_text("{}")
    front, _ = written(run, CONFIG | {"model": {"path": "/a/model"}})
    assert front["library_name"] == "peft" and "base_model" not in front
