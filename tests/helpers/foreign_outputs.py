"""Outputs of other harnesses, made from scores: `WRITERS[harness](folder, model, {task: values})`."""

import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Values = Mapping[str, Sequence[Any]]
TIME = "2026-01-01T00-00-00.000000"


def lm_eval(
    folder: Path, model: str, values: Values, metric: str = "acc", more: Mapping[str, Any] | None = None
) -> Path:
    """A folder per model, a file per task."""
    place = folder / model
    place.mkdir(parents=True, exist_ok=True)
    for task, scores in values.items():
        rows = [
            {
                "doc_id": i,
                "doc": {"q": i},
                "doc_hash": f"{task}{i}",
                "prompt_hash": f"p{task}{i}",
                "target_hash": "t",
                "target": "A",
                "filter": "none",
                "metrics": [metric, *(more or {})],
                metric: score,
                **(more or {}),
                "arguments": {"gen_args_0": {"arg_0": f"Question {i} of {task}?"}},
                "resps": [["x"]],
                "filtered_resps": ["x"],
            }
            for i, score in enumerate(scores)
        ]
        _lines(place / f"samples_{task}_{TIME}.jsonl", rows)
    (place / f"results_{TIME}.json").write_text(json.dumps({"model_name": model, "results": {}}))
    return place


def lighteval(
    folder: Path, model: str, values: Values, metric: str = "acc", more: Mapping[str, Any] | None = None
) -> Path:
    """details/<organisation>/<model>/<time>/details_<task>_<time>.parquet"""
    import pyarrow as pa
    import pyarrow.parquet as pq

    place = folder / "details" / "org" / model / TIME
    place.mkdir(parents=True, exist_ok=True)
    for task, scores in values.items():
        rows = [
            {
                "doc": {"query": f"Question {i} of {task}?", "choices": ["3", "4"], "gold_index": 1, "id": str(i)},
                "model_response": {"text": ["4"], "input": f"<user>Question {i} of {task}?"},
                "metric": {metric: score, **(more or {})},
            }
            for i, score in enumerate(scores)
        ]
        pq.write_table(pa.Table.from_pylist(rows), place / f"details_lighteval|{task}|0_{TIME}.parquet")
    return folder / "details" / "org" / model


def helm(
    folder: Path, model: str, values: Values, metric: str = "exact_match", more: Mapping[str, Any] | None = None
) -> Path:
    """<suite>/<scenario>:…,model=<model>/{scenario_state,per_instance_stats}.json"""
    for task, scores in values.items():
        place = folder / model / f"{task}:model={model}"
        place.mkdir(parents=True, exist_ok=True)
        states, stats = [], []
        for i, score in enumerate(scores):
            answer = {"output": {"text": "4"}, "tags": ["correct"]}
            instance = {"id": f"id{i}", "input": {"text": f"Question {i} of {task}?"}, "references": [answer]}
            result = {"success": True, "completions": [{"text": "4"}]}
            states.append({"instance": instance, "request": {"prompt": f"Q {i} {task}"}, "result": result})
            numbers = {**({} if score is None else {metric: score}), **(more or {})}
            found = [{"name": {"name": name, "split": "test"}, "count": 1, "mean": v} for name, v in numbers.items()]
            stats.append({"instance_id": f"id{i}", "stats": found})
        state = {"adapter_spec": {"model": model}, "request_states": states}
        (place / "scenario_state.json").write_text(json.dumps(state))
        (place / "per_instance_stats.json").write_text(json.dumps(stats))
    return folder / model


def evalscope(
    folder: Path, model: str, values: Values, metric: str = "acc", more: Mapping[str, Any] | None = None
) -> Path:
    """outputs/reviews/<model>/<task>.jsonl"""
    place = folder / "reviews" / model
    place.mkdir(parents=True, exist_ok=True)
    for task, scores in values.items():
        rows = [
            {
                "index": i,
                "input": f"Question {i} of {task}?",
                "target": "4",
                "sample_score": {"score": {"value": {metric: s, **(more or {})}, "prediction": "4"}},
            }
            for i, s in enumerate(scores)
        ]
        _lines(place / f"{task}.jsonl", rows)
    return place


