"""Every task of the pinned lm-eval, asked by Holdfast and by lm-eval: what reaches the model must be the same."""

import json
import re
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest import mock

from helpers import lm_eval_standins as standins
from holdfast.errors import UsageError

_NAMES = frozenset(
    {
        *("task", "task_alias", "dataset_path", "dataset_name", "tag", "group", "metadata", "dataset_kwargs"),
        *("process_docs", "test_split", "validation_split", "training_split", "fewshot_split"),
    }
)
"""What two tasks of one folder may differ in and still ask a row alike: which rows they take."""
SPLITS = ("train", "validation", "test", "dev", "val")
LONGEST = 8.0
"""Seconds of CPU in which a filling of a task's columns is looked for."""
_HOPELESS = "TimeoutError|ImportError|ModuleNotFoundError|RuntimeError: Error loading evaluation|ConnectionError"
LONG = 1 << 20
"""Tokens of context: no budget of any task is capped."""


def shapes() -> dict[str, list[str]]:
    """Tasks that ask alike: {one's name: all their names}. Groups and tags are made of tasks."""
    from lm_eval.tasks._index import Kind

    from holdfast.benchmarks.lm_eval_fence.index import task_manager

    found: dict[str, list[str]] = {}
    for name, entry in sorted(task_manager().task_index.items()):
        if entry.kind != Kind.TASK:
            continue
        folder = str(entry.yaml_path.parent)
        plain = {key: str(value) for key, value in (entry.cfg or {}).items() if key not in _NAMES}
        plain["description"] = "" if "{{" not in plain.get("description", "") else plain["description"]
        found.setdefault(json.dumps([folder, plain], sort_keys=True, default=str), []).append(name)
    return {names[0]: names for names in found.values()}


def task_of(name: str) -> Any:
    """The task over stand-in rows. Raises LookupError with the last reason when no filling of the columns works."""
    from lm_eval.tasks._yaml_loader import load_yaml

    from holdfast.benchmarks.lm_eval_fence.index import manager_of, task_manager

    whole = task_manager.cache_info().currsize  # reading all task files takes ten seconds, finding one a tenth
    entry = (task_manager() if whole else manager_of(name)).task_index[name]
    try:
        config = dict(load_yaml(entry.yaml_path, resolve_func=True)) | {"task": name}
    except (Exception, SystemExit) as error:  # some tasks end the process where a program is not installed
        raise LookupError(f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:80]}") from error
    config = {key: value for key, value in config.items() if key not in ("group", "tag")}
    if "class" in config:
        raise LookupError("a Python class, with data of its own")
    return _over_standins(config)


def _over_standins(config: dict[str, Any]) -> Any:
    """The task over the first stand-in rows that its templates and functions take: of the task alone, whichever were
    walked before. Raises LookupError."""
    names, shown, troubles = standins.columns(config), standins.hints(config), []
    ends = time.process_time() + LONGEST
    for preset in (*standins.PRESETS, *(f"mixed {number}" for number in range(standins.MIXED))):
        for _ in range(12):
            try:
                with bounded():
                    return _built(config, standins.rows(names or {"text"}, preset, shown))
            except KeyError as error:
                missing = str(error).strip("'\"")
                if missing in names or not missing or len(missing) > 40:
                    troubles.append(f"KeyError: {missing:.40}")
                    break
                names.add(missing)
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                troubles.append(f"{type(error).__name__}: {str(error)[:80]}")
                break
        if time.process_time() > ends or (troubles and re.match(_HOPELESS, troubles[-1])):
            break
    raise LookupError(troubles[0].partition("\n")[0] if troubles else "no stand-in")


@contextmanager
def bounded() -> Iterator[None]:
    """TimeoutError after some seconds of CPU: some tasks draw until a row fits, and none of the stand-ins may."""

    def stop(*_: object) -> None:
        raise TimeoutError("its functions do not end over stand-ins")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _built(config: dict[str, Any], rows: list[dict[str, Any]]) -> Any:
    """The task with its requests for two rows."""
    from datasets import Dataset, DatasetDict
    from lm_eval.api.task import ConfigurableTask

    splits = {str(config[key]) for key in config if key.endswith("_split") and isinstance(config[key], str)}
    with any_subject(), mock.patch("lm_eval.api.task.get_metric", _metric):
        data = DatasetDict(dict.fromkeys(splits | {"test"}, Dataset.from_list(rows)))
        task = ConfigurableTask(config=config | {"custom_dataset": lambda **_: data})
        task.set_config("num_fewshot", int(config.get("num_fewshot") or 0))
        task.set_fewshot_seed(1234)
        task.build_all_requests(samples=[0, 1])
    return task


@lru_cache(maxsize=256)
def _metric(*arguments: Any) -> Any:
    """The metric; one that only the hub has is looked for there once, not for every filling of the columns."""
    from lm_eval.api.registry import get_metric

    return get_metric(*arguments)


