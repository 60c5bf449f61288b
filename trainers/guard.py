"""The guard: looks at other skills while training goes on, and warns, stops or goes back when one breaks.

    trainer = GRPOTrainer(…, callbacks=[Guard(suite="quick", tasks=["mmlu"], every=50, policy="stop")])

Every `every` steps the model answers the next slice of each skill's items. Items it answered rightly before the
training and wrongly now are lost, the reverse are gained; an e-process per skill (holdfast.stats.eprocess) weighs
them, so that looking often raises no false alarm: over a whole training without change P(alarm) ≤ alpha, all skills
together. When the items run out they are asked again, and every such round has its own share of alpha. An alarm needs
evidence and size: a net loss above `margin` points in the latest looks.
"""

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from transformers import TrainerCallback

from holdfast.benchmarks.models import LoadedModel
from holdfast.benchmarks.suite import Suite, load_suite
from holdfast.errors import UsageError, suggestion, unknown
from holdfast.rows import write_json
from holdfast.run import read_json
from holdfast.stats.eprocess import Watch
from holdfast.trainers.callback import adapter_off
from holdfast.trainers.probe import Pool, Scores, pools, probe
from holdfast.trainers.snapshot import restore, snapshot

log = logging.getLogger("holdfast")

Policy = Literal["warn", "stop", "rollback"]
RECENT = 3
"""Looks over which the size of a loss is judged."""


@dataclass
class Skill:
    """What is known of one skill."""

    evidence: Watch
    net: list[float] = field(default_factory=list)
    """Net loss of each look, as a share of its items."""

    def look(self, before: dict[str, float], now: dict[str, float]) -> dict[str, Any]:
        """Weigh one slice; returns what is logged."""
        lost = [item for item, score in now.items() if before[item] - score >= 0.5]
        gained = [item for item, score in now.items() if score - before[item] >= 0.5]
        e_value = self.evidence.look(now, lost, gained)
        self.net.append((len(lost) - len(gained)) / max(1, len(now)))
        return {"items": len(now), "lost": len(lost), "gained": len(gained), "e": e_value}

    def broken(self, margin: float) -> bool:
        """Whether a loss is proven and larger than `margin` (a share) in the latest looks."""
        recent = self.net[-RECENT:]
        return self.evidence.alarm and sum(recent) / len(recent) > margin


