"""lm-eval's own tasks in our suites: its prompts, filters and metrics, our engine, cache and rows.

What a suite sets on such a task is honoured (`fewshot`, `system`, `max_tokens`, `stop`, `sampling`, `repeats`, `limit`,
`chat`, `metric`, `filter`, `include_path`, `chance`) or refused. A group that lm-eval aggregates (`mmlu_stem`) is one
benchmark whose tasks are its categories; other groups and tags become one benchmark for each of their tasks.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast.benchmarks.engine.generating.generation import canonical
from holdfast.benchmarks.engine.items import Item, seed_of
from holdfast.benchmarks.engine.lm_eval.judge import LmEvalJudge
from holdfast.benchmarks.engine.protocol import Engine
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.engine.work import Work, lower, system_shown, uses_chat
from holdfast.benchmarks.lm_eval_fence import index
from holdfast.benchmarks.lm_eval_fence.local_data import reading_from
from holdfast.benchmarks.lm_eval_fence.requests import without_bars
from holdfast.benchmarks.suites.source import mirror_cache
from holdfast.benchmarks.suites.suite import Entry
from holdfast.errors import DataError, UsageError, unknown
from holdfast.files import digest
from holdfast.runs.measurement import TaskResult

_HONOURED = (
    *("fewshot", "system", "max_tokens", "stop", "sampling", "repeats", "metric", "chance", "filter", "include_path"),
)
"""Settings of a suite that have a meaning for a task of lm-eval."""


def lm_eval_works(
    entries: Sequence[Entry], engine: Engine, settings: Settings, data_root: Path | None = None
) -> list[Work]:
    """The works of entries that name lm-eval's own tasks.

    Raises UsageError for an unknown name or a setting without meaning, DataError when the data cannot be loaded."""
    works = []
    for entry in entries:
        folder = entry.overrides.get("include_path")
        if not index.has(entry.lm_eval, folder):
            raise unknown("lm-eval task", entry.lm_eval, index.names())
        if entry.categories:
            raise UsageError(f"categories= is for our tasks; of lm-eval's {entry.lm_eval!r} name the sub-task itself")
        for name in entry.overrides:
            if name not in _HONOURED:
                raise unknown(f"setting of lm-eval's task {entry.lm_eval!r}", name, _HONOURED)
        tasks, aggregated = _loaded(entry.lm_eval, folder, data_root)
        if len(tasks) == 1 or aggregated:
            works.append(lm_eval_work(entry.name, tasks, entry, engine, settings))
        else:
            works += [lm_eval_work(name, {name: task}, entry, engine, settings) for name, task in tasks.items()]
    return works


def _loaded(name: str, folder: str | None, data_root: Path | None) -> tuple[dict[str, Any], bool]:
    """The tasks of a name, and whether lm-eval aggregates them to one number."""
    hubs = [Path(hub) for hub in (os.environ.get("HOLDFAST_HUB"), data_root and data_root / "hub") if hub]
    try:
        with reading_from(hubs, mirror_cache):
            return index.load(name, folder)
    except SystemExit as error:  # what a task of lm-eval does where a program that it calls is not installed
        raise DataError(f"lm-eval's task {name!r} needs a program that is not installed (see its README)") from error
    except (OSError, ValueError, RuntimeError, ImportError, LookupError) as error:
        raise DataError(f"lm-eval's task {name!r}: cannot load it: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    """The first line of an error that says something; nltk puts its own in a box of stars."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip(" *")]
    text = lines[0] if lines else type(error).__name__
    return f"{text:.300}" + (
        "; run `python -m nltk.downloader punkt punkt_tab`" if "nltk" in str(error).lower() else ""
    )


def lm_eval_work(name: str, tasks: Mapping[str, Any], entry: Entry, engine: Engine, settings: Settings) -> Work:
    """The work of one task object of lm-eval's, or of several as one benchmark."""
    chat = uses_chat(entry, engine, settings)
    chosen = _subsets(tasks, lower(entry.limit, settings.limit))
    items: list[Item] = []
    for part, task in tasks.items():
        if chosen[part] is None or chosen[part]:
            _build(task, entry, engine, chat, chosen[part])
            items += _items(name, part if len(tasks) > 1 else "", task, chosen[part], entry, settings)
    judge = LmEvalJudge(dict(tasks), str(entry.overrides.get("metric", "")), str(entry.overrides.get("filter", "")))
    first = next(iter(tasks.values()))
    generation = dict(items[0].generation)
    result = TaskResult(
        task=name,
        version=str(first.VERSION or first.config.metadata or "1"),
        reward={"name": f"lm_eval:{entry.lm_eval}", "version": index.version(), "options": judge.options},
        generation={
            "kind": first.OUTPUT_TYPE,
            "chat_template": chat,
            "fewshot": _shots(first, entry),
            **({"system": entry.overrides["system"]} if entry.overrides.get("system") else {}),
            **generation,
            **_drawn(items, generation, settings),
        },
        metric=judge.metric,
        chance=entry.overrides.get("chance"),
    )
    return Work(name, items, judge, result, hold=judge.grouped, k=entry.k)


