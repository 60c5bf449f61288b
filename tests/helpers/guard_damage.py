"""How much of the damage a guarded training has done when it stops, against the same training left alone.

Damage: the mean loss of the nine held skills of the embedded model, in points; of the whole: after 200 steps.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETTINGS: dict[str, list[str]] = {
    "learning rate 1e-3": ["trainer.args.learning_rate=1e-3"],
    "learning rate 2e-4": ["trainer.args.learning_rate=2e-4"],
    "1e-3, LoRA": ["trainer.args.learning_rate=1e-3", "lora=16"],
    "1e-3, 100 steps of warm-up": ["trainer.args.learning_rate=1e-3", "trainer.args.warmup_steps=100"],
}


@dataclass(frozen=True)
class Damage:
    """Mean loss of the nine held skills (200 items each), in points."""

    stopped: int
    """The step at which the guarded training ended."""
    at_stop: float
    at_end: float
    """Of the training left alone, 200 steps."""
    worst_at_stop: float
    """Of the skill that had lost most."""
    restored: float
    """Of the weights that policy `rollback` brings back."""
    guard_seconds: float

    @property
    def share(self) -> float:
        """Of the final damage, done when the guard stopped."""
        return self.at_stop / self.at_end


def damage(setting: str, seed: int, place: Path) -> Damage:
    """Train twice on the embedded model, with the guard (policy `stop`) and without, and measure both."""
    from holdfast.files import read_json

    words = [*SETTINGS[setting], f"seed={seed}"]
    free, _ = _trained([*words, f"out={place / 'free'}"], place)
    held, steps = _trained([*words, "guard.every=50", "guard.policy=stop", f"out={place / 'stopped'}"], place)
    back, _ = _trained([*words, "guard.every=50", "guard.policy=rollback", f"out={place / 'back'}"], place)
    record = read_json(place / "stopped" / "guard" / "guard.json")
    return Damage(steps, _mean(held), _mean(free), max(held), _mean(back), record["seconds"])


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _trained(words: list[str], place: Path) -> tuple[list[float], int]:
    from holdfast.benchmarks.engine.backends.models import load
    from holdfast.benchmarks.engine.measuring import measure
    from holdfast.benchmarks.engine.settings import Settings
    from holdfast.trainers.estimate.checks import check
    from holdfast.trainers.job.training import train
    from holdfast.trainers.models.model import threads
    from holdfast.trainers.run.run_dir import open_run
    from holdfast.trainers.settings.compose import compose

    config = compose(["experiment=tiny_sft", *words])
    check(config)
    out = Path(str(config.out))
    with threads(1):
        facts = train(config, open_run(config))
        suite = [f"tiny_{s}" for s in "addition reverse upper repeat capitals json python sort last".split()]

        def scores(model: str, to: Path) -> dict[str, Any]:
            found = measure(load(model, dtype="float32"), suite, to, cache=place / "cache", settings=Settings())
            return {task: result.mean for task, result in found.tasks.items()}

        base, now = scores("tiny", place / "base"), scores(str(out / "checkpoint"), out / "after")
    return [100 * (base[task] - now[task]) for task in suite], int(facts["steps"])
