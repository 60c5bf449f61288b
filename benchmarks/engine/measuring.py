"""Measure a model on a suite: generate, score while the rest generates, keep every finished item, resume after a kill.

`measure` is the whole of it. On disk, below `out`: `samples/<task>.jsonl` (a row as soon as an item is generated and
scored), `results.json` (when all is done), `state.json` (what the rows were made with). Completions lie in a journal
under `cache` (or `out/cache`), keyed by all that can change them, so that a rerun generates nothing twice.
"""

import json
import logging
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from holdfast.benchmarks.engine.backends.lm_eval_models import open_engine
from holdfast.benchmarks.engine.backends.models import LoadedModel
from holdfast.benchmarks.engine.calibration import calibration_metrics
from holdfast.benchmarks.engine.episodes.driver import generate_share, shared
from holdfast.benchmarks.engine.generating.batches import open_batches
from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.engine.keeping.draft_source import Drafting, DraftSource, Mode, refuse
from holdfast.benchmarks.engine.keeping.journal import Journal, completion_record, read_completion
from holdfast.benchmarks.engine.keeping.light_rows import arrange, light
from holdfast.benchmarks.engine.keeping.refusals import REFUSED, is_lasting_refusal, may_change
from holdfast.benchmarks.engine.metrics import length_controlled_metrics, secondary_metrics
from holdfast.benchmarks.engine.parallel.ranks import Ranks, joined
from holdfast.benchmarks.engine.protocol import Engine
from holdfast.benchmarks.engine.scoring import Scorer
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.engine.stopping import Until, measure_until
from holdfast.benchmarks.engine.turns import whole
from holdfast.benchmarks.engine.undisturbed import undisturbed
from holdfast.benchmarks.engine.work import Work
from holdfast.benchmarks.engine.workload import plan
from holdfast.benchmarks.suites.suite import Suite, load_suite
from holdfast.errors import DataError, HoldfastError
from holdfast.files import read_json, write_json, write_whole
from holdfast.importers.tau_bench import pass_hat
from holdfast.masking import without_secrets
from holdfast.process.progress import Progress
from holdfast.process.uncollected import uncollected
from holdfast.runs.measurement import Measurement, TaskResult, read_measurement, sample_path, summarize, write_results
from holdfast.runs.row import SCHEMA_VERSION, Row, encode, read_whole_rows
from holdfast.runs.saved import write_drafts

log = logging.getLogger("holdfast")


def measure(
    model: "LoadedModel | Mapping[str, Any]",
    suite: "Suite | str | Path | Sequence[Any] | Mapping[str, Any]",
    out: Path,
    *,
    data_root: Path | None = None,
    cache: Path | None = None,
    settings: Settings | None = None,
    together: bool = False,
    until: Until | None = None,
    drafts: Path | None = None,
) -> Measurement:
    """Measure `model` on `suite` into the directory `out` and return what it holds.

    `model`: a LoadedModel, or a backend of lm-eval `{backend: vllm, model: id, **arguments}`. `data_root`: local copy
    of the data. `cache`: a directory shared between runs and processes: what one job measured, no other repeats (a
    server that does not say which weights it serves uses it for its own run only).
    `together`: every process of torch.distributed (or of `torchrun`) makes this same call with its own copy or shard
    of the model; each generates a share of the batches, the first scores and writes, and all return the same. Without
    it the calling process measures alone. `until`: each benchmark stops as soon as it is decided. `drafts`: the
    measurement of a related model whose answers are tried first, as `settings.draft` allows. The model's training
    mode and torch's random state are as before when this returns. Called again after a kill, with however many
    processes, it goes on where it was. Raises DataError when `out` holds another model's measurement, HoldfastError
    when another process failed.
    """
    settings = settings or Settings()
    with joined(together) as ranks, undisturbed(model):
        settings.check()  # inside: what is wrong in one process alone reaches the others
        chosen = load_suite(suite)
        with uncollected():
            engine = open_engine(model, settings, ranks)
        shared = cache if cache is not None and engine.reusable else out / "cache"
        with uncollected():
            works = plan(chosen, engine, settings, data_root, cache, shared)
        if drafts is not None:
            draft_from(engine, DraftSource(drafts, shared), settings.draft)
        _some_drafted(engine, works, settings.draft)
        if ranks.first:
            _claim(out, engine, works)
        _same_model(ranks.meet(engine.key()))

        def measure_one(work: Work) -> TaskResult:
            return _measure_task(work, engine, out, shared, settings, ranks)

        done = measure_until(works, measure_one, until, out, ranks) if until else [measure_one(work) for work in works]
        results = {work.name: result for work, result in zip(works, done, strict=True)}
        described = {**engine.describe(), "suite": chosen.name, "key": without_secrets(engine.parts())}
        measurement = Measurement(out, results, described)
        if ranks.first:
            write_results(measurement)
            if isinstance(engine, Drafting) and engine.tally():
                write_drafts(out, engine.tally())
        ranks.meet()
    whole_run = measurement if ranks.first else read_measurement(out)
    _some_answered(whole_run)
    return whole_run


