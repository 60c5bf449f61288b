"""What a replay takes of its run's settings: what teaches, and nothing that publishes, reports or evaluates."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from holdfast.trainers.repair import replay_steps
from holdfast.trainers.repair.replay_steps import Replay, replay_of, train_on_replay
from holdfast.trainers.settings.catalogue import builtin_trainers
from holdfast.trainers.settings.compose import compose

OUTWARD = re.compile("hub|push|report|run_name|project|trackio|wandb|eval|best|resume|save_")


def settings_of(trainer: str, args: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The settings that the replay of such a run would train with."""
    config = compose([f"trainer={trainer}", "model=tiny", "data=tiny_sft", "data.validation=0.1", "early_stopping=2"])
    config.trainer.args |= args
    found: list[Any] = []

    def check(settings: Any) -> None:
        found.append(settings)
        raise InterruptedError

    monkeypatch.setattr("holdfast.trainers.estimate.checks.check", check)
    replay = Replay(20, 0.5, "tiny_sft")
    with pytest.raises(InterruptedError):
        train_on_replay(config, lambda place: place.mkdir(parents=True), replay, tmp_path / "points" / "checkpoint")
    return found[0]


def test_no_outward_field_of_the_trainer_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config_class = builtin_trainers()["sft"].config_class()
    outward = {field.name: "given" for field in fields(config_class) if OUTWARD.search(field.name)}
    assert len(outward) > 30 and {"push_to_hub", "hub_model_id", "hub_token", "report_to", "run_name"} <= set(outward)
    teaching = {"learning_rate": 3e-4, "max_length": 64, "packing": False, "bf16": False}
    settings = settings_of("sft", outward | teaching, tmp_path, monkeypatch)
    args = settings.trainer.args
    assert "given" not in args.values(), args
    assert args.items() >= teaching.items() and args["max_steps"] == 20
    assert args.items() >= {"push_to_hub": False, "report_to": "none", "eval_strategy": "no"}.items()
    assert settings.early_stopping is None and settings.data.validation == 0.1, "rows held out stay so"


@pytest.mark.parametrize("trainer", sorted(name for name in builtin_trainers() if name != "sft"))
def test_of_another_trainer_only_what_teaches(trainer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outward = {field.name: "given" for field in fields(builtin_trainers()[trainer].config_class())}
    args = settings_of(trainer, outward, tmp_path, monkeypatch).trainer.args
    assert {name for name, value in args.items() if value == "given"} == set(replay_steps._KEPT) & set(outward)


def test_it_needs_steps() -> None:
    with pytest.raises(replay_steps.UsageError, match="at least one step"):
        replay_of(compose(["trainer=sft", "model=tiny", "data=tiny_sft"]), 0, 0.5, None)
