"""The guard: looks at other skills while training goes on, and warns, stops or goes back when one breaks.

    from holdfast.trainers.guard import Guard

    trainer = GRPOTrainer(…, callbacks=[Guard(suite="quick", tasks=["mmlu"], every=50, policy="stop")])

Every `every` steps the model answers the next slice of each skill's items (a look). Between looks it only says how
likely a few of its old answers still are (a glance: one forward pass, at each of the first steps, then ever rarer);
when they have become clearly less likely, a look follows at once, so that damage is seen while it is small. Each skill
has an e-process (holdfast.stats.sequential.eprocess): over a whole training in which no skill loses more than `margin`
points, P(alarm) ≤ alpha, all skills together, however often one looks and whatever calls for a look.
"""

import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from transformers import TrainerCallback

from holdfast.benchmarks.engine.backends.models import LoadedModel
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.suites.suite import Suite, load_suite
from holdfast.errors import UsageError, suggestion, unknown
from holdfast.files import read_json, write_json
from holdfast.process.distributed import from_first, same_weights
from holdfast.runs.layout import Acted, Glance, GuardRecord, Look, SkillLook
from holdfast.stats.sequential.eprocess import Evidence
from holdfast.trainers.guard.probe import Probe
from holdfast.trainers.guard.schedule import Schedule
from holdfast.trainers.guard.snapshot import restore, snapshot
from holdfast.trainers.guard.sync import refuse_shards
from holdfast.trainers.models.as_saved import as_saved, without_autocast
from holdfast.trainers.models.measurable import check_values, names, tokenizer_of

log = logging.getLogger("holdfast")

Policy = Literal["warn", "stop", "rollback"]
UNSURE = 3.0
"""Evidence from which a look asks further items, …"""
MORE = 3
"""… so many times as many."""


@dataclass
class Skill:
    """What is known of one skill."""

    evidence: Evidence
    losses: list[float] = field(default_factory=list)
    """Mean loss of each look's items, as a share."""
    e: float = 1.0
    """Evidence after the latest look."""

    def weigh(self, before: Mapping[str, float], now: Mapping[str, float]) -> None:
        """Take in the scores of fresh items."""
        self.e = self.evidence.look({item: score - before[item] for item, score in now.items() if item in before})

    @property
    def unsure(self) -> bool:
        """Whether there is some evidence, and more items would decide."""
        return self.e >= UNSURE and not self.evidence.alarm

    def summary(self, before: Mapping[str, float], now: Mapping[str, float]) -> SkillLook:
        """One look, as it is written down: all its items."""
        changes = {item: score - before[item] for item, score in now.items() if item in before}
        count = max(1, len(changes))
        self.losses.append(-sum(changes.values()) / count)
        return {
            "items": len(changes),
            "lost": sum(change <= -0.5 for change in changes.values()),
            "gained": sum(change >= 0.5 for change in changes.values()),
            "before": 100 * sum(before[item] for item in changes) / count,
            "now": 100 * sum(now[item] for item in changes) / count,
            "e": self.e,
            "p": self.evidence.p,
        }