def opencompass(folder: Path, model: str, values: Values) -> Path:
    """results/<model>/<task>.json with details"""
    place = folder / "results" / model
    place.mkdir(parents=True, exist_ok=True)
    for task, scores in values.items():
        details = [
            {
                "prompt": f"Question {i} of {task}?",
                "pred": "4",
                "answer": "4",
                "correct": None if s is None else bool(s),
            }
            for i, s in enumerate(scores)
        ]
        (place / f"{task}.json").write_text(json.dumps({"accuracy": 50.0, "details": details}))
    return place


def inspect(folder: Path, model: str, values: Values, metric: str = "match") -> Path:
    """<time>_<task>_<id>.eval"""
    place = folder / model
    place.mkdir(parents=True, exist_ok=True)
    for task, scores in values.items():
        header = {"version": 2, "status": "success", "eval": {"task": task, "model": model}}
        with zipfile.ZipFile(place / f"{TIME}_{task}_x.eval", "w") as log:
            log.writestr("header.json", json.dumps(header))
            for i, score in enumerate(scores):
                answer = {"message": {"role": "assistant", "content": "4"}, "stop_reason": "stop"}
                given = {} if score is None else {metric: {"value": score, "answer": "4"}}
                sample = {"id": i, "epoch": 1, "input": f"Question {i} of {task}?", "target": "4", "scores": given}
                log.writestr(f"samples/{i}_epoch_1.json", json.dumps({**sample, "output": {"choices": [answer]}}))
    return place


def deepeval(folder: Path, model: str, values: Values, metric: str = "Correctness") -> Path:
    """A test run; a metric is a benchmark."""
    (scores,) = values.values()
    cases = [
        {
            "name": f"case_{i}",
            "input": f"Question {i}?",
            "actualOutput": "4",
            "expectedOutput": "4",
            "metricsData": [{"name": metric, "score": s}],
        }
        for i, s in enumerate(scores)
    ]
    return _json(folder / f"{model}.json", {"testRunData": {"testCases": cases}})


def promptfoo(folder: Path, model: str, values: Values) -> Path:
    """`promptfoo eval -o results.json`"""
    (scores,) = values.values()
    rows = [
        {
            "provider": {"id": model},
            "prompt": {"raw": f"Question {i}?"},
            "vars": {"n": i},
            "testIdx": i,
            "response": {"output": "4"},
            "score": score,
            "gradingResult": {"reason": "because"},
        }
        for i, score in enumerate(scores)
    ]
    return _json(folder / f"{model}.json", {"results": {"results": rows}})


def openai_evals(folder: Path, model: str, values: Values) -> Path:
    """The log of `oaieval`."""
    (scores,) = values.values()
    lines: list[Any] = [{"spec": {"completion_fns": [model], "eval_name": "test.s1", "base_eval": "test"}}]
    for i, score in enumerate(scores):
        said = {"prompt": [{"role": "user", "content": f"Question {i}?"}], "sampled": ["4"]}
        lines.append({"sample_id": f"s.{i}", "type": "sampling", "data": said})
        lines.append({"sample_id": f"s.{i}", "type": "match", "data": {"correct": score, "expected": "4"}})
    folder.mkdir(parents=True, exist_ok=True)
    return _lines(folder / f"{model}.jsonl", lines)


def table(folder: Path, model: str, values: Values, metric: str = "score") -> Path:
    """A CSV."""
    (scores,) = values.values()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{model}.csv"
    rows = [f"{i},Question {i}?,{'' if s is None else s}" for i, s in enumerate(scores)]
    path.write_text("\n".join([f"id,question,{metric}", *rows]) + "\n")
    return path


Writer = Callable[..., Path]
WRITERS: dict[str, Writer] = {
    "lm_eval": lm_eval,
    "lighteval": lighteval,
    "helm": helm,
    "evalscope": evalscope,
    "opencompass": opencompass,
    "inspect": inspect,
    "deepeval": deepeval,
    "promptfoo": promptfoo,
    "openai_evals": openai_evals,
    "csv": table,
}


def _lines(path: Path, rows: Sequence[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _json(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path
