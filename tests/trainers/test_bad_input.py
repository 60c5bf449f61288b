"""What goes wrong in a training is said in a line that names what to change; what was measured is never lost."""

import contextlib
import json
import logging
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import DataError, HoldfastError, UsageError


def words(model: Path, out: Path, *more: str) -> list[str]:
    quick = [
        "suite=[tiny_sort]",
        "limit=4",
        "data.limit=16",
        "trainer.args.max_steps=4",
        "trainer.args.logging_steps=1",
    ]
    return [f"model={model}", *quick, f"out={out}", *more]


def run(*given: str) -> Any:
    from holdfast.trainers.job.before_after import before_after
    from holdfast.trainers.settings.compose import compose

    return before_after(compose(given))


def rewritten(model: Path, place: Path, **changes: Any) -> Path:
    """A copy of a model with another tokenizer_config."""
    shutil.copytree(model, place)
    file = place / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
    return place


def measured_report(out: Path) -> str:
    assert json.loads((out / "outcome.json").read_text())["status"] == "failed"
    assert json.loads((out / "before" / "results.json").read_text())["tasks"]
    text = (out / "report.md").read_text()
    assert "| tiny_sort | score |" in text or "| tiny_sort |" in text
    return text


def test_a_tokenizer_of_another_model(untrained: Path, tmp_path: Path) -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    small = AutoConfig.from_pretrained(untrained)
    small.vocab_size, small.pad_token_id, small.eos_token_id = 40, 0, 1
    shutil.copytree(untrained, tmp_path / "pair")
    AutoModelForCausalLM.from_config(small).save_pretrained(tmp_path / "pair")
    with pytest.raises(DataError, match=r"tokenizer has \d+ tokens, the model 40 embeddings"):
        run(*words(tmp_path / "pair", tmp_path / "run"))


def test_no_chat_template_names_both_ways_out_before_anything_is_measured(untrained: Path, tmp_path: Path) -> None:
    bare = rewritten(untrained, tmp_path / "bare", chat_template=None)
    (bare / "chat_template.jinja").unlink(missing_ok=True)
    with pytest.raises(UsageError, match=r"no chat template: give one with model.chat_template=<file>.*conversational"):
        run(*words(bare, tmp_path / "run"))
    assert not (tmp_path / "run" / "before" / "results.json").exists()
    run(*words(bare, tmp_path / "plain", "data.conversational=false"))


def test_a_completion_longer_than_the_context_names_the_room_there_is(untrained: Path, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"max_completion_length=9999 does not fit .* context of \d+ tokens.*take \d+ at most"
    ):
        run(*words(untrained, tmp_path / "run", "trainer=grpo", "trainer.args.max_completion_length=9999"))


def test_a_group_size_that_does_not_divide_the_batch(untrained: Path, tmp_path: Path) -> None:
    given = ("trainer=grpo", "trainer.args.per_device_train_batch_size=8", "trainer.args.num_generations=5")
    with pytest.raises(UsageError, match=r"take num_generations=4 or per_device_train_batch_size=10"):
        run(*words(untrained, tmp_path / "run", *given))


GRPO = ("trainer=grpo", "trainer.args.num_generations=4", "trainer.args.max_completion_length=8")


def test_a_reward_that_judges_nothing_ends_the_training(untrained: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        "".join(json.dumps({"prompt": f"What is {n}?", "reference": "no number"}) + "\n" for n in range(16))
    )
    with pytest.raises(DataError, match=r"no completion could be judged in the last 3 log entries.*reference column"):
        run(*words(untrained, tmp_path / "run", *GRPO, f"data={rows}", "reward=numeric"))
    assert "no completion could be judged" in measured_report(tmp_path / "run")