def draft_from(engine: Engine, source: DraftSource, mode: Mode) -> None:
    """Let the engine take drafts from `source`. Raises UsageError where they were asked for by name and cannot be."""
    if isinstance(engine, Drafting):
        engine.draft_from(source, mode)
    else:
        backend = engine.describe().get("backend")
        refuse(mode, f"backend {backend} says of a draft neither its tokens nor what it would have said instead")


def _some_drafted(engine: Engine, works: Sequence[Work], mode: Mode) -> None:
    """Raise UsageError where drafts were asked for by name and no task of the suite takes any: when the model before
    is measured, too, so that no training is waited for."""
    asked = [work for work in works if work.items and work.items[0].generation]
    if mode != "before" or not isinstance(engine, Drafting):
        return
    reasons = [engine.no_draft(work.items[0].generation) for work in asked]
    if all(reasons):
        refuse(mode, f"no task of this suite takes drafts ({reasons[0] if reasons else 'none generates'})")


def _some_answered(measurement: Measurement) -> None:
    """Raise HoldfastError where a server refused every single item: then its settings are wrong, not the items."""
    first = None
    if not all(result.metrics.get("refused") for result in measurement.tasks.values()):
        return
    for name in measurement.tasks:
        for row in measurement.rows(name):
            if row.finish_reason != REFUSED:
                return
            first = first or row
    if first is not None:
        raise HoldfastError(f"every item was refused, none has a value; the first: {first.reason}")


def _same_model(keys: Sequence[str]) -> None:
    for rank, key in enumerate(keys):
        if key != keys[0]:
            raise DataError(f"process {rank} of {len(keys)} holds another model or settings than process 0")


def _measure_task(work: Work, engine: Engine, out: Path, cache: Path, settings: Settings, ranks: Ranks) -> TaskResult:
    """Generate and score what is missing of one task; its rows end up in the order of its items."""
    path = sample_path(out, work.name)
    journal = Journal(cache / "completions" / engine.key() / f"{path.stem}.jsonl", ranks.rank)
    journal.forget(key for key, one in journal.records.items() if may_change(str(one.get("refused") or "")))
    if not ranks.first:
        if ranks.meet()[0]:
            _converse(work, engine, journal, ranks)
        return work.result
    rows = _kept_rows(path, work)
    missing = [item for item in work.items if item.key not in rows]
    if missing:
        progress = Progress(work.name, len(work.items), len(rows), settings.progress)
        with (
            progress,
            Scorer(work.judge, path, work.hold, progress.advance, light=work.player is not None) as scorer,
            journal.locked(f"{engine.describe()['name']} on {work.name}"),
        ):
            ranks.meet(True)
            _converse(work, engine, journal, ranks, Delivery(work, missing, journal, scorer))
        rows |= {row.key: row for row in scorer.rows}
    else:
        ranks.meet(False)
    ordered = [rows[item.key] for item in work.items]
    if work.player is not None:
        arrange(path, work.items)
    else:
        write_whole(path, "".join(encode(row) + "\n" for row in ordered))
    return _result(work, ordered, journal)


class Delivery:
    """Hands every missing item's completion to the scorer as soon as it is whole, whichever process generated it."""

    def __init__(self, work: Work, missing: Iterable[Item], journal: Journal, scorer: Scorer) -> None:
        self._work, self._journal, self._scorer = work, journal, scorer
        self.missing = {item.key for item in missing}
        self._waiting: dict[str, list[Item]] = {}

    def expect(self, items: Iterable[Item]) -> None:
        """The items of a task of one turn are whole with their one answer."""
        for item in items:
            if item.key in self.missing:
                self._waiting.setdefault(item.cache_key, []).append(item)
        self([key for key in self._waiting if key in self._journal.records])

    def __call__(self, keys: Iterable[str]) -> None:
        """Completions of these keys are in the journal."""
        for key in keys:
            for item in self._waiting.pop(key, ()):
                self.put(item, read_completion(self._journal.records[key]))

    def put(self, item: Item, completion: Completion) -> None:
        """Take one whole completion to be scored."""
        if item.key in self.missing:
            self._scorer.put(item, completion if completion.refused else self._work.finish(item, completion))


