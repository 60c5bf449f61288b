"""What a script hands the callbacks wrongly is one line before the first step, and nothing comes after the training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import UsageError

SUITE = ["tiny_repeat"]


def callbacks(out: Path) -> dict[str, Any]:
    from holdfast.trainers.callback import BeforeAfter
    from holdfast.trainers.guard.guard import Guard

    return {
        "BeforeAfter": BeforeAfter(suite=SUITE, out=out / "run", limit=2),
        "Guard": Guard(SUITE, every=1, limit=2, pool=2, out=out / "guard"),
    }


def reward_model(untrained: Path, out: Path, callback: Any) -> None:
    from datasets import Dataset
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from trl import RewardConfig, RewardTrainer

    rows = [{"prompt": f"Say {n}. ", "chosen": str(n), "rejected": "no"} for n in range(8)]
    RewardTrainer(
        model=AutoModelForSequenceClassification.from_pretrained(untrained, num_labels=1, pad_token_id=256),
        args=RewardConfig(str(out), max_steps=1, use_cpu=True, bf16=False, report_to="none"),
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(untrained),
        callbacks=[callback],
    ).train()


def no_tokenizer(untrained: Path, out: Path, callback: Any) -> None:
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

    rows = [{"input_ids": [1, 2, n], "labels": [1, 2, n]} for n in range(8)]
    Trainer(
        model=AutoModelForCausalLM.from_pretrained(untrained),
        args=TrainingArguments(str(out), max_steps=1, use_cpu=True, report_to="none"),
        train_dataset=Dataset.from_list(rows),
        callbacks=[callback],
    ).train()


SCRIPTS: dict[str, tuple[Callable[[Path, Path, Any], None], str]] = {
    "a reward model": (reward_model, "measures the text that a model writes, and a Qwen3ForSequenceClassification"),
    "no tokenizer": (no_tokenizer, "give the trainer its tokenizer as processing_class"),
}


@pytest.mark.parametrize("name", ["BeforeAfter", "Guard"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_what_cannot_be_measured_is_told_before_the_first_step(
    script: str, name: str, untrained: Path, tmp_path: Path
) -> None:
    train, message = SCRIPTS[script]
    with pytest.raises(UsageError, match=f"{name} measures.*|{message}") as refused:
        train(untrained, tmp_path / "trl", callbacks(tmp_path)[name])
    assert message in str(refused.value) and str(refused.value).startswith(name)


WRONG: dict[str, list[tuple[dict[str, Any], str]]] = {
    "BeforeAfter": [
        ({"margin": "5"}, "margin cannot be '5'"),
        ({"margin": [5]}, "margin cannot be"),
        ({"limit": "8"}, "limit cannot be '8'"),
        ({"limit": 0}, "limit must be at least 1"),
        ({"limit": 2.5}, "limit cannot be 2.5"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"batch_size": "big"}, "batch_size cannot be 'big'"),
        ({"overwrite": "yes"}, "overwrite cannot be 'yes'"),
        ({"target": "tiny_rpeat"}, "unknown target .*'tiny_rpeat'; did you mean 'tiny_repeat'"),
    ],
    "Guard": [
        ({"margin": "5"}, "margin cannot be '5'"),
        ({"every": 2.5}, "every cannot be 2.5"),
        ({"every": 0}, "must be at least 1"),
        ({"alpha": "0.05"}, "alpha cannot be '0.05'"),
        ({"batch_size": "big"}, "batch_size cannot be 'big'"),
        ({"policy": "stopp"}, "did you mean 'stop'"),
        ({"tasks": "tiny_rpeat"}, "'tiny_rpeat'.*did you mean 'tiny_repeat'"),
    ],
}


@pytest.mark.parametrize(("name", "given", "message"), [(n, g, m) for n, rows in WRONG.items() for g, m in rows])
def test_a_wrong_value_is_refused_where_it_is_written(
    name: str, given: dict[str, Any], message: str, tmp_path: Path
) -> None:
    from holdfast.trainers.callback import BeforeAfter
    from holdfast.trainers.guard.guard import Guard

    right: dict[str, Any] = {"suite": SUITE, "out": tmp_path / "run"}
    with pytest.raises(UsageError, match=message):
        (BeforeAfter if name == "BeforeAfter" else Guard)(**(right | given))


def test_one_task_may_stand_alone(tmp_path: Path) -> None:
    from holdfast.trainers.callback import BeforeAfter
    from holdfast.trainers.guard.guard import Guard

    assert BeforeAfter(suite=SUITE, out=tmp_path, target="tiny_repeat").target == ("tiny_repeat",)
    assert Guard(["tiny_repeat", "tiny_upper"], "tiny_upper").tasks == ["tiny_upper"]


def test_an_out_that_is_a_file(untrained: Path, tmp_path: Path) -> None:
    from helpers.trl_scripts import sft

    (tmp_path / "run").write_text("mine")
    callback = callbacks(tmp_path)["BeforeAfter"]
    with pytest.raises(UsageError, match=r"run is no directory that can be written: File exists"):
        sft(untrained, untrained, tmp_path / "trl", callback).train()
    assert (tmp_path / "run").read_text() == "mine"


def test_weights_that_are_no_numbers_are_said(untrained: Path, tmp_path: Path) -> None:
    from helpers.trl_scripts import sft

    callback = callbacks(tmp_path)["BeforeAfter"]
    sft(untrained, untrained, tmp_path / "trl", callback, learning_rate=1e30, max_grad_norm=0.0).train()
    assert "the training left weights that are no numbers (first " in (tmp_path / "run" / "report.md").read_text()
