"""What a model's generation_config.json adds is part of a result; two results that differ in it are not compared."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from transformers import GenerationConfig

from holdfast.benchmarks.engine.backends.generation_defaults import added
from holdfast.compare import compare
from holdfast.errors import DataError
from holdfast.runs.measurement import Measurement, TaskResult, sample_path, summarize, write_results
from holdfast.runs.row import Row, encode

GREEDY = {"until": [], "max_gen_toks": 9, "do_sample": False, "temperature": 0.0}


def result(folder: Path, generation: dict[str, Any]) -> Measurement:
    rows = [Row("t", str(n), f"h{n}", "p", "?", "x", "x", 1.0, "correct") for n in range(30)]
    path = sample_path(folder, "t")
    path.parent.mkdir(parents=True)
    path.write_text("".join(encode(row) + "\n" for row in rows))
    made = replace(summarize(TaskResult("t"), rows), generation=generation)
    found = Measurement(folder, {"t": made}, {"name": folder.name, "fingerprint": folder.name})
    write_results(found)
    return found


@pytest.mark.parametrize(
    "defaults", [{"repetition_penalty": 1.3}, {"no_repeat_ngram_size": 3}, {"suppress_tokens": [5]}]
)
def test_it_is_recorded_and_compared(defaults: dict[str, Any], tmp_path: Path) -> None:
    model: Any = SimpleNamespace(generation_config=GenerationConfig(**defaults))
    assert added(model, GREEDY) == defaults
    before, after = result(tmp_path / "a", GREEDY), result(tmp_path / "b", GREEDY | {"model_defaults": defaults})
    with pytest.raises(DataError, match=next(iter(defaults))):
        compare(before, after)
    again = result(tmp_path / "c", GREEDY | {"model_defaults": defaults})
    assert compare(after, again).benchmarks[0].difference == 0


@pytest.mark.parametrize("own", [{"repetition_penalty": 1.1}, {"max_new_tokens": 3}, {"temperature": 0.2}])
def test_what_was_asked_for_is_never_overridden(own: dict[str, Any]) -> None:
    model: Any = SimpleNamespace(generation_config=GenerationConfig(**dict.fromkeys(own, 7)))
    asked = GREEDY | ({"do_sample": True} if "temperature" in own else {}) | own
    assert set(own) & set(added(model, asked)) == set()
