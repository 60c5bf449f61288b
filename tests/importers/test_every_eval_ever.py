"""Every Eval Ever's lines that differ from ours: read as they are, or refused in a line; two records never mixed."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.compare import load
from holdfast.errors import DataError

LINE: dict[str, Any] = {
    "schema_version": "0.3.0",
    "evaluation_id": "e",
    "model_id": "org/m",
    "evaluation_name": "gsm8k",
    "evaluation_result_id": "r",
    "sample_id": "1",
    "interaction_type": "multi_turn",
    "input": {"raw": "2 + 2?", "formatted": "<user>2 + 2?", "reference": ["4"]},
    "output": {"raw": ["4"]},
    "messages": [{"turn_idx": 0, "role": "assistant", "content": "4"}],
    "answer_attribution": [{"extracted_value": "4", "extraction_method": "custom"}],
    "evaluation": {"score": 1.0, "is_correct": True},
    "token_usage": {"output_tokens": 3},
    "metadata": {"repeat": "0", "tokens": "3", "category": "c"},
}
RECORD: dict[str, Any] = {
    "evaluation_results": [
        {"evaluation_result_id": "r", "evaluation_name": "gsm8k", "metric_config": {"metric_id": "acc", "max_score": 1}}
    ]
}
ODD: list[Any] = [None, [], {}, "x", 3, [3], [[]], {"raw": 3}]


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every field and element, at any depth."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*place, key)
        yield from places(one, (*place, key))


def changed(value: Any, place: tuple[Any, ...], odd: Any) -> Any:
    whole = copy.deepcopy(value)
    holder = whole
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = odd
    return whole


def written(folder: Path, lines: list[dict[str, Any]], record: Any = RECORD, name: str = "a") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}_samples.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / f"{name}.json").write_text(json.dumps(record))
    return folder


def read_or_refused(folder: Path) -> None:
    try:
        found = load(folder)
        for task in found.tasks:
            for row in found.rows(task):
                assert row.extracted is None or isinstance(row.extracted, str)
    except DataError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("place", list(places(LINE)), ids=lambda place: ".".join(map(str, place)))
def test_an_odd_field_is_read_or_refused(place: tuple[Any, ...], tmp_path: Path) -> None:
    for number, odd in enumerate(ODD):
        read_or_refused(written(tmp_path / str(number), [LINE, changed(LINE, place, odd) | {"sample_id": "2"}]))


@pytest.mark.parametrize("place", list(places(RECORD)), ids=lambda place: ".".join(map(str, place)))
def test_an_odd_record_is_read_or_refused(place: tuple[Any, ...], tmp_path: Path) -> None:
    for number, odd in enumerate(ODD):
        read_or_refused(written(tmp_path / str(number), [LINE], changed(RECORD, place, odd)))


def test_two_records_of_an_evaluation_are_never_mixed(tmp_path: Path) -> None:
    written(tmp_path, [LINE])
    written(tmp_path, [LINE | {"evaluation": {"score": 0.0}}], name="b")
    with pytest.raises(DataError, match="'gsm8k' twice"):
        load(tmp_path)
    assert load(tmp_path / "b_samples.jsonl").tasks["gsm8k"].mean == 0


def test_lines_of_two_models_in_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="two models: org/m and, in line 2, org/other"):
        load(written(tmp_path, [LINE, LINE | {"model_id": "org/other", "sample_id": "2"}]))


def test_many_evaluations_are_read_in_one_file(tmp_path: Path) -> None:
    """The lines of several evaluations may alternate, and blank lines and other metrics of a sample stand between."""
    lines = [
        LINE | {"evaluation_name": f"t{n % 3}", "sample_id": str(n), "evaluation": {"score": float(n % 2)}}
        for n in range(12)
    ]
    others = [line | {"evaluation_result_id": "second", "evaluation": {"score": 0.25}} for line in lines]
    folder = written(tmp_path, [one for pair in zip(lines, others, strict=True) for one in pair])
    path = folder / "a_samples.jsonl"
    path.write_text(path.read_text().replace("\n", "\n\n"))
    found = load(folder)
    assert {name: (one.n, one.mean) for name, one in found.tasks.items()} == {f"t{n}": (4, 0.5) for n in range(3)}
    assert [row.doc_id for row in found.rows("t1")] == ["1", "4", "7", "10"]