class Guard(TrainerCallback):  # type: ignore[misc]  # transformers is not typed
    """A callback for any TRL (or transformers) trainer of a causal language model; see the module's docstring.

    `tasks`: the skills to hold, default all of the suite. `every`: steps between two looks. `limit`: items per skill
    and look. `pool`: items per skill that are measured when training begins, from which looks take theirs. `alpha`:
    chance of a false alarm in the whole training. `margin`: points a skill may lose. `out`: where guard.json (every
    look and glance with its cost in seconds) and the snapshot of policy `rollback` go; default: `guard` in the
    trainer's output_dir. Raises UsageError for an unknown task or policy, or a model sharded over processes.
    """

    def __init__(
        self,
        suite: Any = "tiny",
        tasks: str | Sequence[str] = (),
        *,
        every: int = 50,
        policy: Policy = "warn",
        limit: int = 64,
        pool: int = 256,
        alpha: float = 0.05,
        margin: float = 5.0,
        out: str | Path | None = None,
        data_root: str | Path | None = None,
        cache: str | Path | None = None,
        batch_size: int = 64,
        seed: int = 0,
    ) -> None:
        given = {"every": every, "limit": limit, "pool": pool, "alpha": alpha, "margin": margin, "seed": seed}
        check_values("Guard", Guard.__init__, given | {"batch_size": batch_size})
        if policy not in get_args(Policy):
            raise unknown("policy of the guard", policy, get_args(Policy))
        if min(every, limit, pool) < 1:
            raise UsageError(f"the guard's every, limit and pool must be at least 1, not {every}, {limit}, {pool}")
        if not 0 < alpha < 1 or not 0 <= margin < 100:
            raise UsageError(f"the guard's alpha lies between 0 and 1, its margin between 0 and 100: {alpha}, {margin}")
        self.suite: Suite = load_suite(suite)
        self.tasks = list(names(tasks)) or self.suite.names
        for task in self.tasks:
            if task not in self.suite.names:
                raise UsageError(f"the guard's task {task!r} is not in the suite{suggestion(task, self.suite.names)}")
        self.policy, self.limit, self.alpha, self.margin = policy, limit, alpha, margin
        self.schedule = Schedule(every)
        self.data_root = Path(data_root) if data_root else None
        self.cache = Path(cache) if cache else None
        self.out = Path(out) if out else None
        self.settings = Settings(batch_size=batch_size, progress=False)
        self.probe = Probe(self.suite, self.tasks, self.data_root, seed=seed, most=pool)
        self.skills = {t: Skill(Evidence(alpha / len(self.tasks), margin / 100)) for t in self.tasks}
        self.looks: list[Look] = []
        self.glances: list[Glance] = []
        self.start_seconds = 0.0
        self.good = 0
        self.acted: Acted | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **extra: Any) -> None:
        """Measure what the model can before it changes, or take up a resumed training."""
        refuse_shards(extra["model"])
        tokenizer_of(extra, "Guard")
        self.out = self.out or Path(args.output_dir) / "guard"
        if not state.is_world_process_zero:
            return
        began = time.perf_counter()
        resumed = state.global_step > 0 and (self.out / "state.json").is_file()
        if not resumed:
            if state.global_step:
                log.warning(
                    "guard: no record of the steps before %d: what follows is held against it", state.global_step
                )
            shutil.rmtree(self.out / "start", ignore_errors=True)
        known = "" if self.cache else "guard"  # only a cache needs to know the weights
        with as_saved(extra["model"], tokenizer_of(extra, "Guard"), "guard", known) as loaded:
            self.probe.start(loaded, self.out / "start", self.cache, self.settings)
        if resumed:
            self._resume(state.global_step)
        else:
            self._keep(extra["model"], state.global_step)
        self.start_seconds += time.perf_counter() - began
        self._write()

    def on_step_end(self, args: Any, state: Any, control: Any, **extra: Any) -> None:
        """Glance or look when it is time. The first process works; the others wait for what it decides."""
        step = state.global_step
        if not self.schedule.due(step):
            return
        stop = self._watch(step, extra) if state.is_world_process_zero else None
        stop = from_first(stop)
        if stop and self.policy == "rollback":
            same_weights(extra["model"])
        control.should_training_stop = control.should_training_stop or stop

    def on_train_end(self, args: Any, state: Any, control: Any, **extra: Any) -> None:
        """Write the whole record."""
        if state.is_world_process_zero:
            self._write()

    def _watch(self, step: int, extra: Any) -> bool:
        """Glance, look where the glance or the schedule says so, act; returns whether training must stop."""
        with without_autocast(extra["model"]):
            return self._watch_plain(step, LoadedModel(extra["model"], tokenizer_of(extra, "Guard"), "guard", "guard"))

    def _watch_plain(self, step: int, loaded: LoadedModel) -> bool:
        began = time.perf_counter()
        drift = self.probe.glance(loaded)
        known_broken = self.acted["broken"] if self.acted else []
        # drift of a skill that is known to be broken brings no news
        reason = self.schedule.look(step, {task: nats for task, nats in drift.items() if task not in known_broken})
        self.glances.append({"step": step, "drift": drift, "seconds": time.perf_counter() - began})
        if reason is None:
            return False
        began = time.perf_counter()
        seen, generated = self._look(loaded)
        broken = [task for task, skill in self.skills.items() if skill.evidence.alarm and task not in known_broken]
        if broken:
            self._act(broken, step, loaded.model)
        elif all(skill.losses[-1] <= self.margin / 100 for skill in self.skills.values()):
            self._keep(loaded.model, step)
        seconds = time.perf_counter() - began
        self.looks.append(
            {"step": step, "why": reason, "skills": seen, "broken": broken, "generated": generated, "seconds": seconds}
        )
        self._write()
        return bool(broken) and self.policy != "warn"

    def _look(self, loaded: LoadedModel) -> tuple[dict[str, SkillLook], int]:
        """Ask and weigh; where the evidence is not clear, ask on at once rather than at the next look."""
        before = {task: self.probe.scores_before(task) for task in self.skills}
        scores, generated = self.probe.look(loaded, self.limit)
        fresh = scores
        for turn in range(MORE + 1):
            for task, found in fresh.items():
                self.skills[task].weigh(before[task], found)
            unsure = [task for task, skill in self.skills.items() if skill.unsure]
            if turn == MORE or not unsure:
                break
            fresh, more = self.probe.more(loaded, unsure, self.limit)
            scores = scores | {task: scores[task] | found for task, found in fresh.items()}
            generated += more
        return {t: skill.summary(before[t], scores[t]) for t, skill in self.skills.items()}, generated

    def _act(self, broken: list[str], step: int, model: Any) -> None:
        evidence = ", ".join(f"{task} (p = {self.skills[task].evidence.p:.1e})" for task in broken)
        log.warning("guard: at step %d the training has broken %s", step, evidence)
        known_broken = self.acted["broken"] if self.acted else []
        self.acted = {"step": step, "policy": self.policy, "broken": [*known_broken, *broken]}
        if self.policy == "rollback":
            self.acted["restored_step"] = self.good
            restore(model, self._snapshot_path())
            log.warning("guard: the weights of step %d are back", self.good)

    def _keep(self, model: Any, step: int) -> None:
        if self.policy == "rollback":
            snapshot(model, self._snapshot_path())
        self.good = step

    def _snapshot_path(self) -> Path:
        assert self.out is not None
        return self.out / "good.safetensors"

    def record(self) -> GuardRecord:
        """All that is known by now, as guard.json holds it."""
        spent = sum(look["seconds"] for look in self.looks) + sum(glance["seconds"] for glance in self.glances)
        return {
            "schema": 1,
            "policy": self.policy,
            "every": self.schedule.every,
            "alpha": self.alpha,
            "margin": self.margin,
            "threshold": len(self.tasks) / self.alpha,
            "tasks": self.tasks,
            "start_seconds": round(self.start_seconds, 3),
            "seconds": round(self.start_seconds + spent, 3),
            "good_step": self.good,
            "acted": self.acted,
            "looks": self.looks,
            "glances": self.glances,
        }

    def _write(self) -> None:
        assert self.out is not None
        record = self.record()
        write_json(self.out / "guard.json", record)
        skills = {task: asdict(skill) for task, skill in self.skills.items()}
        at = {task: pool.at for task, pool in self.probe.pools.items()}
        likely = [[*key, nats] for key, nats in self.probe.likely.items()]
        write_json(self.out / "state.json", {"record": record, "skills": skills, "at": at, "likely": likely})

    def _resume(self, step: int) -> None:
        """Take up what a killed training's guard knew. What it saw after the checkpoint stays: the alarm counts every
        look that was made."""
        assert self.out is not None
        saved = read_json(self.out / "state.json")
        record: GuardRecord = saved["record"]
        self.looks, self.glances, self.acted = record["looks"], record["glances"], record["acted"]
        self.start_seconds, self.good = record["start_seconds"], record["good_step"]
        for task, known in saved["skills"].items():
            self.skills[task] = Skill(Evidence.from_json(known["evidence"]), known["losses"], known["e"])
            self.probe.pools[task].at = saved["at"][task]
        self.probe.likely = {(task, item, repeat): nats for task, item, repeat, nats in saved["likely"]}
        if self.glances:
            self.schedule.resume(step, self.glances[-1]["drift"])
