"""lm-eval's own tasks in our suites, and our tasks inside lm-eval."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from numbers import Real
from pathlib import Path
from typing import Any

from holdfast.benchmarks.engine.backends.lm_eval_models import Engine
from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.engine.scoring import Finished
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.engine.workload import Work
from holdfast.benchmarks.suites.source import load_docs, mirror_cache
from holdfast.benchmarks.suites.suite import Entry
from holdfast.benchmarks.suites.task import Task
from holdfast.errors import DataError, UsageError, unknown
from holdfast.files import digest
from holdfast.reward import Reward
from holdfast.runs.measurement import TaskResult
from holdfast.sample import Sample, Score

_PREFERRED = ("acc_norm", "acc", "exact_match", "prompt_level_strict_acc", "pass@1", "f1")
"""Which of a task's metrics is its primary one; else the first that is one number per item."""


@lru_cache(maxsize=1)
def task_manager() -> Any:
    """lm-eval's index of its own tasks; reading it takes some seconds, once."""
    from lm_eval.tasks import TaskManager

    return TaskManager()


@lru_cache(maxsize=16)
def _manager_of(name: str) -> Any:
    """The index of the one folder with a file `<name>.yaml` that defines the task (milliseconds), else of all."""
    import lm_eval.tasks

    if re.fullmatch(r"[\w-]+", name):
        files = list(Path(lm_eval.tasks.__path__[0]).rglob(f"{name}.yaml"))
        if len(files) == 1:
            manager = lm_eval.tasks.TaskManager(include_path=str(files[0].parent), include_defaults=False)
            if name in manager.task_index:
                return manager
    return task_manager()


def lm_eval_has(name: str) -> bool:
    """Whether lm-eval has a task, group or tag of that name."""
    return name in _manager_of(name).task_index


def lm_eval_works(entries: Sequence[Entry], engine: Engine, how: Settings) -> list[Work]:
    """The works of entries that name lm-eval's own tasks; a group becomes one work per task.

    Raises UsageError for an unknown name, DataError when the data cannot be loaded."""
    works = []
    for entry in entries:
        if not lm_eval_has(entry.lm_eval):
            raise unknown("lm-eval task", entry.lm_eval, task_manager().all_tasks)
        tasks = _loaded(entry.lm_eval)
        for name, task in tasks.items():
            works.append(foreign_work(entry.name if len(tasks) == 1 else name, task, entry, engine, how))
    return works


def _loaded(name: str) -> dict[str, Any]:
    try:
        return dict(_manager_of(name).load([_mirrored(name)])["tasks"])
    except (OSError, ValueError, RuntimeError) as error:
        first = str(error).partition("\n")[0]
        raise DataError(f"lm-eval's task {name!r}: cannot load its data: {first:.300}") from error


def _mirrored(name: str) -> "str | dict[str, Any]":
    """The task itself, or under $HOLDFAST_HUB (a folder of repositories) reading its copy there."""
    hub = os.environ.get("HOLDFAST_HUB")
    config = _manager_of(name).task_index[name].cfg or {}
    if not hub or not config.get("dataset_path") or not (Path(hub) / config["dataset_path"]).is_dir():
        return name
    place = (Path(hub) / config["dataset_path"]).resolve()
    options = {**(config.get("dataset_kwargs") or {}), "cache_dir": mirror_cache(place)}
    return {"group": "mirrored", "task": [{"task": name, "dataset_path": str(place), "dataset_kwargs": options}]}


def foreign_work(name: str, task: Any, entry: Entry, engine: Engine, how: Settings) -> Work:
    """The work of one of lm-eval's task objects."""
    chat = (
        engine.chat
        if entry.chat is None and how.chat is None
        else bool(entry.chat if entry.chat is not None else how.chat)
    )
    shots = entry.overrides.get("fewshot", task.config.num_fewshot) or 0
    task.set_config("num_fewshot", int(shots))
    task.set_fewshot_seed(1234)
    chosen = _subset(task, _lower(entry.limit, how.limit))
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
        reward={"name": f"lm_eval:{task.config.task}", "version": _lm_eval_version(), "options": {}},
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
        for filtered, answers in self._filtered(item, completion).items():
            for metric, value in self.task.process_results(doc, answers).items():
                if not isinstance(value, Real):
                    continue
                parts[metric if filtered == "none" else f"{metric},{filtered}"] = float(value)
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
        from lm_eval.api.instance import Instance

        raw: list[Any] = [completion.text] if item.kind == "generate" else list(completion.logprobs)
        if item.kind == "rolling":
            raw = [completion.logprobs[0][0]]
        requests = [
            Instance(request_type="generate_until", doc=item.doc["doc"], arguments=("",), idx=i, resps=[answer])
            for i, answer in enumerate(raw)
        ]
        for ensemble in self.task._filters:
            ensemble.apply(requests)
        return {name: [one.filtered_resps[name] for one in requests] for name in requests[0].filtered_resps}


def _likeliest(item: Item, completion: Completion) -> str:
    values = [value for value, _ in completion.logprobs]
    return item.pairs[max(range(len(values)), key=values.__getitem__)][1].strip()


def _lm_eval_version() -> str:
    from importlib.metadata import version

    return version("lm_eval")


def _lower(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def to_lm_eval(task: Task, data_root: Path | None = None) -> Any:
    """One of our generative tasks, without few-shot, as a task object for `lm_eval.evaluate`, scored by its reward.

    Raises UsageError for a task of another kind."""
    if task.kind != "generate":
        raise UsageError(f"task {task.name!r} is of kind {task.kind!r}; only generative tasks are handed to lm-eval")
    from lm_eval.api.task import ConfigurableTask

    reward = Reward.from_config(task.reward)
    docs = load_docs(task.source, data_root, task.name)

    def judged(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
        row = docs[int(doc["index"])]
        value = reward.score(Sample(results[0], task.reference(row), task.prompt(row), task.sample_info(row))).value
        return {task.metric: float("nan") if value is None else value}

    def rows(**_: Any) -> Any:
        import datasets

        asked = [{"index": i, "question": task.text(row)} for i, row in enumerate(docs)]
        return datasets.DatasetDict({"test": datasets.Dataset.from_list(asked)})

    config = {
        "task": task.name,
        "custom_dataset": rows,
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": lambda doc: doc["question"],
        "doc_to_target": lambda doc: str(task.reference(docs[int(doc["index"])])),
        "process_results": judged,
        "generation_kwargs": {
            "until": list(task.stop),
            "max_gen_toks": task.max_tokens,
            **({"do_sample": True, **task.sampling} if task.sampling else {"do_sample": False}),
        },
        "metric_list": [{"metric": task.metric, "aggregation": "mean", "higher_is_better": True}],
        "num_fewshot": 0,
    }
    return ConfigurableTask(config=config)
