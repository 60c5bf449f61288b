"""lm-eval's own tasks in our suites."""

import os
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.engine.protocol import Engine
from holdfast.benchmarks.engine.scoring import Finished
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.engine.work import Work, lower, uses_chat
from holdfast.benchmarks.lm_eval_fence import index
from holdfast.benchmarks.lm_eval_fence.requests import filtered
from holdfast.benchmarks.suites.source import mirror_cache
from holdfast.benchmarks.suites.suite import Entry
from holdfast.errors import DataError, UsageError, unknown
from holdfast.files import digest
from holdfast.runs.measurement import TaskResult
from holdfast.sample import Score

_PREFERRED = ("acc_norm", "acc", "exact_match", "prompt_level_strict_acc", "pass@1", "f1")
"""Which of a task's metrics is its primary one; else the first that is one number per item."""


def lm_eval_works(entries: Sequence[Entry], engine: Engine, settings: Settings) -> list[Work]:
    """The works of entries that name lm-eval's own tasks; a group becomes one work per task.

    Raises UsageError for an unknown name, DataError when the data cannot be loaded."""
    works = []
    for entry in entries:
        if not index.has(entry.lm_eval):
            raise unknown("lm-eval task", entry.lm_eval, index.names())
        tasks = _loaded(entry.lm_eval)
        for name, task in tasks.items():
            works.append(foreign_work(entry.name if len(tasks) == 1 else name, task, entry, engine, settings))
    return works


def _loaded(name: str) -> dict[str, Any]:
    try:
        return dict(index.load(name, _mirrored(name)))
    except (OSError, ValueError, RuntimeError) as error:
        first = str(error).partition("\n")[0]
        raise DataError(f"lm-eval's task {name!r}: cannot load its data: {first:.300}") from error


def _mirrored(name: str) -> "str | dict[str, Any]":
    """The task itself, or under $HOLDFAST_HUB (a folder of repositories) reading its copy there."""
    hub = os.environ.get("HOLDFAST_HUB")
    config = index.config_of(name)
    if not hub or not config.get("dataset_path") or not (Path(hub) / config["dataset_path"]).is_dir():
        return name
    place = (Path(hub) / config["dataset_path"]).resolve()
    options = {**(config.get("dataset_kwargs") or {}), "cache_dir": mirror_cache(place)}
    return {"group": "mirrored", "task": [{"task": name, "dataset_path": str(place), "dataset_kwargs": options}]}


def foreign_work(name: str, task: Any, entry: Entry, engine: Engine, settings: Settings) -> Work:
    """The work of one of lm-eval's task objects."""
    chat = uses_chat(entry, engine, settings)
    shots = entry.overrides.get("fewshot", task.config.num_fewshot) or 0
    task.set_config("num_fewshot", int(shots))
    task.set_fewshot_seed(1234)
    chosen = _subset(task, lower(entry.limit, settings.limit))
    task.build_all_requests(
        samples=chosen,
        apply_chat_template=chat,
        fewshot_as_multiturn=chat,
        chat_template=_render(engine) if chat else None,
        tokenizer_name="",
    )
    items = _items(name, task, chosen, entry)
    metric = str(entry.overrides.get("metric", ""))
    judge = _ForeignJudge(task, metric)
    result = TaskResult(
        task=name,
        version=str(task.VERSION or task.config.metadata or "1"),
        reward={"name": f"lm_eval:{task.config.task}", "version": index.version(), "options": {}},
        generation={"kind": task.OUTPUT_TYPE, "chat_template": chat, "fewshot": shots, **items[0].generation},
        metric=judge.metric,
    )
    return Work(name, items, judge, result)


def _render(engine: Engine) -> Callable[..., str]:
    def render(messages: Sequence[Mapping[str, Any]], add_generation_prompt: bool = True) -> str:
        return engine.render(messages)

    return render


def _subset(task: Any, limit: int | None) -> list[int] | None:
    """Positions of a fixed subset, chosen by the docs' hashes; None for all."""
    docs = task.eval_docs
    if limit is None or limit >= len(docs):
        return None
    ranked = sorted(range(len(docs)), key=lambda i: digest(docs[i]))
    return sorted(ranked[:limit])


def _items(name: str, task: Any, chosen: list[int] | None, entry: Entry) -> list[Item]:
    grouped: dict[int, list[Any]] = {}
    for instance in task.instances:
        grouped.setdefault(instance.doc_id, []).append(instance)
    repeats = int(entry.overrides.get("repeats", 1))
    items = []
    for position, instances in grouped.items():
        doc_id = str(chosen[position] if chosen else position)
        items += [_item(name, doc_id, repeat, task, instances) for repeat in range(repeats)]
    return items


def _item(name: str, doc_id: str, repeat: int, task: Any, instances: list[Any]) -> Item:
    doc, arguments = instances[0].doc, [instance.args for instance in instances]
    target = task.doc_to_target(doc)
    common: dict[str, Any] = {
        "task": name,
        "doc_id": doc_id,
        "repeat": repeat,
        "prompt": arguments[0][0],
        "doc": {"doc": doc},
        "question": arguments[0][0],
        "reference": target if isinstance(target, str | int | float | list) else str(target),
        "doc_hash": digest(doc),
    }
    if task.OUTPUT_TYPE == "generate_until":
        return Item(**common, kind="generate", generation=dict(arguments[0][1]))
    if task.OUTPUT_TYPE == "loglikelihood_rolling":
        return Item(**common, kind="rolling")
    return Item(**common, kind="loglikelihood", pairs=tuple((one[0], one[1]) for one in arguments))


class _ForeignJudge:
    """Scores by lm-eval's own filters and process_results, each completion by itself."""

    def __init__(self, task: Any, metric: str) -> None:
        self.task = task
        named = list(task.aggregation())
        if metric and metric not in named:
            raise unknown(f"metric of lm-eval's task {task.config.task!r}", metric, named)
        self.metric = metric or next((one for one in _PREFERRED if one in named), named[0])

    def __call__(self, finished: Sequence[Finished]) -> list[Score]:
        return [self._score(item, completion) for item, completion in finished]

    def _score(self, item: Item, completion: Completion) -> Score:
        doc = item.doc["doc"]
        parts: dict[str, float | None] = {}
        primary: float | None = None
        extracted = None
        for name, answers in self._filtered(item, completion).items():
            for metric, value in self.task.process_results(doc, answers).items():
                if not isinstance(value, Real):
                    continue
                parts[metric if name == "none" else f"{metric},{name}"] = float(value)
                if metric == self.metric and primary is None:
                    primary, extracted = float(value), answers[0]
        if item.kind == "loglikelihood":
            completion.text = _likeliest(item, completion)
        if primary is None:
            raise UsageError(
                f"metric {self.metric!r} of lm-eval's task {self.task.config.task!r} is not one number per item; "
                "set metric=… to one of its others"
            )
        return Score.share(primary, "", extracted if isinstance(extracted, str) else None, **parts)

    def _filtered(self, item: Item, completion: Completion) -> dict[str, list[Any]]:
        """Answers of the item's requests after each of the task's filters."""
        raw: list[Any] = [completion.text] if item.kind == "generate" else list(completion.logprobs)
        if item.kind == "rolling":
            raw = [completion.logprobs[0][0]]
        return filtered(self.task, item.doc["doc"], raw)


def _likeliest(item: Item, completion: Completion) -> str:
    values = [value for value, _ in completion.logprobs]
    return item.pairs[max(range(len(values)), key=values.__getitem__)][1].strip()
