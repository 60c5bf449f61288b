"""τ-bench and τ²-bench trajectories: several trials of each task, judged by the final state of a database.

One row: {"task_id": 0, "trial": 0, "reward": 0.0, "info": {"task": {"user_id": "mia_li_3668", "instruction": "…",
"actions": […]}, "reward_info": {…}}, "traj": [{"role": "system", …}, {"role": "user", …}, …]}
τ²-bench: {"tasks": […], "simulations": [{"task_id": "0", "trial": 0, "reward_info": {"reward": 1.0}, "messages": […]}]}

The number that is published is pass^k, the chance that k trials of a task all succeed: it stands in the task's metrics,
by the unbiased estimator of arXiv 2406.12045.
"""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.files import digest
from holdfast.importers.recorded import Recorded, recorded
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row
from holdfast.sample import Outcome
from holdfast.stats.pass_at_k import pass_hat_k


def read(path: Path) -> Recorded | None:
    """The measurement with pass^1 … pass^(trials), or None when these are no trajectories."""
    if not path.is_file() or not path.name.removesuffix(".gz").endswith(".json"):
        return None
    trials = _trials(path)
    if not trials:
        return None
    name = path.name.removesuffix(".gz").removesuffix(".json")
    rows = [_row(name, one) for one in trials]
    reward = {"name": "tau_bench:final_state", "version": "unknown", "options": {}}
    result = TaskResult(name, version="unknown", reward=reward, metric="pass^1")
    found = recorded(path, {name: lambda: iter(rows)}, {name: result}, {"name": name})
    found.tasks[name].metrics = pass_hat(rows)
    return found


def pass_hat(rows: list[Row]) -> dict[str, float]:
    """pass^k for every k up to the number of trials that all tasks have."""
    wins: dict[str, list[bool]] = {}
    for row in rows:
        wins.setdefault(row.doc_id, []).append(row.score == 1.0)
    most = min(len(trials) for trials in wins.values())
    n, won = [len(trials) for trials in wins.values()], [sum(trials) for trials in wins.values()]
    return {f"pass^{k}": float(pass_hat_k(n, won, k).mean()) for k in range(1, most + 1)}


def _trials(path: Path) -> list[Mapping[str, Any]]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise DataError(f"{path}: not JSON: {error}") from error
    rows = found.get("simulations", []) if isinstance(found, dict) else found
    if not isinstance(rows, list):
        return []
    return [one for one in rows if isinstance(one, dict) and ("traj" in one or "reward_info" in one)]


def _row(name: str, trial: Mapping[str, Any]) -> Row:
    reward = trial["reward"] if "reward" in trial else (trial["reward_info"] or {}).get("reward")
    score = None if reward is None else float(abs(float(reward) - 1.0) < 1e-6)
    messages = trial.get("traj") or trial.get("messages") or []
    task = (trial.get("info") or {}).get("task") or {}
    instruction = str(task.get("instruction") or task.get("user_id") or trial["task_id"])
    return Row(
        task=name,
        doc_id=str(trial["task_id"]),
        doc_hash=digest([str(trial["task_id"]), instruction]),
        prompt_hash=digest(instruction),
        prompt=instruction,
        completion=messages,
        reference=task.get("actions"),
        score=score,
        outcome=Outcome.of(score),
        repeat=int(trial.get("trial", 0)),
        finish_reason=trial.get("termination_reason"),
    )
