"""TRL's other trainers, from their declarations: each trains, is measured and reported."""

from pathlib import Path

import pytest
from helpers.trl_scripts import other_model

from holdfast.errors import UsageError
from holdfast.trainers.settings.compose import compose

SMALL = {
    "orpo": ["max_length=128"],
    "cpo": ["max_length=128"],
    "simpo": ["max_length=128"],
    "distill": ["teacher_model_name_or_path={teacher}", "max_completion_length=6"],
    "gkd": ["teacher_model_name_or_path={teacher}", "max_new_tokens=6", "max_length=128"],
    "online_dpo": ["max_new_tokens=6"],
}


@pytest.mark.parametrize("trainer", SMALL)
def test_it_trains(trainer: str, untrained: Path, tmp_path: Path) -> None:
    from holdfast.trainers.job.before_after import before_after

    teacher = other_model(untrained, tmp_path / "teacher")
    args = ["max_steps=2", "logging_steps=1", "per_device_train_batch_size=4", "learning_rate=1e-2", *SMALL[trainer]]
    words = [f"trainer.args.{arg.format(teacher=teacher)}" for arg in args]
    config = compose(
        [f"trainer={trainer}", f"model={untrained}", "suite=[tiny_last]", "limit=4", f"out={tmp_path / 'run'}", *words]
    )
    result = before_after(config)
    losses = [entry["loss"] for entry in result.training["log"] if "loss" in entry]
    assert len(losses) == 2
    weights = [(path / "model.safetensors").read_bytes() for path in (untrained, tmp_path / "run" / "checkpoint")]
    assert weights[0] != weights[1], "something was learned"
    assert result.comparison is not None


def test_a_teacher_is_asked_for() -> None:
    from holdfast.trainers.settings import trl_args

    with pytest.raises(UsageError, match=r"trainer=distill needs trainer.args.teacher_model_name_or_path"):
        trl_args.check("distill", {})
