"""Several rewards that TRL adds up: what one of them cannot judge is no 0 in the sum."""

from typing import Any

import pytest

from holdfast import Reward, Sample, Score
from holdfast.registry import register
from holdfast.rewards.adapters.trl import together


@register("fails_on_boom", needs_reference=False)
def fails_on_boom(sample: Sample) -> Score:
    """Raises for a completion "boom".

    >>> True
    True
    """
    if sample.text == "boom":
        raise RuntimeError("boom")
    return Score.of(True)


@register("knows_letters", needs_reference=False)
def knows_letters(sample: Sample) -> Score:
    """Cannot judge digits."""
    return Score.unjudgeable("digits") if sample.text.isdigit() else Score.of(True)


def _values(names: list[str], prompts: list[Any], completions: list[Any]) -> list[list[float | None]]:
    functions = together(*(Reward(name) for name in names))
    assert [function.__name__ for function in functions] == names
    return [function(prompts=prompts, completions=completions, completion_ids=None) for function in functions]


def test_a_failure_of_ours_is_left_out_of_all() -> None:
    ours, other = _values(["fails_on_boom", "knows_letters"], ["p", "p", "q"], ["a", "boom", "boom"])
    assert ours == [1.0, None, None]
    assert other == [1.0, None, None]


def test_what_one_cannot_judge_of_a_group_is_left_out_of_all() -> None:
    letters, _ = _values(["knows_letters", "fails_on_boom"], ["p", "p"], ["a", "7"])
    assert letters == [1.0, None]
    assert _ == [1.0, None]


def test_rows_of_another_task_are_left_to_the_reward_that_knows_them() -> None:
    letters, other = _values(["knows_letters", "fails_on_boom"], ["p", "p"], ["6", "7"])
    assert letters == [None, None]
    assert other == [1.0, 1.0]


def test_every_batch_is_judged_anew() -> None:
    one, _ = together(Reward("knows_letters"), Reward("fails_on_boom"))
    assert one(prompts=["p"], completions=["a"]) == [1.0]
    again = ["7"]
    assert one(prompts=["p"], completions=again) == [None]
    again[0] = "b"
    assert one(prompts=["p"], completions=again) == [1.0]


@pytest.mark.parametrize("broken", [0, 3])
def test_trl_leaves_the_sample_out(broken: int) -> None:
    """The sum that TRL makes (nansum, and NaN where all are, grpo_trainer.py:2756-2764): with plain Rewards the failed
    completion has the value of the others alone; with `together` it has none."""
    import torch

    completions = ["a"] * 4
    completions[broken] = "boom"
    plain = [Reward("fails_on_boom"), Reward("knows_letters")]
    sums = {}
    for kind, functions in (("plain", plain), ("together", together(*plain))):
        columns = [f(prompts=["p"] * 4, completions=completions) for f in functions]
        table = torch.tensor([[float("nan") if v is None else v for v in row] for row in zip(*columns, strict=True)])
        sums[kind] = (table.nansum(dim=1), torch.isnan(table).all(dim=1))
    assert sums["plain"][0][broken] == 1.0 and not sums["plain"][1][broken]
    assert sums["together"][1].tolist() == [i == broken for i in range(4)]
