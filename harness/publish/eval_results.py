"""The hub's `.eval_results/*.yaml`: scores that a model's page and a benchmark's leaderboard show.

One file per benchmark: `[{dataset: {id, task_id, revision}, value, date, source: {url, name}, notes}]`, after
eval_results.yaml of huggingface/hub-docs. `task_id` is an id of the data set's own eval.yaml: we give the name of its
configuration. Leaderboards compare whole benchmarks, so that a part of one, and what is on no hub, gets no file.
"""

from pathlib import Path
from typing import Any

import yaml

from holdfast.files import write_whole
from holdfast.importers.scores import LOSS
from holdfast.publish.subject import DataSource, Subject, data_source, judged_items, setup
from holdfast.runs.measurement import TaskResult, file_name

FOLDER = ".eval_results"
_TASK_IDS = {"Idavidrein/gpqa": "{config}", "openai/gsm8k": "gsm8k", "TIGER-Lab/MMLU-Pro": "mmlu_pro"}
"""Data sets whose eval.yaml names its tasks otherwise than by their configuration."""


def write(subject: Subject, directory: Path) -> list[Path]:
    """Write the files; none for benchmarks that `left_out` names."""
    skipped = left_out(subject)
    paths = []
    for name, result in subject.measurement.tasks.items():
        if name not in skipped:
            path = directory / FOLDER / f"{file_name(name)}.yaml"
            write_whole(path, yaml.safe_dump([entry(result, subject)], sort_keys=False, allow_unicode=True))
            paths.append(path)
    return paths


def left_out(subject: Subject) -> dict[str, str]:
    """The benchmarks without a file, with the reason."""
    found = {}
    for name, result in subject.measurement.tasks.items():
        source = data_source(name)
        if not source.hub:
            found[name] = "its data is on no hub"
        elif result.mean is None:
            found[name] = "it has no score"
        elif result.metric.startswith(LOSS):
            found[name] = "its score is a loss turned round"
        elif source.items is None:
            found[name] = "how many items it has is not known"
        elif not result.n == judged_items(subject, name) == source.items:
            found[name] = f"{judged_items(subject, name):,} of {source.items:,} items were judged"
    return found


def entry(result: TaskResult, subject: Subject) -> dict[str, Any]:
    """The entry of one benchmark."""
    source = data_source(result.task)
    data = {"id": source.hub, "task_id": _task_id(source)} | ({"revision": source.revision} if source.revision else {})
    found: dict[str, Any] = {"dataset": data, "value": round(100 * (result.mean or 0.0), 4)}
    if subject.created:
        found["date"] = subject.created
    if subject.source_url:
        found["source"] = {"url": subject.source_url, "name": "Holdfast run"}
    return found | {"notes": setup(result, subject.version)}


def _task_id(source: DataSource) -> str:
    config = source.config or "default"
    return _TASK_IDS.get(source.hub, config).format(config=config)
