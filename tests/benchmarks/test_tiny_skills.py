"""The generated skills: deterministic, split without overlap, right, and judged right by their tasks."""

import ast
import json

import pytest
from helpers.needs import lacking
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.benchmarks.tiny.countries import CAPITALS
from holdfast.benchmarks.tiny.skills import SKILLS, generate, split_of
from holdfast.benchmarks.tiny.tasks import CODE, ITEMS, TASKS, tiny_task
from holdfast.errors import UsageError
from holdfast.reward import Reward
from holdfast.sample import Sample


@pytest.mark.parametrize("skill", SKILLS)
def test_same_arguments_give_the_same_rows(skill: str) -> None:
    assert generate(skill, "train", 50, 3) == generate(skill, "train", 50, 3)
    assert generate(skill, "train", 50, 3) != generate(skill, "train", 50, 4)
    assert generate(skill, "train", 50, 3)[:20] == generate(skill, "train", 20, 3)


@pytest.mark.parametrize("skill", SKILLS)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=4, deadline=None)
def test_splits_share_no_prompt(skill: str, seed: int) -> None:
    train = {row["prompt"] for row in generate(skill, "train", 100, seed)}
    held_out = {row["prompt"] for row in generate(skill, "eval", 50, seed)}
    assert len(train) == 100 and len(held_out) == 50
    assert not train & held_out
    assert {split_of(prompt) for prompt in held_out} == {"eval"}


def test_answers_are_right() -> None:
    for row in generate("addition", "eval", 100):
        left, _, right = row["prompt"].removeprefix("Compute ").partition(" + ")
        assert int(row["completion"]) == int(left) + int(right)
    for row in generate("subtraction", "eval", 100):
        left, _, right = row["prompt"].removeprefix("Compute ").partition(" - ")
        assert int(row["completion"]) == int(left) - int(right) >= 0
    for row in generate("capitals", "eval", 100):
        country = row["prompt"].removeprefix("Capital of ").partition("?")[0]
        assert row["choices"]["ABCD".index(row["reference"])] == CAPITALS[country]
        assert row["choices"].count(CAPITALS[country]) == 1
    for row in generate("json", "eval", 100):
        asked = dict(pair.split("=") for pair in row["prompt"].removeprefix("JSON of ").split())
        assert {key: str(value) for key, value in json.loads(row["completion"]).items()} == asked


@given(x=st.integers(-100, 100))
@settings(max_examples=20, deadline=None)
def test_python_answers_compute_what_the_prompt_says(x: int) -> None:
    steps = {"add": int.__add__, "subtract": int.__sub__, "multiply by": int.__mul__}
    for row in generate("python", "eval", 50):
        expected = x
        for step in row["prompt"].removeprefix("Python f: ").split(", "):
            verb, _, number = step.rpartition(" ")
            expected = steps[verb](expected, int(number))
        function = ast.parse(row["completion"]).body[0]
        assert isinstance(function, ast.FunctionDef) and isinstance(function.body[0], ast.Return)
        assert _value(function.body[0].value, x) == expected


def _value(node: ast.expr | None, x: int) -> int:
    match node:
        case ast.Name():
            return x
        case ast.Constant(value=int(number)):
            return number
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _value(left, x), _value(right, x)
            return {"Add": a + b, "Sub": a - b, "Mult": a * b}[type(op).__name__]
    raise AssertionError(f"not an arithmetic expression: {node}")


def test_functions_are_judged_by_running_them() -> None:
    """The sandboxed task: gold passes, an equal function in other words passes, a wrong one does not."""
    from holdfast.rewards.sandbox.backends.bubblewrap import available

    if missing := available():
        lacking("bubblewrap", f"needs bubblewrap: {missing}")
    reward = Reward("code", backend="bubblewrap")
    docs = list(CODE.source.rows())[:12]  # type: ignore[misc]
    gold = [Sample(d["completion"], d["checks"]) for d in docs]
    other = [Sample(d["completion"].replace("return ", "y = ") + "\n    return y", d["checks"]) for d in docs]
    wrong = [Sample(d["completion"] + " + 1", d["checks"]) for d in docs]
    values = [score.value for score in reward.score_batch([*gold, *other, *wrong])]
    assert values == [1.0] * 24 + [0.0] * 12


@pytest.mark.parametrize("task", [task for task in TASKS if task is not CODE], ids=lambda task: task.name)
def test_gold_completions_score_one(task) -> None:  # type: ignore[no-untyped-def]
    reward = Reward.from_config(task.reward)
    docs = list(task.source.rows())
    assert len(docs) == ITEMS
    scores = reward.score_batch(
        [Sample(task.answer(d), task.reference(d), task.prompt(d), task.sample_info(d)) for d in docs]
    )
    assert [score.value for score in scores] == [1.0] * ITEMS
    assert all(len(task.answer(d).encode()) < task.max_tokens for d in docs)


def test_wrong_completions_score_zero() -> None:
    task = tiny_task("capitals")
    docs = list(task.source.rows())  # type: ignore[misc]
    reward = Reward.from_config(task.reward)
    shifted = [Sample("ABCD"[("ABCD".index(d["reference"]) + 1) % 4], d["reference"], info=d) for d in docs]
    assert {score.value for score in reward.score_batch(shifted)} == {0.0}


def test_bad_requests_name_what_is_there() -> None:
    with pytest.raises(UsageError, match="did you mean 'addition'"):
        generate("adition", "train", 1)
    with pytest.raises(UsageError, match="did you mean 'eval'"):
        generate("addition", "evil", 1)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="at most"):
        generate("subtraction", "eval", 1000)