class Guard(TrainerCallback):  # type: ignore[misc]  # transformers is not typed
    """A callback for any TRL (or transformers) trainer; see the module's docstring.

    `tasks`: the skills to hold, default all of the suite. `limit`: items per skill and look. `alpha`: chance of a
    false alarm in the whole training. `margin`: points. `out`: where guard.json (every look, the cost in seconds) and
    the snapshot of policy `rollback` go. Raises UsageError for an unknown task or policy.
    """

    def __init__(
        self,
        suite: Any = "tiny",
        tasks: Sequence[str] = (),
        *,
        every: int = 50,
        policy: Policy = "warn",
        limit: int = 64,
        alpha: float = 0.05,
        margin: float = 5.0,
        out: str | Path | None = None,
        data_root: str | Path | None = None,
        cache: str | Path | None = None,
        batch_size: int = 16,
        seed: int = 0,
    ) -> None:
        if policy not in get_args(Policy):
            raise unknown("policy of the guard", policy, get_args(Policy))
        if every < 1 or limit < 1:
            raise UsageError(f"the guard's every and limit must be at least 1, not {every} and {limit}")
        self.suite: Suite = load_suite(suite)
        self.tasks = list(tasks) or self.suite.names
        for task in self.tasks:
            if task not in self.suite.names:
                raise UsageError(f"the guard's task {task!r} is not in the suite{suggestion(task, self.suite.names)}")
        self.every, self.policy, self.limit, self.margin = every, policy, limit, margin / 100
        self.data_root = Path(data_root) if data_root else None
        self.cache = Path(cache) if cache else None
        self.batch_size, self.seed = batch_size, seed
        self.out = Path(out) if out else None
        self.skills = {task: Skill(Watch(alpha / len(self.tasks))) for task in self.tasks}
        self.history: list[dict[str, Any]] = []
        self.seconds = 0.0
        self.good = 0
        self.acted: dict[str, Any] | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **extra: Any) -> None:
        """Measure what the model can before it changes (adapters are off for it), or take up a resumed training."""
        self.out = self.out or Path(args.output_dir) / "guard"
        looks = max(1, state.max_steps // self.every)
        self.pools: list[Pool] = pools(self.suite, self.tasks, self.data_root, self.seed, self.limit * looks)
        if state.global_step and (self.out / "state.json").is_file():
            self._resume()
            return
        whole = {pool.entry.name: (pool, pool.docs) for pool in self.pools}
        with adapter_off(extra["model"]):
            self.before = self._probe(extra, whole, "start", cache=self.cache)
        self._keep(extra["model"], state.global_step, good=True)

    def on_step_end(self, args: Any, state: Any, control: Any, **extra: Any) -> None:
        """Look, every so many steps."""
        if state.global_step % self.every:
            return
        slices = {pool.entry.name: (pool, pool.next(self.limit)) for pool in self.pools}
        now = self._probe(extra, slices, f"step-{state.global_step}")
        looks = {task: self._look(task, now) for task in self.skills}
        said = self.acted["broken"] if self.acted else []
        broken = [task for task, skill in self.skills.items() if skill.broken(self.margin) and task not in said]
        self.history.append({"step": state.global_step, "skills": looks, "broken": broken})
        if broken:
            self._act(broken, state.global_step, control, extra["model"])
        else:
            self._keep(extra["model"], state.global_step, good=all(look["e"] <= 1 for look in looks.values()))
        self._write()

    def on_train_end(self, args: Any, state: Any, control: Any, **extra: Any) -> None:
        """Write the whole record."""
        self._write()

    def _look(self, task: str, now: Scores) -> dict[str, Any]:
        known = {item: score for item, score in now[task].items() if item in self.before[task]}
        return self.skills[task].look(dict(self.before[task]), known)

    def _probe(self, extra: Any, slices: Any, name: str, cache: Path | None = None) -> Scores:
        words = extra.get("processing_class") or extra.get("tokenizer")
        # Hashing the weights at every look would cost more than it is worth: only a cache needs to know them.
        fingerprint = "" if cache else f"guard-{id(self)}-{name}"
        loaded = LoadedModel(extra["model"], words, name, fingerprint)
        with tempfile.TemporaryDirectory(prefix="holdfast-guard-") as place:
            scores, seconds = probe(loaded, slices, Path(place), cache=cache, batch_size=self.batch_size)
        self.seconds += seconds
        return scores

    def _act(self, broken: list[str], step: int, control: Any, model: Any) -> None:
        evidence = ", ".join(f"{task} (p = {self.skills[task].evidence.p:.1e})" for task in broken)
        log.warning("guard: at step %d the training has broken %s", step, evidence)
        said = self.acted["broken"] if self.acted else []
        self.acted = {"step": step, "policy": self.policy, "broken": [*said, *broken]}
        if self.policy == "rollback":
            self.acted["restored_step"] = self.good
            restore(model, self._place())
            log.warning("guard: the weights of step %d are back", self.good)
        if self.policy != "warn":
            control.should_training_stop = True

    def _keep(self, model: Any, step: int, good: bool) -> None:
        if self.policy == "rollback" and good:
            snapshot(model, self._place())
            self.good = step

    def _place(self) -> Path:
        assert self.out is not None
        return self.out / "good.safetensors"

    def _write(self) -> None:
        assert self.out is not None
        record = {"policy": self.policy, "seconds": round(self.seconds, 3), "acted": self.acted, "looks": self.history}
        write_json(self.out / "guard.json", record)
        skills = {task: asdict(skill) for task, skill in self.skills.items()}
        at = [pool.at for pool in self.pools]
        write_json(self.out / "state.json", {**record, "skills": skills, "before": self.before, "at": at})

    def _resume(self) -> None:
        """Take up what a killed training's guard knew."""
        assert self.out is not None
        held = read_json(self.out / "state.json")
        self.before, self.history, self.acted = held["before"], held["looks"], held["acted"]
        self.seconds = held["seconds"]
        for pool, at in zip(self.pools, held["at"]):
            pool.at = at
        for task, known in held["skills"].items():
            self.skills[task] = Skill(Watch(**known["evidence"]), known["net"])
