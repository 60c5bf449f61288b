"""Measure a model on a suite: generate, score while the rest generates, keep every finished item, resume after a kill.

`measure` is the whole of it. On disk, below `out`: `samples/<task>.jsonl` (a row as soon as an item is generated and
scored), `results.json` (when all is done), `state.json` (what the rows were made with). Completions lie in a journal
under `cache` (or `out/cache`), keyed by all that can change them, so that a rerun generates nothing twice.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from holdfast.benchmarks.engine.backends.lm_eval_models import open_engine
from holdfast.benchmarks.engine.backends.models import LoadedModel
from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.engine.journal import Journal, completion_record, read_completion
from holdfast.benchmarks.engine.metrics import length_controlled_metrics, secondary_metrics
from holdfast.benchmarks.engine.progress import Progress
from holdfast.benchmarks.engine.protocol import Engine
from holdfast.benchmarks.engine.ranks import Ranks, joined
from holdfast.benchmarks.engine.scoring import Scorer
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.engine.turns import whole
from holdfast.benchmarks.engine.work import Work
from holdfast.benchmarks.engine.workload import plan
from holdfast.benchmarks.suites.suite import Suite, load_suite
from holdfast.errors import DataError
from holdfast.files import read_json, write_json, write_whole
from holdfast.runs.measurement import Measurement, TaskResult, read_measurement, sample_path, summarize, write_results
from holdfast.runs.row import SCHEMA_VERSION, Row, encode, read_whole_rows

_SMALL = 50_000_000
"""Parameters below which a CPU model runs on one thread."""


def measure(
    model: "LoadedModel | Mapping[str, Any]",
    suite: "Suite | str | Path | Sequence[Any] | Mapping[str, Any]",
    out: Path,
    *,
    data_root: Path | None = None,
    cache: Path | None = None,
    settings: Settings | None = None,
    together: bool = False,
) -> Measurement:
    """Measure `model` on `suite` into the directory `out` and return what it holds.

    `model`: a LoadedModel, or a backend of lm-eval `{backend: vllm, model: id, **arguments}`. `data_root`: local copy
    of the data. `cache`: a directory shared between runs and processes: what one job measured, no other repeats.
    `together`: every process of torch.distributed (or of `torchrun`) makes this same call with its own copy or shard
    of the model; each generates a share of the batches, the first scores and writes, and all return the same. Without
    it the calling process measures alone. The model's training mode and torch's random state are as before when this
    returns. Called again after a kill, with however many processes, it goes on where it was. Raises DataError when
    `out` holds another model's measurement, HoldfastError when another process failed.
    """
    how = settings or Settings()
    chosen = load_suite(suite)
    with joined(together) as ranks, undisturbed(model):
        engine = open_engine(model, how, ranks)
        works = plan(chosen, engine, how, data_root, cache)
        if ranks.first:
            _claim(out, engine, works)
        _same_model(ranks.meet(engine.key()))
        results = {work.name: _measure_task(work, engine, out, cache or out / "cache", how, ranks) for work in works}
        measurement = Measurement(out, results, {**engine.describe(), "suite": chosen.name})
        if ranks.first:
            write_results(measurement)
        ranks.meet()
    return measurement if ranks.first else read_measurement(out)


def _same_model(keys: Sequence[str]) -> None:
    for rank, key in enumerate(keys):
        if key != keys[0]:
            raise DataError(f"process {rank} of {len(keys)} holds another model or settings than process 0")


def _measure_task(work: Work, engine: Engine, out: Path, cache: Path, how: Settings, ranks: Ranks) -> TaskResult:
    """Generate and score what is missing of one task; its rows end up in the order of its items."""
    path = sample_path(out, work.name)
    journal = Journal(cache / "completions" / engine.key() / f"{path.stem}.jsonl", ranks.rank)
    if not ranks.first:
        if ranks.meet()[0]:
            _converse(work, engine, journal, ranks)
        return work.result
    rows = _kept_rows(path, work)
    missing = [item for item in work.items if item.key not in rows]
    if missing:
        progress = Progress(work.name, len(work.items), len(rows), how.progress)
        with (
            progress,
            Scorer(work.judge, path, work.hold, progress.advance) as scorer,
            journal.locked(f"{engine.describe()['name']} on {work.name}"),
        ):
            ranks.meet(True)
            _converse(work, engine, journal, ranks, Delivery(work, missing, journal, scorer))
        rows |= {row.key: row for row in scorer.rows}
    else:
        ranks.meet(False)
    ordered = [rows[item.key] for item in work.items]
    write_whole(path, "".join(encode(row) + "\n" for row in ordered))
    return _result(work, ordered, journal)


class Delivery:
    """Hands every missing item's completion to the scorer as soon as it is whole, whichever process generated it."""

    def __init__(self, work: Work, missing: Iterable[Item], journal: Journal, scorer: Scorer) -> None:
        self._work, self._journal, self._scorer = work, journal, scorer
        self._missing = {item.key for item in missing}
        self._waiting: dict[str, list[Item]] = {}

    def expect(self, items: Iterable[Item]) -> None:
        """The items of a task of one turn are whole with their one answer."""
        for item in items:
            if item.key in self._missing:
                self._waiting.setdefault(item.cache_key, []).append(item)
        self([key for key in self._waiting if key in self._journal.records])

    def __call__(self, keys: Iterable[str]) -> None:
        """Completions of these keys are in the journal."""
        for key in keys:
            for item in self._waiting.pop(key, ()):
                self.put(item, read_completion(self._journal.records[key]))

    def put(self, item: Item, completion: Completion) -> None:
        """One whole completion."""
        if item.key in self._missing:
            self._scorer.put(item, self._work.finish(item, completion))


