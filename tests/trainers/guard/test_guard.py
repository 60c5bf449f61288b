"""The guard: stops a training that forgets, lets one alone that does not, and changes nothing while it only looks."""

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from holdfast.errors import UsageError
from holdfast.stats.sequential.eprocess import Evidence
from holdfast.trainers.guard.guard import Guard, Skill
from holdfast.trainers.guard.probe import Pool, Probe
from holdfast.trainers.guard.schedule import Schedule

HELD = ["tiny_upper", "tiny_python"]


def lesson(out: Path, *words: str) -> tuple[list[float], dict[str, Any]]:
    """Losses and facts of a training on the embedded model."""
    from holdfast.trainers.estimate.checks import check
    from holdfast.trainers.job.training import train
    from holdfast.trainers.models.model import threads
    from holdfast.trainers.run.run_dir import open_run
    from holdfast.trainers.settings.compose import compose

    suite = f"suite=[tiny_subtraction,{','.join(HELD)}]"
    config = compose(["experiment=tiny_sft", suite, "trainer.args.logging_steps=1", f"out={out}", *words])
    check(config)
    with threads(1):
        facts = train(config, open_run(config))
    return [entry["loss"] for entry in facts["log"] if "loss" in entry], facts


@pytest.mark.slow
def test_it_stops_a_training_that_forgets_and_changes_nothing_before(tmp_path: Path) -> None:
    from holdfast.files import read_json

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


@pytest.mark.slow
def test_a_skill_that_is_broken_calls_for_no_more_looks(tmp_path: Path) -> None:
    from holdfast.files import read_json

    words = (
        "trainer.args.max_steps=30",
        "guard.every=10",
        "guard.policy=warn",
        "guard.limit=32",
        "guard.tasks=[tiny_python]",
    )
    _, facts = lesson(tmp_path, *words)
    assert facts["steps"] == 30
    record = read_json(tmp_path / "guard/guard.json")
    assert record["acted"]["broken"] == ["tiny_python"]
    last = max(look["step"] for look in record["looks"] if look["broken"])
    assert last < 30
    assert {look["why"] for look in record["looks"] if look["step"] > last} == {"schedule"}


def test_rollback_brings_the_weights_back(tmp_path: Path) -> None:
    import torch

    from holdfast.benchmarks.engine.backends.models import load
    from holdfast.trainers.guard.snapshot import restore, snapshot

    model = load("tiny", dtype="float32").model
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    snapshot(model, tmp_path / "good.safetensors")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1)
    restore(model, tmp_path / "good.safetensors")
    assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())


class Noisy(Probe):
    """Five skills of 200 items, answered by chance; looks choose their items as they always do."""

    def __init__(self, chance: random.Random, before: float, after: float) -> None:
        self.chance, self.after = chance, after
        self.held = {f"skill {k}": {str(i): float(chance.random() < before) for i in range(200)} for k in range(5)}
        items: dict[str, Any] = {str(i): [SimpleNamespace(doc_id=str(i))] for i in range(200)}
        self.pools = {task: Pool(None, items) for task in self.held}  # type: ignore[arg-type]

    def _look(self, loaded: Any, asked: Any) -> Any:
        scores = {t: {item.doc_id: float(self.chance.random() < self.after) for item in i} for t, i in asked.items()}
        return scores, sum(map(len, asked.values()))

    def scores_before(self, task: str) -> dict[str, float]:
        return self.held[task]


def _alarms(before: float, after: float, margin: float, seed: int) -> int:
    """Of 200 trainings of 20 looks, those with an alarm."""
    chance, found = random.Random(seed), 0
    guard = Guard("tiny", ["tiny_upper"])
    for _ in range(200):
        guard.probe = Noisy(chance, before, after)
        guard.skills = {task: Skill(Evidence(0.05 / 5, margin)) for task in guard.probe.pools}
        for _ in range(20):
            guard._look(None)  # type: ignore[arg-type]
            if any(skill.evidence.alarm for skill in guard.skills.values()):
                found += 1
                break
    return found


@pytest.mark.parametrize(
    "accuracy", [pytest.param(0.3, marks=pytest.mark.slow), 0.7, pytest.param(0.95, marks=pytest.mark.slow)]
)
def test_no_more_than_one_unchanged_training_in_twenty_is_stopped(accuracy: float) -> None:
    """200 trainings that never change: every item is drawn anew at its accuracy, even without any margin."""
    assert _alarms(accuracy, accuracy, 0.0, seed=7) <= 0.05 * 200


@pytest.mark.slow
def test_a_loss_within_the_margin_stops_no_more_than_one_training_in_twenty() -> None:
    assert _alarms(0.9, 0.85, 0.05, seed=8) <= 0.05 * 200
    assert _alarms(0.9, 0.6, 0.05, seed=9) >= 0.99 * 200


def test_a_real_loss_is_seen_soon() -> None:
    chance = random.Random(3)
    skill = Skill(Evidence(0.01, 0.05))
    before = {str(i): 1.0 for i in range(400)}
    for look in range(4):
        items = [str(look * 64 + i) for i in range(64)]
        skill.weigh(before, {item: float(chance.random() < 0.8) for item in items})
    assert skill.evidence.alarm


def test_looks_come_with_the_schedule_and_with_drift_only() -> None:
    still = Schedule(50)
    looks = [step for step in range(1, 201) if still.due(step) and still.look(step, {"a": 0.0})]
    assert looks == [50, 100, 150, 200]
    moving = Schedule(1000)
    glanced = [step for step in range(1, 1000) if moving.due(step) and (moving.look(step, {"a": step / 10}) or True)]
    assert glanced[:8] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert len(glanced) < 60
    fast = Schedule(1000)
    assert len([s for s in range(1, 1000) if fast.due(s) and fast.look(s, {"a": s / 10})]) <= 20


def test_mistakes_name_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'rollback'"):
        Guard("tiny", policy="rolback")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="did you mean 'tiny_upper'"):
        Guard("tiny", ["tiny_uper"])
