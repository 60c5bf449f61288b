"""Rows of published data sets as they come: recognised, converted, gold right, spoiled wrong, odd ones refused."""

import base64
import json
import os
import pickle
import zlib
from typing import Any

import pytest
from helpers import code_rows
from helpers.paths import shared
from helpers.sandboxes import need

from holdfast.reward import Reward
from holdfast.rewards.sandbox import formats
from holdfast.rewards.sandbox.source.reference import BadReferenceError, read
from holdfast.sample import Outcome, Sample


@pytest.mark.parametrize("shape", list(code_rows.SHAPES))
def test_gold_passes_and_spoiled_fails_in_every_shape(shape: str) -> None:
    made = code_rows.SHAPES[shape]
    reward = Reward("code", backend=need("bubblewrap"), timeout=20.0)
    problems = list(code_rows.problems(6))
    gold = reward.score_batch([Sample(made.gold(p), made.make(p)) for p in problems])
    spoiled = [Sample(code_rows.spoiled(made.gold(p)), made.make(p)) for p in problems]
    assert [score.value for score in gold] == [1.0] * 6, [score.reason for score in gold]
    assert [score.value for score in reward.score_batch(spoiled)] == [0.0] * 6
    assert all("taken for a row of" in score.reason for score in gold)


def test_every_problem_of_livecodebench_is_read() -> None:
    rows = json.loads(shared("livecodebench", "livecodebench.json").read_text())
    tasks = [read(row) for row in rows]
    assert len(tasks) == 879 and {task.style for task in tasks} == {"stdin", "function"}
    assert all(task.tests for task in tasks)


def test_columns_alone_and_their_text_are_read() -> None:
    problem = next(code_rows.problems(1))
    row = code_rows.apps(problem)
    for reference in (row["input_output"], json.loads(row["input_output"])):
        assert read(reference).tests == read(row).tests
    lcb = code_rows.livecodebench(problem)
    assert len(read(lcb).tests) == len(problem.calls)


class _Trap:
    def __reduce__(self) -> Any:
        return os.system, ("touch /tmp/holdfast-pickled",)


@pytest.mark.parametrize("value", [_Trap(), ["a", "b"], {"a": 1}, b"x", 5])
def test_hidden_tests_whose_pickle_is_more_than_a_text_are_refused_unread(value: Any) -> None:
    row = code_rows.livecodebench(next(code_rows.problems(1)))
    row["private_test_cases"] = base64.b64encode(zlib.compress(pickle.dumps(value))).decode()
    with pytest.raises(BadReferenceError):
        read(row)


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ({"tests": ["assert f(1) == 1"], "chekcer": "x"}, "did you mean 'checker'"),
        ({"tests": ["assert f(1) == 1"], "chekcer": "x", "format": "apps"}, "did you mean 'checker'"),
        ({"tests": ["assert f(1) == 1"], "format": "app"}, "did you mean 'apps'"),
        ({"inputs": ["1"], "outputs": ["1"], "language": "cobol"}, "unknown language"),
        ({"inputs": ["1"], "outputs": ["1"], "memory_limit": 4096}, "more than memory=512"),
        ({"input_output": '{"inputs": ["1"], "outputs": ["1"]}', "memory_limit": "1 gigabytes"}, "more than memory"),
        ({"tests": ["assert f(1) == 1"], "checker": "print(1)"}, "needs style 'stdin'"),
        ({"tests": ["assert f(1) == 1"], "language": "cpp"}, "style 'stdin'"),
        ({"tests": [{"input": "", "output": "1"}], "language": "cobol"}, "unknown language"),
        ({"tests": [{"input": "", "output": "1"}], "compare": "fuzzy"}, "'compare' must be one of"),
        ({"tests": [{"input": "", "output": "1"}], "time_limit": "2 s"}, "above 0"),
        ({"tests": [{"input": "", "output": "1"}], "memory_limit": 4096}, "more than memory=512"),
        ({"tests": [{"input": "", "output": "1", "weight": 3}]}, "unknown key 'weight'"),
        ({"inputs": ["1", "2"], "outputs": ["1"]}, "cannot be read"),
        ({"official_tests": [], "interaction_format": "talk"}, "interactive"),
    ],
)
def test_what_a_row_says_takes_effect_or_is_told(reference: dict[str, Any], reason: str) -> None:
    score = Reward("code", backend="bubblewrap").score(Sample("def f(x): return x", reference))
    assert score.outcome is Outcome.UNJUDGEABLE and reason in score.reason


def test_every_format_has_a_shape_and_a_title() -> None:
    made = {
        formats.recognise(formats.parsed(shape.make(next(code_rows.problems(1)))))
        for shape in code_rows.SHAPES.values()
    }
    assert None not in made and all(item.title for item in formats.FORMATS.values())