def _drawn(items: Sequence[Item], generation: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    if not generation.get("do_sample"):
        return {}
    return {"repeats": max(item.repeat for item in items) + 1, "seed": settings.seed}


def _shots(task: Any, entry: Entry) -> int:
    return int(entry.overrides.get("fewshot", task.config.num_fewshot) or 0)


def _build(task: Any, entry: Entry, engine: Engine, chat: bool, chosen: list[int] | None) -> None:
    """lm-eval's requests, in `task.instances`."""
    task.set_config("num_fewshot", _shots(task, entry))
    task.set_fewshot_seed(1234)
    system = entry.overrides.get("system")
    if system and chat:
        system_shown(entry.name, str(system), engine)
    try:
        with without_bars():
            task.build_all_requests(
                samples=chosen,
                system_instruction=None if system is None else str(system),
                apply_chat_template=chat,
                fewshot_as_multiturn=chat,
                chat_template=_render(engine) if chat else None,
                tokenizer_name="",
            )
    except (LookupError, ImportError) as error:
        raise DataError(f"lm-eval's task {entry.lm_eval!r}: {_one_line(error)}") from error


def _render(engine: Engine) -> Callable[..., str]:
    def render(messages: Sequence[Mapping[str, Any]], **_flags: bool) -> str:
        return engine.render(messages)

    return render


def _subsets(tasks: Mapping[str, Any], limit: int | None) -> dict[str, list[int] | None]:
    """By task the positions of a fixed subset, chosen by the docs' hashes, each task with its share; None for all."""
    sizes = {name: len(task.eval_docs) for name, task in tasks.items()}
    if limit is None or limit >= sum(sizes.values()):
        return dict.fromkeys(tasks)
    ranked = []
    for name, task in tasks.items():
        docs = task.eval_docs
        order = sorted(range(sizes[name]), key=lambda i: digest(docs[i]))
        ranked += [((rank + 0.5) / sizes[name], name, position) for rank, position in enumerate(order)]
    taken = sorted(ranked)[:limit] if len(tasks) > 1 else ranked[:limit]
    return {name: sorted(position for _, owner, position in taken if owner == name) for name in tasks}


def _items(name: str, part: str, task: Any, chosen: list[int] | None, entry: Entry, settings: Settings) -> list[Item]:
    grouped: dict[int, list[Any]] = {}
    for instance in task.instances:
        grouped.setdefault(instance.doc_id, []).append(instance)
    items = []
    for position, instances in grouped.items():
        doc_id = str(chosen[position] if chosen else position)
        arguments = [instance.args for instance in instances]
        if any(len(one) > 2 for one in arguments):
            raise UsageError(
                f"lm-eval's task {task.config.task!r} asks with images or audio, which no backend here takes"
            )
        common = _common(name, part, doc_id, task, instances[0].doc, arguments[0][0])
        if task.OUTPUT_TYPE == "generate_until":
            generation = _generation(arguments[0][1], entry, settings)
            repeats = _repeats(task, generation, entry, settings)
            seed = seed_of(generation, settings.seed, settings.draw)
            items += [
                Item(**common, kind="generate", repeat=repeat, generation=generation, seed=seed)
                for repeat in range(repeats)
            ]
        elif task.OUTPUT_TYPE == "loglikelihood_rolling":
            items.append(Item(**common, kind="rolling", repeat=0))
        else:
            pairs = tuple((one[0], one[1]) for one in arguments)
            items.append(Item(**common, kind="loglikelihood", repeat=0, pairs=pairs))
    return items


def _common(name: str, part: str, doc_id: str, task: Any, doc: Any, prompt: str) -> dict[str, Any]:
    target = task.doc_to_target(doc)
    return {
        "task": name,
        "doc_id": f"{part}/{doc_id}" if part else doc_id,
        "prompt": str(getattr(prompt, "prompt", prompt)),
        "doc": {"doc": doc, "task": part or task.config.task},
        "question": prompt,
        "reference": target if isinstance(target, str | int | float | list) else str(target),
        "doc_hash": digest(doc),
        "category": part or None,
    }


def _generation(arguments: Mapping[str, Any], entry: Entry, settings: Settings) -> dict[str, Any]:
    """The task's generation arguments with the suite's and the measurement's settings over them."""
    made = dict(arguments)
    budget = settings.max_tokens or entry.overrides.get("max_tokens")
    if budget:
        made = canonical(made) | {"max_gen_toks": budget}
    if "stop" in entry.overrides:
        made["until"] = list(entry.overrides["stop"])
    own = entry.overrides.get("sampling")
    sampling = settings.sampling_of(own or {"temperature": canonical(made)["temperature"]})
    if settings.sampling or own:
        made |= {"do_sample": bool(sampling.get("temperature")), **sampling}
    return canonical(made)


def _repeats(task: Any, generation: Mapping[str, Any], entry: Entry, settings: Settings) -> int:
    repeats = settings.repeats or entry.overrides.get("repeats")
    if repeats and repeats > 1 and not generation["do_sample"]:
        if settings.repeats and not entry.overrides.get("repeats"):
            return 1  # the measurement's repeats are for tasks that sample
        raise UsageError(
            f"task {entry.name!r}: {repeats} repeats of a greedy answer are all the same; set sampling.temperature"
        )
    return int(repeats or task.config.repeats or 1)
