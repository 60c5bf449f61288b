"""reasoning-gym as it is installed: own answers earn 1, nothing stated earns 0, a dead process has no value."""

import pytest
from helpers.foreign import foreign_python

from holdfast.benchmarks.environments.drivers.process import Worker, shared_worker
from holdfast.benchmarks.environments.shared.audit import audit_environment, play
from holdfast.environment import Environment, make_environment
from holdfast.errors import UsageError

WITHOUT_AN_ANSWER = {"boxnet", "rush_hour"}
"""Generators (0.1.25) whose entries hold no answer at all."""


@pytest.fixture(scope="module")
def python() -> str:
    """The package's interpreter."""
    return foreign_python("reasoning-gym", "reasoning_gym")


def _worker(python: str) -> Worker:
    return shared_worker("reasoning_gym_worker.py", python)


def made(python: str, name: str, items: int = 2, **options: object) -> Environment:
    """A generator."""
    return make_environment(f"reasoning_gym:{name}", python=python, items=items, **options)


def test_an_answer_is_judged_by_the_generator(python: str) -> None:
    gym = made(python, "chain_sum")
    row = next(iter(gym.tasks("test")))
    assert play(gym, row, lambda asked: f"So <answer>{row['answer']}</answer>").value == 1.0
    assert (
        play(gym, row, lambda asked: f"<think><answer>0</answer></think><answer>{row['answer']}</answer>").value == 1.0
    )
    assert play(gym, row, lambda asked: f"<think>is it <answer>{row['answer']}</answer>").value == 0.0
    assert play(gym, row, lambda asked: str(row["answer"])).reason == "no answer between <answer> tags"


def test_rows_are_the_same_in_every_process_and_the_splits_differ(python: str) -> None:
    one, other = (list(made(python, "chain_sum", 5).tasks(split)) for split in ("test", "train"))
    assert one == list(made(python, "chain_sum", 5).tasks("test"))
    assert {row["prompt"] for row in one}.isdisjoint(row["prompt"] for row in other)


def test_a_narrow_generator_does_not_train_on_what_it_measures(python: str) -> None:
    narrow = {"min_terms": 4, "max_terms": 4, "min_value": 0, "max_value": 3, "max_complexity": 1}
    made = make_environment("reasoning_gym:number_sequence", python=python, items=60, config=narrow)
    measured, trained = ({row["prompt"] for row in made.tasks(split)} for split in ("test", "train"))
    assert trained and measured.isdisjoint(trained)
    row = list(made.tasks("train"))[-1]
    assert play(made, row, lambda asked: f"<answer>{row['answer']}</answer>").value == 1.0


def test_mistakes_are_named(python: str) -> None:
    with pytest.raises(UsageError, match="did you mean 'chain_sum'"):
        list(made(python, "chain_sm").tasks("test"))
    with pytest.raises(UsageError, match="refuses its settings"):
        list(made(python, "chain_sum", config={"min_terms": "many"}).tasks("test"))
    with pytest.raises(UsageError, match="split"):
        list(made(python, "chain_sum").tasks("validation"))


def test_a_process_without_an_answer_is_no_zero(python: str) -> None:
    gym = made(python, "chain_sum")
    row = next(iter(gym.tasks("test")))
    running = _worker(python)
    running._timeout, before = -1.0, running._timeout
    try:
        score = play(gym, row, lambda asked: "<answer>1</answer>")
    finally:
        running._timeout = before
    assert (score.value, score.outcome) == (None, "error")


@pytest.mark.slow
def test_every_generator(python: str) -> None:
    found = {}
    for name in _worker(python).ask("names"):
        gym = made(python, name)
        rows = list(gym.tasks("test"))
        own = [play(gym, row, lambda asked, row=row: f"<answer>{row['answer']}</answer>").value for row in rows]  # type: ignore[misc]
        empty = [play(gym, row, lambda asked: "<answer></answer>").value for row in rows]
        assert empty == [0.0] * len(rows), name
        if own != [1.0] * len(rows):
            found[name] = own
    assert set(found) == WITHOUT_AN_ANSWER, found


@pytest.mark.slow
def test_an_audit_finds_what_lazy_answers_earn(python: str) -> None:
    gym = made(python, "fraction_simplification", 20)
    card = audit_environment("reasoning_gym:fraction_simplification", gym, list(gym.tasks("test")))
    assert card.own is not None and card.own.count == 20
    assert card.hedged is not None and card.hedged.count > 0, "the scorer takes an answer beside another"
    assert card.cheapest is not None and "earns" in card.markdown()
