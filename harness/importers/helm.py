"""HELM: a run's folder with `scenario_state.json` (what was asked and answered) and `per_instance_stats.json` (scores).

A request: {"instance": {"id": "id12", "input": {"text": "…"}, "references": [{"output": {"text": "Paris"}, "tags":
["correct"]}], "split": "test"}, "train_trial_index": 0, "request": {"prompt": "…"}, "result": {"success": true,
"completions": [{"text": " Paris", …}]}}; an item's scores: {"instance_id": "id12", "train_trial_index": 0, "stats":
[{"name": {"name": "exact_match", "split": "test"}, "count": 1, "mean": 1.0}, …]}

A folder of runs holds one benchmark for each. The prompt is the rendered one. A request that failed has no score.
"""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from holdfast.files import digest, read_json
from holdfast.importers.lm_eval_groups import grouped, groups_of
from holdfast.importers.recorded import Recorded, Rows, check_one_model, primary, recorded
from holdfast.importers.scores import LOSS, metric_score, oriented
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row
from holdfast.sample import Outcome

_STATE, _STATS = "scenario_state.json", "per_instance_stats.json"
PREFERRED = (
    *(
        "quasi_exact_match",
        "exact_match",
        "final_number_exact_match",
        "math_equiv_chain_of_thought",
        "ifeval_strict_accuracy",
    ),
    *("chain_of_thought_correctness", "f1_score", "rouge_l", "bleu_4"),
)


def read(path: Path) -> Recorded | None:
    """The measurement, or None when no run of HELM's is there."""
    states = [path] if path.is_file() and path.name == _STATE else sorted(path.rglob(_STATE)) if path.is_dir() else []
    states = [one for one in states if (one.parent / _STATS).is_file()]
    if not states:
        return None
    check_one_model(path, {one.parent: _model(one) for one in states})
    sources: dict[str, Rows] = {}
    results: dict[str, TaskResult] = {}
    for state in states:
        name = _name(state.parent)
        metric = _metric(state.parent)
        sources[name] = partial(_rows, state.parent, name, metric)
        reward = {"name": f"helm:{metric.removeprefix(LOSS)}", "version": "unknown", "options": {}}
        results[name] = TaskResult(name, version="unknown", reward=reward, metric=metric)
    sources, results = grouped(sources, results, groups_of(list(results), {}))
    return recorded(path, sources, results, {"name": _model(states[0])})


def _model(state: Path) -> str:
    adapter = read_json(state).get("adapter_spec") or {}
    return str(adapter.get("model") or adapter.get("model_deployment") or "")


def _name(run: Path) -> str:
    """`mmlu:subject=anatomy,method=…,model=openai_gpt2` without its model."""
    scenario, _, arguments = run.name.partition(":")
    kept = [part for part in arguments.split(",") if part and not part.startswith(("model=", "model_deployment="))]
    return f"{scenario}:{','.join(kept)}" if kept else scenario


def _scores(run: Path) -> dict[tuple[str, int], dict[str, float]]:
    """By item and trial its scores."""
    found: dict[tuple[str, int], dict[str, float]] = {}
    for one in json.loads((run / _STATS).read_text(encoding="utf-8")):
        values = {
            str(stat["name"]["name"]): float(stat["mean"])
            for stat in one.get("stats") or ()
            if stat.get("mean") is not None and not stat["name"].get("perturbation")
        }
        found.setdefault((str(one["instance_id"]), int(one.get("train_trial_index") or 0)), {}).update(values)
    return found


def _metric(run: Path) -> str:
    return oriented(primary(_scores(run).values(), PREFERRED))


def _rows(run: Path, name: str, metric: str) -> Iterator[Row]:
    scores = _scores(run)
    for one in read_json(run / _STATE).get("request_states") or ():
        if not (one["instance"].get("perturbation")):
            yield _row(one, name, metric, scores)


def _row(one: Mapping[str, Any], name: str, metric: str, scores: Mapping[tuple[str, int], Mapping[str, float]]) -> Row:
    instance, result = one["instance"], one.get("result") or {}
    trial = int(one.get("train_trial_index") or 0)
    succeeded = bool(result.get("success", True)) and bool(result.get("completions"))
    parts = dict(scores.get((str(instance["id"]), trial), {}))
    value = parts.get(metric.removeprefix(LOSS)) if succeeded else None
    score = metric_score(value, metric, f"{name}, {instance['id']}")
    right = [ref["output"]["text"] for ref in instance.get("references") or () if "correct" in (ref.get("tags") or ())]
    question = str((instance.get("input") or {}).get("text") or "")
    prompt = (one.get("request") or {}).get("prompt") or question
    return Row(
        task=name,
        doc_id=str(instance["id"]),
        doc_hash=digest([question, right]),
        prompt_hash=digest(prompt),
        prompt=str(prompt),
        completion=str(result["completions"][0].get("text") or "") if succeeded else "",
        reference=right[0] if len(right) == 1 else right,
        score=score,
        outcome=Outcome.of(score),
        reason="" if succeeded else f"the request failed: {str(result.get('error') or 'no completion')[:200]}",
        repeat=trial,
        parts=dict(parts),
    )
