"""Each trainer raises its target skill on the embedded model, and the report says what happened to the others."""

from pathlib import Path

import pytest

from holdfast.compare import Verdict

GAIN = {
    "sft": ["experiment=tiny_sft", "trainer.args.max_steps=80"],
    "dpo": ["experiment=tiny_dpo", "trainer.args.max_steps=40"],
    "grpo": ["experiment=tiny_grpo"],
}


@pytest.mark.slow
@pytest.mark.parametrize("trainer", GAIN)
def test_the_target_rises_and_the_report_is_whole(trainer: str, tmp_path: Path) -> None:
    from holdfast.trainers.job.before_after import before_after
    from holdfast.trainers.settings.compose import compose

    held = ["tiny_upper", "tiny_repeat"]
    target = {"sft": "tiny_subtraction", "dpo": "tiny_last", "grpo": "tiny_sort"}[trainer]
    suite = f"suite=[{','.join([target, *held])}]"
    result = before_after(compose([*GAIN[trainer], suite, f"out={tmp_path / 'run'}", "gate=true"]))

    assert result.comparison is not None
    gain = result.comparison.benchmark(target)
    assert gain.role == "target"
    assert gain.verdict is Verdict.IMPROVED
    assert gain.p_improved < 0.01
    assert {b.task for b in result.comparison.held} == set(held)
    assert result.exit_code == result.comparison.exit_code
    assert result.training["steps"] > 0
    assert {p.name for p in result.out.iterdir()} >= {"before", "after", "checkpoint", "manifest.json", "report.html"}


@pytest.mark.slow
def test_sft_alone_is_forgetting_and_the_gate_says_so(tmp_path: Path) -> None:
    from holdfast.cli import main

    words = ["experiment=tiny_sft", "suite=[tiny_subtraction,tiny_upper,tiny_python]", "trainer.args.max_steps=40"]
    assert main(["train", *words, f"out={tmp_path / 'run'}", "gate=true"]) == 1
    assert main(["train", *words, f"out={tmp_path / 'run'}"]) == 0, "without a gate a finished run is 0"


@pytest.mark.slow
@pytest.mark.parametrize("trainer", ["rloo", "kto", "reward"])
def test_the_other_trainers_run_through(trainer: str, tmp_path: Path) -> None:
    from holdfast.trainers.job.before_after import before_after
    from holdfast.trainers.settings.compose import compose

    words = [f"trainer={trainer}", "suite=[tiny_last]", "limit=20", "trainer.args.max_steps=5"]
    extra = ["trainer.args.max_completion_length=16"] if trainer == "rloo" else []
    result = before_after(compose([*words, *extra, f"out={tmp_path / 'run'}"]))
    assert result.training["steps"] == 5
    assert (result.comparison is None) == (trainer == "reward")


MORE: dict[str, list[str]] = {
    "orpo": ["trainer=orpo", "data.limit=2000", "learning_rate=1.0e-4", "per_device_train_batch_size=16"],
    "cpo": ["trainer=cpo", "data.limit=2000", "learning_rate=5.0e-5", "per_device_train_batch_size=16"],
    "simpo": ["trainer=simpo", "data.limit=2000", "learning_rate=1.0e-4", "per_device_train_batch_size=16"],
}


@pytest.mark.slow
@pytest.mark.parametrize("trainer", MORE)
def test_trainers_without_a_reference_model_raise_their_target(trainer: str, tmp_path: Path) -> None:
    from holdfast.trainers.job.before_after import before_after
    from holdfast.trainers.settings.compose import compose

    words = [w if w.startswith(("trainer=", "data.")) else f"trainer.args.{w}" for w in MORE[trainer]]
    suite = ["suite=[tiny_last,tiny_upper]", "target=[tiny_last]", "limit=100", "trainer.args.max_steps=60"]
    result = before_after(compose([*words, *suite, f"out={tmp_path / 'run'}"]))
    assert result.comparison is not None
    assert result.comparison.benchmark("tiny_last").verdict is Verdict.IMPROVED
