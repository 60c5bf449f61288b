"""The guard: stops a training that forgets, lets one alone that does not, and changes nothing while it only looks."""

import random
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import UsageError
from holdfast.trainers.guard import Guard, Skill

HELD = ["tiny_upper", "tiny_python"]


def lesson(out: Path, *words: str) -> tuple[list[float], dict[str, Any]]:
    """Losses and facts of a training on the embedded model."""
    from holdfast.trainers.compose import compose
    from holdfast.trainers.directory import open_run
    from holdfast.trainers.model import threads
    from holdfast.trainers.training import check, train

    suite = f"suite=[tiny_subtraction,{','.join(HELD)}]"
    config = compose(["experiment=tiny_sft", suite, "trainer.args.logging_steps=1", f"out={out}", *words])
    check(config)
    with threads(1):
        facts = train(config, open_run(config))
    return [entry["loss"] for entry in facts["log"] if "loss" in entry], facts


def test_it_stops_a_training_that_forgets_and_changes_nothing_before(tmp_path: Path) -> None:
    from holdfast.run import read_json

    plain, _ = lesson(tmp_path / "plain", "trainer.args.max_steps=30")
    guarded, facts = lesson(
        tmp_path / "guarded", "trainer.args.max_steps=30", "guard.every=10", "guard.policy=rollback", "guard.limit=32"
    )
    assert guarded == plain[: len(guarded)], "the guard disturbed the training it watched"
    assert facts["steps"] < 30
    record = read_json(tmp_path / "guarded" / "guard" / "guard.json")
    assert set(record["acted"]["broken"]) <= set(HELD)
    assert record["acted"]["restored_step"] < record["acted"]["step"] == facts["steps"]
    assert record["seconds"] > 0


def test_rollback_brings_the_weights_back(tmp_path: Path) -> None:
    import torch

    from holdfast.benchmarks.models import load
    from holdfast.trainers.snapshot import restore, snapshot

    model = load("tiny", dtype="float32").model
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    snapshot(model, tmp_path / "good.safetensors")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1)
    restore(model, tmp_path / "good.safetensors")
    assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())


@pytest.mark.parametrize("accuracy", [0.3, 0.7, 0.95])
def test_no_more_than_one_unchanged_training_in_twenty_is_stopped(accuracy: float) -> None:
    """200 trainings of 20 looks, five skills each, that never change: every item is drawn anew at its accuracy."""
    chance = random.Random(7)
    stopped = sum(_false_alarm(chance, accuracy) for _ in range(200))
    assert stopped <= 0.05 * 200


def _false_alarm(chance: random.Random, accuracy: float) -> bool:
    from holdfast.stats.eprocess import Watch

    skills = [Skill(Watch(0.05 / 5)) for _ in range(5)]
    before = [{str(i): float(chance.random() < accuracy) for i in range(200)} for _ in skills]
    for look in range(20):
        items = [str((look * 64 + i) % 200) for i in range(64)]
        for skill, known in zip(skills, before):
            skill.look(known, {item: float(chance.random() < accuracy) for item in items})
            if skill.broken(0.05):
                return True
    return False


def test_a_real_loss_is_seen_soon() -> None:
    from holdfast.stats.eprocess import Watch

    chance = random.Random(3)
    skill = Skill(Watch(0.01))
    before = {str(i): 1.0 for i in range(400)}
    for look in range(4):
        items = [str(look * 64 + i) for i in range(64)]
        skill.look(before, {item: float(chance.random() < 0.8) for item in items})
    assert skill.broken(0.05)


def test_mistakes_name_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'rollback'"):
        Guard("tiny", policy="rolback")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="did you mean 'tiny_upper'"):
        Guard("tiny", ["tiny_uper"])
