"""A setting takes effect, or is refused before anything is measured, or is said to do nothing."""

import logging
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import HoldfastError, UsageError
from holdfast.trainers.estimate.checks import check
from holdfast.trainers.settings.bounds import BOUNDS
from holdfast.trainers.settings.compose import compose

SMALL = ["suite=[tiny_repeat]", "limit=2", "data.limit=8", "trainer.args.max_steps=1"]


@pytest.mark.parametrize("key", BOUNDS)
@pytest.mark.parametrize("end", ["least", "most"])
def test_a_number_out_of_bounds_names_what_it_may_be(key: str, end: str) -> None:
    least, most = BOUNDS[key]
    if end == "most" and most >= 2**63:
        return  # as large as one likes
    value = least - 1 if end == "least" else most + 1
    needed = ["lora.r=4"] if key == "lora.dropout" else ["guard.every=2"] if key.startswith("guard") else []
    with pytest.raises(UsageError, match=f"{key} must be (at least|between).*, not {value}"):
        check(compose([*needed, f"++{key}={value}"]))


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("lora=0", "lora.r must be at least 1, not 0"),
        ("lora.alpha=16", "lora.alpha has no effect without LoRA"),
        ("lora.dropout=0.1", "lora.dropout has no effect without LoRA"),
        ("lora.targets=q_proj", "lora.targets has no effect without LoRA"),
        ("trainer.args.resume_from_checkpoint=x", "the same command goes on"),
        ("trainer.args.dataset_text_field=body", "data.columns.text names"),
        ("model.revision=abc", "model tiny is part of Holdfast"),
        ("data.split=test", "data.split has no effect: the rows of tiny:subtraction are generated"),
        ("data.revision=abc", "data.revision has no effect"),
    ],
)
def test_what_nothing_can_follow_is_refused(word: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check(compose([word]))


@pytest.mark.parametrize(("word", "rank"), [("lora=1", 1), ("lora=8", 8), ("lora=true", 16), ("lora=false", None)])
def test_a_rank_is_a_rank(word: str, rank: Any) -> None:
    assert compose([word]).lora.r == rank


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["guard.policy=stop"], "guard.policy has no effect"),
        (["guard.margin=3"], "guard.margin has no effect"),
        (["reward=math"], "reward has no effect: trainer=sft"),
        (["data.filter.min_reward=0.5"], "data.filter.min_reward has no effect"),
        (["data.filter.similarity=0.5"], "data.filter.similarity has no effect"),
        (["data.filter.tokenizer=tiny"], "data.filter.tokenizer has no effect"),
        (["guard.policy=stop", "guard.every=2"], ""),
        (["data.filter.similarity=0.5", "data.filter.duplicates=near"], ""),
    ],
)
def test_what_does_nothing_while_another_is_off_is_said(
    words: list[str], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="holdfast"):
        check(compose(words))
    assert said in caplog.text and bool(said) == ("has no effect" in caplog.text)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trainer.args.packing=true", "trainer.args.max_length=null"], "trl.SFTTrainer refuses.*packing"),
        (["trainer.args.eos_token=foo"], "trl.SFTTrainer refuses.*'foo'"),
        (["trainer.args.push_to_hub=true"], "trl.SFTTrainer refuses"),
        (["trainer.args.per_device_train_batch_size=0"], "refuses this training: batch_size should be a positive"),
        (["trainer=dpo", "trainer.args.loss_type=foo"], "trl refuses this training: Unknown loss type"),
        (["trainer.args.learning_rate=-1"], "refuses this training: Invalid learning rate"),
    ],
)
def test_what_trl_refuses_is_one_line(words: list[str], message: str, untrained: Path, tmp_path: Path) -> None:
    from holdfast.trainers.job.before_after import before_after

    with pytest.raises(HoldfastError, match=message):
        before_after(compose([f"model={untrained}", f"out={tmp_path / 'run'}", *SMALL, *words]))
