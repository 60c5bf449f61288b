"""Several data sets in one training: how often each row is taken, whose template holds, what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import DataError, UsageError
from holdfast.trainers.data.formats.row_formats import completion_row
from holdfast.trainers.data.mix import first_rows, own_rows, split_validation, training_rows
from holdfast.trainers.data.unused_columns import unused
from holdfast.trainers.estimate.checks import check
from holdfast.trainers.settings.catalogue import find_trainer
from holdfast.trainers.settings.compose import compose
from holdfast.trainers.settings.config import DataConfig, ReplayConfig
from holdfast.trainers.settings.contents import contents


def write(path: Path, name: str, count: int, **more: Any) -> Path:
    rows = [{"prompt": f"{name} {n}", "completion": name} | more for n in range(count)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def counted(rows: list[dict[str, Any]]) -> dict[str, int]:
    names = [row["completion"] for row in rows]
    return {name: names.count(name) for name in dict.fromkeys(sorted(names))}


@pytest.mark.parametrize(("weight", "rows"), [(1, 10), (0.5, 5), (2, 20), (2.5, 25)])
def test_a_weight_says_how_often_each_row_is_taken(weight: float, rows: int, tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.jsonl", "a", 10), write(tmp_path / "b.jsonl", "b", 4)
    config = DataConfig(sources=[{"path": str(a), "weight": weight}, str(b)])
    taken = own_rows(config, 0)
    assert counted(taken) == {"a": rows, "b": 4}
    assert own_rows(config, 0) == taken, "the same every time"
    each = [[row["prompt"] for row in taken].count(f"a {n}") for n in range(10)]
    assert max(each) - min(each) <= 1
    assert [row["completion"] for row in taken] != sorted(row["completion"] for row in taken), "mixed"


def test_a_weight_that_takes_nothing_is_refused(tmp_path: Path) -> None:
    source = {"path": str(write(tmp_path / "a.jsonl", "a", 10)), "weight": 0.01}
    with pytest.raises(UsageError, match="takes none of a source's 10 rows"):
        own_rows(DataConfig(sources=[source]), 0)


def test_each_source_has_its_own_columns_template_and_system_message(tmp_path: Path) -> None:
    asked = tmp_path / "asked.jsonl"
    asked.write_text(json.dumps({"q": "1+1", "a": "2"}) + "\n")
    source = {"path": str(asked), "columns": {"prompt": "q", "completion": "a"}, "template": "Compute {prompt}."}
    config = DataConfig(sources=[source, str(write(tmp_path / "b.jsonl", "b", 1))], system="Be brief.")
    shaped = {row["completion"][0]["content"]: row["prompt"] for row in map(shape(config), own_rows(config, 0))}
    system = {"role": "system", "content": "Be brief."}
    assert shaped["2"] == [system, {"role": "user", "content": "Compute 1+1."}]
    assert shaped["b"] == [system, {"role": "user", "content": "b 0"}]
    plain = DataConfig(sources=[source], conversational=False)
    assert [row["prompt"] for row in map(shape(plain), own_rows(plain, 0))] == ["Compute 1+1."]


def shape(config: DataConfig) -> Any:
    return lambda row: completion_row(row, config)


def test_replay_and_validation_keep_their_own_template(tmp_path: Path) -> None:
    mine, old = write(tmp_path / "a.jsonl", "a", 2), write(tmp_path / "b.jsonl", "b", 2)
    held = {"path": str(old), "template": "Old: {prompt}"}
    config = DataConfig(path=str(mine), template="New: {prompt}", replay=ReplayConfig(0.5, held), validation=held)
    rows = training_rows(config, 0)
    prompts = sorted(completion_row(row, config)["prompt"][0]["content"] for row in rows)
    assert prompts == ["New: a 0", "New: a 1", "Old: b 0", "Old: b 1"]
    _, validation = split_validation(rows, config, 0)
    assert completion_row(validation[0], config)["prompt"][0]["content"].startswith("Old: ")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"path": "a.jsonl", "weight": 0}, "weight of a source"),
        ({"path": "a.jsonl", "weight": True}, "weight of a source"),
        ({"path": "a.jsonl", "colums": {}}, "did you mean 'columns'"),
        ({"path": "a.jsonl", "limit": "many"}, "data.limit"),
        ({"path": "a.jsonl", "conversational": False}, "set for all of them, as data.conversational"),
        ({"weight": 2}, "mapping with path"),
        (3, "mapping with path"),
    ],
)
def test_what_is_no_source(source: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        own_rows(DataConfig(sources=[source]), 0)


def test_a_path_beside_sources_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot both be given"):
        own_rows(DataConfig(path="a.jsonl", sources=["b.jsonl"]), 0)
    with pytest.raises(UsageError, match="training needs rows"):
        own_rows(DataConfig(), 0)


def test_on_the_command_line(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.jsonl", "a", 3), write(tmp_path / "b.jsonl", "b", 3)
    config = compose([f"data=[{a}, {{path: {b}, weight: 2}}, tiny_sft]", "model=tiny"])
    assert config.data.sources == [str(a), {"path": str(b), "weight": 2}, "tiny_sft"]
    assert set(contents(config)) >= {"data.sources.0", "data.sources.1"}
    assert len(list(first_rows(config.data, 0, None, 6))) == 6, "some of each"
    b.write_text(json.dumps({"text": "Once."}) + "\n")
    with pytest.raises(DataError, match="rows of one shape"):
        check(config)
    with pytest.raises(UsageError, match="did you mean 'gsm8k'"):
        compose(["data=[gsm9k]"])
    with pytest.raises(UsageError, match="model= takes one"):
        compose(["model=[a,b]"])


@pytest.mark.parametrize("given", [{"template": "Q: {prompt}"}, {"system": "Be brief."}])
def test_what_conversations_cannot_take_is_refused(given: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    talk = {"messages": [{"role": "user", "content": "a"}]}
    file.write_text(json.dumps(talk) + "\n")
    with pytest.raises(UsageError, match="are conversations"):
        own_rows(DataConfig(path=str(file), **given), 0)  # type: ignore[arg-type]
    file.write_text(json.dumps(talk) + "\n" + json.dumps({"prompt": "b"}) + "\n")
    assert len(own_rows(DataConfig(path=str(file), **given), 0)) == 2, "some rows can"  # type: ignore[arg-type]


def test_a_template_may_be_all_of_the_prompt(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"question": "1+1?", "level": "easy", "completion": "2"}) + "\n")
    config = DataConfig(path=str(file), template="({level}) {question}")
    (row,) = own_rows(config, 0)
    assert completion_row(row, config)["prompt"] == [{"role": "user", "content": "(easy) 1+1?"}]


def test_unused_columns(tmp_path: Path) -> None:
    row = {"prompt": "a", "completion": "b", "level": 1, "source": "x"}
    assert unused([row], find_trainer("sft"), DataConfig(path="x")) == ["level", "source"]
    assert unused([row], find_trainer("sft"), DataConfig(path="x", template="{level} {prompt}")) == ["source"]
    assert unused([row], find_trainer("grpo"), DataConfig(path="x")) == [], "a reward may read any"
    alpaca = {"instruction": "a", "input": "", "output": "b", "prompt": "a", "completion": "b", "text": "c"}
    assert unused([alpaca], find_trainer("sft"), DataConfig(path="x")) in ([], ["text"])
    mapped = DataConfig(path="x", columns={"prompt": "source.name"})
    assert unused([row], find_trainer("sft"), mapped) == ["level"]