def _converse(work: Work, engine: Engine, journal: Journal, ranks: Ranks, deliver: Delivery | None = None) -> None:
    """Generate turn by turn until every conversation is over; each process makes the same turns."""
    if work.player is not None:
        _play(work, engine, journal, ranks, deliver)
        return
    first = {item.key: item for item in work.items}
    completions: dict[tuple[str, str, int], list[Completion]] = {}
    items = list(work.items)
    while items:
        if deliver and work.follow is None:
            deliver.expect(items)
        _generate(items, engine, journal, ranks, deliver)
        following = []
        for item in items if work.follow else ():
            answers = completions.setdefault(item.key, [])
            answers.append(read_completion(journal.records[item.cache_key]))
            goes_on = work.follow is not None and not answers[-1].refused
            after = work.follow(item, answers[-1].text) if work.follow and goes_on else None
            if after is not None:
                following.append(after)
            elif deliver:
                deliver.put(first[item.key], whole(first[item.key], item, answers))
        items = following


def _play(work: Work, engine: Engine, journal: Journal, ranks: Ranks, deliver: Delivery | None) -> None:
    """Play a task's episodes: the first process does, all generate."""

    def generate(items: Sequence[Item]) -> None:
        _generate(items, engine, journal, ranks)

    if deliver is None or work.player is None:
        generate_share(generate, ranks)
        return
    work.player.play(work.items, deliver.missing, shared(generate, ranks), journal, deliver.put)
    ranks.meet()


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
            engine.run([items[index] for index in todo[mine]], emit)
        elif engine.lockstep:  # the others cannot go on without this process's part of the weights
            engine.run([items[index] for index in todo[-1]], lambda finished: None)
    ranks.meet()
    added = journal.refresh()
    if deliver:
        deliver(added)
    if any(item.cache_key not in journal.records for item in items):
        raise DataError(f"{journal.path.parent} is not on a file system that all {ranks.count} processes share")


def _kept_rows(path: Path, work: Work) -> dict[tuple[str, str, int], Row]:
    """Rows of an earlier, killed call that are still part of this one. What failed is asked or judged again, except
    what the server will refuse again."""
    prompts = {item.key: item.prompt_hash for item in work.items}
    return {
        row.key: row if work.player is None else light(row)
        for row in read_whole_rows(path)
        if prompts.get(row.key) == row.prompt_hash and (row.outcome != "error" or is_lasting_refusal(row))
    }


def _result(work: Work, rows: Sequence[Row], journal: Journal) -> TaskResult:
    result = summarize(replace(work.result), rows)
    records = [journal.records.get(item.cache_key, {}) for item in work.items]
    counts = {
        "prompts_cut": sum(bool(record.get("prompt_cut")) for record in records),
        "budgets_cut": work.capped + sum(record.get("budget") is not None for record in records),
        "refused": sum(row.finish_reason == REFUSED for row in rows),
    }
    level = length_controlled_metrics(rows) if work.length_controlled else {}
    counted = {name: float(count) for name, count in counts.items() if count}
    result.metrics = {**secondary_metrics(rows, work.k), **level, **calibration_metrics(rows), **counted}
    if work.player is not None and len({row.repeat for row in rows}) > 1:
        result.metrics = {**result.metrics, **pass_hat([row for row in rows if row.judged])}
    return result


def _claim(out: Path, engine: Engine, works: Sequence[Work]) -> None:
    """Write down what the rows of `out` are made with. Rows made otherwise are dropped when only the reward or task
    changed; another model is refused."""
    path = out / "state.json"
    engine_name = engine.describe()["name"]
    state = {"schema": SCHEMA_VERSION, "model": engine_name, "engine": engine.key()}
    tasks = {work.name: asdict(work.result) for work in works}
    recorded = read_json(path) if path.exists() else {}
    if recorded and recorded["engine"] != state["engine"]:
        raise DataError(
            f"{out} holds a measurement of {recorded['model']!r} made with other weights or settings than these of "
            f"{state['model']!r}; choose another directory or remove it"
        )
    canary = _canary(engine)
    if recorded.get("canary") is not None and canary != recorded["canary"]:
        log.warning(
            "%s answers a fixed question differently than when %s began: its rows are made anew", engine_name, out
        )
        shutil.rmtree(out / "cache" / "completions", ignore_errors=True)
        for path_of_rows in (out / "samples").glob("*.jsonl"):
            path_of_rows.unlink()
    for name, identity in recorded.get("tasks", {}).items():
        if name in tasks and not _same(identity, tasks[name]):
            sample_path(out, name).unlink(missing_ok=True)
    write_json(path, {**state, "canary": canary, "tasks": {**recorded.get("tasks", {}), **tasks}})


def _canary(engine: Engine) -> str | None:
    """What a server of unknown weights answers to a fixed question, asked when its run begins and when it is resumed:
    another answer invalidates what was kept, the same answer proves nothing."""
    ask = getattr(engine, "canary", None)
    return None if engine.reusable or ask is None else str(ask())


def _same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)