def _converse(work: Work, engine: Engine, journal: Journal, ranks: Ranks, deliver: Delivery | None = None) -> None:
    """Generate turn by turn until every conversation is over; each process makes the same turns."""
    first = {item.key: item for item in work.items}
    said: dict[tuple[str, str, int], list[Completion]] = {}
    asked = list(work.items)
    while asked:
        if deliver and work.follow is None:
            deliver.expect(asked)
        _generate(asked, engine, journal, ranks, deliver)
        following = []
        for item in asked if work.follow else ():
            answers = said.setdefault(item.key, [])
            answers.append(read_completion(journal.records[item.cache_key]))
            after = work.follow(item, answers[-1].text) if work.follow else None
            if after is not None:
                following.append(after)
            elif deliver:
                deliver.put(first[item.key], whole(first[item.key], item, answers))
        asked = following


def _generate(
    items: Sequence[Item], engine: Engine, journal: Journal, ranks: Ranks, deliver: Delivery | None = None
) -> None:
    """This process's share of the batches, journaled; returns when every process has done its own."""

    def emit(finished: Sequence[tuple[Item, Completion]]) -> None:
        journal.append({item.cache_key: completion_record(answer) for item, answer in finished})
        if deliver:
            deliver([item.cache_key for item, _ in finished])

    todo = ranks.meet(open_batches(items, engine.chunk, journal.records) if ranks.first else None)[0]
    for start in range(0, len(todo), ranks.count):
        if ranks.count > 1 and deliver:
            deliver(journal.refresh())
        mine = start + ranks.rank
        if mine < len(todo):
            engine.run([items[place] for place in todo[mine]], emit)
        elif engine.lockstep:  # the others cannot go on without this process's part of the weights
            engine.run([items[place] for place in todo[-1]], lambda finished: None)
    ranks.meet()
    added = journal.refresh()
    if deliver:
        deliver(added)
    if any(item.cache_key not in journal.records for item in items):
        raise DataError(f"{journal.path.parent} is not on a file system that all {ranks.count} processes share")


def open_batches(items: Sequence[Item], size: int, known: Container[str]) -> list[list[int]]:
    """The batches that have something to generate, as positions in `items`. They are planned over all items of the
    task, and belong to processes whole: a resumed or divided run generates in the same company as an undisturbed one.
    """
    places = {item.key: place for place, item in enumerate(items)}
    planned: set[str] = set()
    found = []
    for batch in batches(items, size):
        todo = []
        for item in batch:
            if item.cache_key not in known and item.cache_key not in planned:
                planned.add(item.cache_key)
                todo.append(places[item.key])
        found.append(todo)
    return [batch for batch in found if batch]


def batches(items: Sequence[Item], size: int) -> Iterator[list[Item]]:
    """Items in batches of one kind and one set of generation arguments, the longest prompts first: a model that does
    not fit fails at once, and the time left is never underestimated."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(repr((item.kind, sorted(item.generation.items()))), []).append(item)
    for group in groups.values():
        ordered = sorted(group, key=lambda item: (-len(item.prompt), item.prompt, item.repeat))
        yield from (ordered[start : start + size] for start in range(0, len(ordered), size))


def _kept_rows(path: Path, work: Work) -> dict[tuple[str, str, int], Row]:
    """Rows of an earlier, killed call that are still part of this one."""
    prompts = {item.key: item.prompt_hash for item in work.items}
    return {row.key: row for row in read_whole_rows(path) if prompts.get(row.key) == row.prompt_hash}


def _result(work: Work, rows: Sequence[Row], journal: Journal) -> TaskResult:
    result = summarize(replace(work.result), rows)
    cut = sum(bool(journal.records.get(item.cache_key, {}).get("prompt_cut")) for item in work.items)
    level = length_controlled_metrics(rows) if work.length_controlled else {}
    result.metrics = {**secondary_metrics(rows, work.k), **level, **({"prompts_cut": float(cut)} if cut else {})}
    return result


def _claim(out: Path, engine: Engine, works: Sequence[Work]) -> None:
    """Write down what the rows of `out` are made with. Rows made otherwise are dropped when only the reward or task
    changed; another model is refused."""
    path = out / "state.json"
    state = {"schema": SCHEMA_VERSION, "model": engine.describe()["name"], "engine": engine.key()}
    tasks = {work.name: asdict(work.result) for work in works}
    held = read_json(path) if path.exists() else {}
    if held and held["engine"] != state["engine"]:
        raise DataError(
            f"{out} holds a measurement of {held['model']!r} made with other weights or settings than these of "
            f"{state['model']!r}; choose another directory or remove it"
        )
    for name, identity in held.get("tasks", {}).items():
        if name in tasks and not _same(identity, tasks[name]):
            sample_path(out, name).unlink(missing_ok=True)
    write_json(path, {**state, "tasks": {**held.get("tasks", {}), **tasks}})


def _same(one: Any, other: Any) -> bool:
    import json

    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)


@contextmanager
def undisturbed(model: "LoadedModel | Mapping[str, Any]") -> Iterator[None]:
    """Put back what measuring changes: training mode of every module, tokenizer padding, torch's random state and
    threads (one for a small model on a CPU: more cost it more than they bring)."""
    if not isinstance(model, LoadedModel):
        yield
        return
    import torch

    modes = [(module, module.training) for module in model.model.modules()]
    words = model.tokenizer
    padding = (words.padding_side, words.pad_token)
    threads = torch.get_num_threads()
    if model.model.device.type == "cpu" and model.size < _SMALL:
        torch.set_num_threads(1)
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        try:
            yield
        finally:
            for module, training in modes:
                module.training = training
            words.padding_side, words.pad_token = padding
            torch.set_num_threads(threads)
