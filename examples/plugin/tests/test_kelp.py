"""What the package adds is found by its name, and judges as it should."""

import pytest

from holdfast import Reward, Sample
from holdfast.benchmarks.suites.source import load_docs
from holdfast.benchmarks.suites.suite import load_suite
from holdfast.environment import make_environment
from holdfast.trainers.settings.catalogue import find_trainer


@pytest.mark.parametrize(("text", "value"), [("It is kelp", 1.0), ("Kelp", 1.0), ("moss", 0.0), ("", 0.0)])
def test_the_reward_looks_for_a_word(text: str, value: float) -> None:
    assert Reward("kelp_word").score(Sample(text, "kelp")).value == value


def test_the_gold_answer_of_every_riddle_is_right() -> None:
    task = load_suite("kelp_riddles").entries[0].task
    reward = Reward.from_config(task.reward)
    rows = load_docs(task.source, None, task.name)
    assert len(rows) == 3
    for row in rows:
        assert reward.score(Sample(task.reference(row), task.reference(row), task.prompt(row))).value == 1.0


@pytest.mark.parametrize(("text", "value"), [("it is kelp", 1.0), ("it is moss", 0.0)])
def test_the_environment_is_played_in_one_turn(text: str, value: float) -> None:
    environment = make_environment("kelp_riddle")
    episode = environment.open(next(iter(environment.tasks("test"))), 0)
    assert episode.step({"role": "assistant", "content": text}).done
    assert episode.score().value == value


def test_the_trainer_is_known() -> None:
    assert find_trainer("kelp_sft").trainer == "SFTTrainer"
