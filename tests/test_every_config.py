"""Every configuration that ships composes, and what it names exists."""

from importlib import resources

import pytest

from holdfast.benchmarks.suites.suite import load_suite, suite_names
from holdfast.config import choices
from holdfast.trainers.run.rewards import rewards_of
from holdfast.trainers.settings.compose import compose

PLUGGED_IN = ("launcher=slurm", "launcher=joblib", "launcher=ray", "sweeper=optuna")


def rows_for(word: str) -> list[str]:
    """Rows of one's own, for a trainer that has no conf/data/tiny_<name>.yaml."""
    group, _, name = word.partition("=")
    return ["data=rows.jsonl"] if group == "trainer" and f"tiny_{name}" not in choices("data") else []


@pytest.mark.parametrize(
    "word",
    [
        f"{group}={name}"
        for group in ("trainer", "model", "data", "launcher", "sweeper", "experiment")
        for name in choices(group)
    ],
)
def test_it_composes(word: str) -> None:
    try:
        config = compose([word, *rows_for(word)])
    except Exception as error:
        if word in PLUGGED_IN and "unknown " in str(error):
            pytest.skip(f"{word}: its plug-in is not installed (pip install 'holdfast-llm[sweep]')")
        raise
    assert set(config.target) <= set(load_suite(config.suite).names)
    for reward in (config.reward, config.data.reward):
        if reward is not None:
            rewards_of(reward)


@pytest.mark.parametrize("name", choices("reward"))
def test_every_reward_config_is_a_reward(name: str) -> None:
    assert rewards_of(name)[0].spec.summary


@pytest.mark.parametrize("name", suite_names())
def test_every_suite_loads(name: str) -> None:
    assert load_suite(name).names


def test_every_field_of_the_trainers_is_trls() -> None:
    from holdfast.trainers.settings import trl_args
    from holdfast.trainers.settings.catalogue import find_trainer

    for name in choices("trainer"):
        config = compose([f"trainer={name}", "data=rows.jsonl"])
        config.trainer.args |= dict.fromkeys(find_trainer(config.trainer.name).needs, "x")
        trl_args.check(config.trainer.name, config.trainer.args)


def test_no_configuration_trusts_remote_code_or_pickles() -> None:
    for name in choices("model"):
        model = compose([f"model={name}"]).model
        assert not model.trust_remote_code
        assert not model.allow_pickle


def test_every_file_is_in_a_known_group() -> None:
    groups = {entry.name for entry in resources.files("holdfast.conf").iterdir() if entry.is_dir()}
    assert groups - {"__pycache__"} <= {
        "trainer",
        "model",
        "data",
        "suite",
        "reward",
        "launcher",
        "sweeper",
        "experiment",
        "accelerate",
    }
