"""Mistakes in TRL's settings are one line before anything is measured."""

from pathlib import Path

import pytest

from holdfast.errors import UsageError
from holdfast.trainers.estimate.checks import check
from holdfast.trainers.settings.compose import compose


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("trainer.args.output_dir=/elsewhere", "would move the checkpoints"),
        ("trainer.args.eval_strategy=steps", "data.validation"),
        ("trainer.args.load_best_model_at_end=true", "data.validation"),
        ("trainer.args.report_to=swanlab", "needs swanlab: pip install swanlab"),
        ("trainer.args.report_to=wanbd", "did you mean 'wandb'"),
        ("trainer.args.lr_scheduler_type=cosin", "refuses these trainer.args"),
        ("trainer.args.save_strategy=sometimes", "refuses these trainer.args"),
    ],
)
def test_one_line(word: str, message: str, untrained: Path) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        check(compose([f"model={untrained}", "data=tiny_sft", word]))
    assert "\n" not in str(raised.value)


def test_a_target_that_is_also_held(untrained: Path) -> None:
    words = [f"model={untrained}", "data=tiny_sft", "suite=[tiny_sort,tiny_upper]", "target=tiny_sort", "guard.every=5"]
    with pytest.raises(UsageError, match=r"guard\.tasks names tiny_sort, which is a target"):
        check(compose([*words, "guard.tasks=[tiny_upper,tiny_sort]"]))
    check(compose([*words, "guard.tasks=[tiny_upper]"]))


def test_vllm_that_is_not_there(untrained: Path) -> None:
    words = ["trainer=grpo", f"model={untrained}", "trainer.args.use_vllm=true", "trainer.args.vllm_mode=colocate"]
    with pytest.raises(UsageError, match="needs vllm"):
        check(compose(words))


GROUPS = ["trainer=grpo", "reward={reward: length, maximum: 5}", "trainer.args.num_generations=4"]


@pytest.mark.parametrize(
    ("more", "measured"),
    [([], "eval_loss"), ([*GROUPS, "trainer.args.max_completion_length=6"], "eval_reward")],
    ids=["loss", "reward"],
)
def test_validation_rows_are_measured(more: list[str], measured: str, untrained: Path, tmp_path: Path) -> None:
    from holdfast.trainers.job.training import train
    from holdfast.trainers.run.run_dir import open_run

    args = ["max_steps=2", "per_device_train_batch_size=4", "logging_steps=1"]
    words = [f"model={untrained}", "data.limit=20", "data.validation=0.2", f"out={tmp_path / 'run'}", "card=false"]
    config = compose([*words, *(f"trainer.args.{arg}" for arg in args), *more])
    log = train(config, open_run(config))["log"]
    assert any(measured in entry for entry in log)