def test_some_groups_that_cannot_be_judged_are_told_and_left_out(
    untrained: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = tmp_path / "rows.jsonl"
    answers = ["no number", "7"] * 8
    rows.write_text("".join(json.dumps({"prompt": f"Say {n}.", "reference": a}) + "\n" for n, a in enumerate(answers)))
    with caplog.at_level(logging.WARNING, "holdfast"):
        result = run(*words(untrained, tmp_path / "run", *GRPO, f"data={rows}", "reward=numeric"))
    assert result.training["steps"] == 4
    told = [record.message for record in caplog.records if "could not judge" in record.message]
    assert len(told) == 1
    assert "a group of them teaches nothing" in told[0]


def test_a_reward_without_spread_is_told_with_its_likely_reasons(
    untrained: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "holdfast"):
        run(*words(untrained, tmp_path / "run", *GRPO, "trainer.args.max_steps=12", "reward=exact_match"))
    told = [record.message for record in caplog.records if "without any spread" in record.message]
    assert len(told) == 1
    assert "clipped_ratio" in told[0]


def test_a_loss_that_is_no_number_stops_the_training(untrained: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the loss is nan at step \d.*learning_rate"):
        run(*words(untrained, tmp_path / "run", "trainer.args.learning_rate=1e30", "trainer.args.max_grad_norm=0"))
    assert "the loss is nan" in measured_report(tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoint").exists()


def test_out_of_memory_names_the_settings_to_lower(untrained: Path, tmp_path: Path) -> None:
    """A real allocation that fails: far more positions than there is memory for."""
    import torch

    from holdfast.trainers.job.failures import explained

    with pytest.raises(HoldfastError, match=r"lower trainer.args.per_device_train_batch_size.*gradient_checkpointing"):  # noqa: SIM117
        with explained(tmp_path, "train"):
            torch.empty(1 << 60)
    with pytest.raises(HoldfastError, match=r"'measure before'.*batch_size"), explained(tmp_path, "measure before"):
        raise torch.OutOfMemoryError("CUDA out of memory")
    with pytest.raises(RuntimeError, match="shapes"), explained(tmp_path, "train"):
        raise RuntimeError("shapes do not match")


@contextlib.contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The limit on a file's size stands for a full disk: rows and results fit, weights do not."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("when", ["a checkpoint", "the last save"])
def test_a_full_disk_keeps_what_was_measured_and_goes_on_later(
    when: str, untrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from holdfast.cli import main
    from holdfast.trainers.job import training

    out, least = tmp_path / "run", (untrained / "model.safetensors").stat().st_size // 2
    given = words(untrained, out, "checkpoints=1", "target=[tiny_sort]")
    save = training._save

    def last_save(trainer: Any, place: Path) -> None:
        with files_of_at_most(least):
            save(trainer, place)

    with monkeypatch.context() as patched:
        if when == "the last save":
            patched.setattr(training, "_save", last_save)
        with files_of_at_most(least) if when == "a checkpoint" else contextlib.nullcontext():
            assert main(["train", *given]) == 70
    assert f"holdfast: no space left for {out}: free some" in capsys.readouterr().err
    assert "no space left" in measured_report(out)
    assert not (out / "training.json").exists()
    rows = (out / "before" / "samples" / "tiny_sort.jsonl").read_bytes()
    kept = [state.parent.name for state in (out / "training").glob("checkpoint-*/trainer_state.json")]
    assert ("checkpoint-4" in kept) == (when == "the last save"), "what was trained is on disk"

    assert run(*given).training["steps"] == 4
    assert (out / "before" / "samples" / "tiny_sort.jsonl").read_bytes() == rows
    assert (out / "report.html").is_file()
    if when == "the last save":
        last = (out / "training" / "checkpoint-4" / "model.safetensors").read_bytes()
        assert (out / "checkpoint" / "model.safetensors").read_bytes() == last


def test_qlora_says_what_it_misses(untrained: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="train an adapter with lora=true"):
        run(*words(untrained, tmp_path / "run", "model.load_in_4bit=true"))
    with pytest.raises(UsageError, match=r"needs (bitsandbytes|a CUDA GPU)"):
        run(*words(untrained, tmp_path / "run", "model.load_in_4bit=true", "lora=8"))