def any_subject() -> Any:
    """Each stand-in row passes the filters by which tasks of one data set take their rows; nothing is hashed."""
    import datasets.arrow_dataset
    from datasets import Dataset

    stack = ExitStack()
    stack.enter_context(mock.patch.object(Dataset, "filter", lambda self, *_, **__: self))
    stack.enter_context(mock.patch.object(datasets.arrow_dataset, "generate_fingerprint", return_value="0" * 16))
    return stack


class Recorder:
    """A model that answers at once and remembers what it was given."""

    def __init__(self, model: Any) -> None:
        self.calls: list[Any] = []
        self._model = model

    def generate(self, input_ids: Any, **options: Any) -> Any:
        import torch

        budget = options.get("max_new_tokens") or options["max_length"] - input_ids.shape[1]
        given = options.get("stopping_criteria") or []
        stops = sorted(text for one in given for text in (one.texts if hasattr(one, "texts") else [one.sequence]))
        sampling = {key: options.get(key) for key in ("do_sample", "temperature", "top_p", "top_k") if options.get(key)}
        mask = options.get("attention_mask", torch.ones_like(input_ids)).bool()  # the padding may stand anywhere
        prompts = sorted(json.dumps(ids[kept].tolist()) for ids, kept in zip(input_ids, mask, strict=True))
        self.calls.append((prompts, budget, stops, sampling))
        end = torch.full((input_ids.shape[0], 1), self._model.generation_config.pad_token_id or 0)
        return torch.cat([input_ids, end], dim=1)


def recorded(model: Any) -> Any:
    """`model.generate` replaced by a recorder for the time of a `with`."""
    recorder = Recorder(model)

    def generate(_: Any, input_ids: Any, **options: Any) -> Any:
        return recorder.generate(input_ids, **options)

    return mock.patch.object(type(model), "generate", generate), recorder


def differences(task: Any, engine: Any, theirs: Any, answers: Sequence[str]) -> list[str]:
    """What differs between Holdfast and lm-eval for a task: prompts, budgets, stop strings, sampling, filters."""
    from holdfast.benchmarks.engine.generating.generation import fitted
    from holdfast.benchmarks.engine.lm_eval.tasks import lm_eval_work
    from holdfast.benchmarks.engine.settings import Settings
    from holdfast.benchmarks.suites.suite import Entry

    name = task.config.task
    entry = Entry(name=name, task=None, lm_eval=name, limit=2)
    try:
        with any_subject():
            work = lm_eval_work(name, {name: task}, entry, engine, Settings(chat=False))
    except UsageError:
        raise
    except Exception as error:
        raise LookupError(f"{type(error).__name__}: {str(error)[:80]}") from error
    found = []
    if task.OUTPUT_TYPE != "generate_until":
        mine = [pair for item in work.items for pair in (item.pairs or ((item.prompt,),))]
        if sorted(map(str, mine)) != sorted(str(tuple(one.args)) for one in task.instances):
            found.append("requests")
        return found
    items, capped = fitted(work.items, engine.count, engine.max_length)
    mine_patch, mine = recorded(engine.loaded.model)
    with mine_patch:
        engine.run([item for item in items if not item.repeat], lambda _: None)
    theirs_patch, other = recorded(theirs.model)
    with theirs_patch:
        theirs.generate_until(list(task.instances), disable_tqdm=True)
    found += ["budgets capped"] if capped else []
    found += [name for name, a, b in _compared(mine.calls, other.calls) if a != b]
    return found + _filters(task, answers)


def _compared(mine: Sequence[Any], other: Sequence[Any]) -> Any:
    names = ("prompts", "budget", "stop strings", "sampling")
    ends = [set(stops) for _, _, stops, _ in other]
    eos = set.intersection(*ends) if ends else set()
    for place, name in enumerate(names):
        a, b = [call[place] for call in mine], [call[place] for call in other]
        if name == "stop strings":  # lm-eval adds the end token's text, Holdfast the token itself
            a, b = [sorted(set(x) | {e for e in eos if e.startswith("<|")}) for x in a], [sorted(set(x)) for x in b]
        yield name, sorted(map(str, a)), sorted(map(str, b))


def _filters(task: Any, answers: Sequence[str]) -> list[str]:
    from holdfast.benchmarks.lm_eval_fence.requests import filtered

    own = list(task.instances)[: len(answers)]
    for one, answer in zip(own, answers, strict=False):
        one.resps = [answer]
    try:
        task.apply_filters()
    except Exception:  # noqa: BLE001 - a filter that wants something else of its answers
        return []
    for one in own:
        mine = filtered(task, one.doc, [one.resps[0]])
        other = {name: str(value) for name, value in one.filtered_resps.items()}
        if {name: str(values[0]) for name, values in mine.items()} != other:
            return ["filters"]
    return []


def reason_file() -> Path:
    """The committed list of tasks that differ or cannot be had, with the reasons."""
    return Path(__file__).parent.parent / "benchmarks" / "lm_eval_walk.json"


def grouped(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    """{reason: tasks}."""
    found: dict[str, list[str]] = {}
    for name, reason in sorted(reasons.items()):
        found.setdefault(reason, []).append(name)
    return found
