"""A probe: small slices of a suite's items, looked at while training goes on.

A look generates as little as it can. What the model answered before the training is put behind the prompts, all
skills in one batch (holdfast.trainers.guard.likelihood); an answer that would come out word for word again keeps its
score, and only the others are generated, again all skills together. A glance only asks how likely a few earlier
answers still are.
"""

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from holdfast.benchmarks.engine.backends.models import LoadedModel
from holdfast.benchmarks.engine.items import Completion, Item, choose
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.engine.work import Work
from holdfast.benchmarks.engine.workload import plan
from holdfast.benchmarks.suites.source import Doc, Source, load_docs
from holdfast.benchmarks.suites.suite import Entry, Suite
from holdfast.errors import UsageError
from holdfast.runs.measurement import Measurement, read_measurement
from holdfast.runs.row import Row
from holdfast.trainers.guard.likelihood import AnswerLikelihood, EarlierAnswer, answer_likelihoods

GLANCED = 8
"""Items per skill that glances look at, and looks do not."""

FIRST = 4
"""A look asks 1/FIRST of its items first."""

Key = tuple[str, str, int]
Scores = dict[str, dict[str, float]]
"""Score by task and item."""


@dataclass
class Pool:
    """The items of one task in a fixed random order; looks take the next ones, and begin again at the end."""

    work: Work
    items: dict[str, list[Item]]
    """By item; several where an answer is repeated."""
    at: int = 0
    order: list[str] = field(init=False)
    glanced: list[str] = field(init=False)

    def __post_init__(self) -> None:
        """Keep the items of glances apart: a look that a glance called for must not ask them again."""
        every = list(self.items)
        few = min(GLANCED, len(every) // 2)
        self.glanced, self.order = every[:few], every[few:]

    @property
    def left(self) -> int:
        """Items of this pass that were not asked yet."""
        return len(self.order) - self.at

    def next(self, count: int) -> list[Item]:
        """The next items, fewer when the pool is smaller."""
        chosen = [self.order[(self.at + i) % len(self.order)] for i in range(min(count, len(self.order)))]
        self.at = (self.at + count) % len(self.order)
        return [item for name in chosen for item in self.items[name]]


class Probe:
    """Pools of a suite's items, and what the model made of them before the training.

    `most`: items per task. Raises UsageError for a task that cannot be probed (lm-eval's own).
    """

    def __init__(self, suite: Suite, tasks: Sequence[str], data_root: Path | None, *, seed: int, most: int) -> None:
        entries = [_shortened(entry, data_root, seed, most) for entry in suite.entries if entry.name in tasks]
        self.suite = Suite(name="guard", entries=tuple(entries))
        self.before: dict[Key, Row] = {}
        self.likely: dict[Key, float] = {}
        """Log-likelihood of each glanced answer before the training."""
        self.pools: dict[str, Pool] = {}

    def start(self, loaded: LoadedModel, out: Path, cache: Path | None, settings: Settings) -> None:
        """Measure the model before it changes, or read what an earlier call measured."""
        from holdfast.benchmarks.engine.measuring import measure

        self.settings = settings
        if (out / "results.json").is_file():
            found = read_measurement(out)
        else:
            with undisturbed(loaded):
                found = measure(loaded, self.suite, out, cache=cache, settings=settings)
        self._remember(found, loaded)
        self.likely = {key: one.nats for key, one in self._likelihoods(loaded, self._glanced()).items()}

    def look(self, loaded: LoadedModel, count: int) -> tuple[Scores, int]:
        """Scores now of the next items of every task, and how many answers had to be generated.

        A quarter of `count` items first, the rest only of tasks that lost one of them: where a look ends may depend on
        what it has seen, for its evidence holds after every item."""
        few = -(-count // FIRST)
        scores, generated = self._look(loaded, {task: pool.next(few) for task, pool in self.pools.items()})
        suspect = [task for task, seen in scores.items() if self._lost(task, seen)]
        if suspect and count > few:
            more, again = self._look(loaded, {task: self.pools[task].next(count - few) for task in suspect})
            scores |= {task: scores[task] | seen for task, seen in more.items()}
            generated += again
        return scores, generated

    def more(self, loaded: LoadedModel, tasks: Iterable[str], count: int) -> tuple[Scores, int]:
        """Scores now of more items of some tasks, as far as their pools hold fresh ones."""
        fresh = {task: min(count, self.pools[task].left) for task in tasks}
        items = {task: self.pools[task].next(n) for task, n in fresh.items() if n}
        return self._look(loaded, items) if items else ({}, 0)

    def _look(self, loaded: LoadedModel, items_by_task: dict[str, list[Item]]) -> tuple[Scores, int]:
        items = [item for some in items_by_task.values() for item in some]
        with undisturbed(loaded):
            same = {key for key, one in self._likelihoods(loaded, items).items() if one.same}
            fresh = [item for item in items if item.key not in same]
            values = {key: self.before[key].score for key in same} | self._judged(loaded, fresh)
        scores: Scores = {}
        for task, some in items_by_task.items():
            judged: dict[str, list[float | None]] = {}
            for item in some:
                judged.setdefault(item.doc_id, []).append(values.get(item.key))
            means = {name: _mean(found) for name, found in judged.items()}
            scores[task] = {name: value for name, value in means.items() if value is not None}
        return scores, len(fresh)

    def _lost(self, task: str, now: dict[str, float]) -> bool:
        before = self.scores_before(task)
        return any(score < before[name] for name, score in now.items() if name in before)

    def glance(self, loaded: LoadedModel) -> dict[str, float]:
        """How much less likely the glanced answers are than before the training: nats per answer, by task."""
        now = self._likelihoods(loaded, self._glanced())
        lost: dict[str, list[float]] = {}
        for key, one in now.items():
            lost.setdefault(key[0], []).append(self.likely[key] - one.nats)
        return {task: sum(values) / len(values) for task, values in lost.items()}

    def scores_before(self, task: str) -> dict[str, float]:
        """The score before training of every item of a task that could be judged."""
        found: dict[str, float] = {}
        for name, items in self.pools[task].items.items():
            value = _mean([self.before[item.key].score for item in items if item.key in self.before])
            if value is not None:
                found[name] = value
        return found

    def _remember(self, found: Measurement, loaded: LoadedModel) -> None:
        with undisturbed(loaded):
            works = plan(self.suite, _engine(loaded, self.settings), self.settings, None, None)
        for work in works:
            by_doc: dict[str, list[Item]] = {}
            for item in work.items:
                by_doc.setdefault(item.doc_id, []).append(item)
            self.pools[work.name] = Pool(work, by_doc)
            self.before |= {row.key: row for row in found.rows(work.name)}

    def _glanced(self) -> list[Item]:
        return [item for pool in self.pools.values() for name in pool.glanced for item in pool.items[name]]

    def _likelihoods(self, loaded: LoadedModel, items: Iterable[Item]) -> dict[Key, AnswerLikelihood]:
        """The likeness of each item whose earlier answer can be put behind its prompt."""
        with undisturbed(loaded):
            engine = _engine(loaded, self.settings)
            completions = {
                item.key: one for item in items if (one := self._earlier_completion(item, engine)) is not None
            }
            loaded.model.eval()
            found = answer_likelihoods(loaded.model, list(completions.values()), engine.ends())
        return dict(zip(completions, found, strict=True))

    def _earlier_completion(self, item: Item, engine: Any) -> EarlierAnswer | None:
        row = self.before.get(item.key)
        if row is None or item.kind != "generate" or item.generation.get("until") or item.generation.get("do_sample"):
            return None  # where it ends depends on text, or on chance: it is generated at every look
        answer = engine.loaded.tokenizer.encode(str(row.completion), add_special_tokens=False)
        completion = EarlierAnswer(engine.encode(item.prompt), answer, row.finish_reason != "length")
        return completion if len(completion.prompt) + len(answer) < (engine.max_length or math.inf) else None

    def _judged(self, loaded: LoadedModel, items: Sequence[Item]) -> dict[Key, float | None]:
        """Scores of answers generated now."""
        answers = generate(loaded, items, self.settings)
        values: dict[Key, float | None] = {}
        for task, pool in self.pools.items():
            mine = [(item, pool.work.finish(item, answers[item.key])) for item in items if item.task == task]
            if mine:
                values |= {item.key: score.value for (item, _), score in zip(mine, pool.work.judge(mine), strict=True)}
        return values


def generate(loaded: LoadedModel, items: Sequence[Item], settings: Settings) -> dict[Key, Completion]:
    """Answers of items of several tasks, together where their generation arguments differ in length only."""
    engine = _engine(loaded, settings)
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(_kind_of(item), []).append(item)
    answers: dict[Key, Completion] = {}

    def emit(finished: Sequence[tuple[Item, Completion]]) -> None:
        answers.update({item.key: answer for item, answer in finished})

    for group in groups.values():
        limits = {item.key: item.generation.get("max_gen_toks") for item in group}
        longest = max((limit for limit in limits.values() if limit is not None), default=None)
        ordered = sorted(group, key=lambda item: (-len(item.prompt), item.key))
        for start in range(0, len(ordered), engine.chunk):
            part = [_with_limit(item, longest) for item in ordered[start : start + engine.chunk]]
            engine.run(part, emit)
        answers |= {key: _cut(answers[key], limit, loaded.tokenizer) for key, limit in limits.items()}
    return answers


def _engine(loaded: LoadedModel, settings: Settings) -> Any:
    """The engine of a model in memory, which this process asks alone."""
    from holdfast.benchmarks.engine.backends.lm_eval_models import open_engine

    return open_engine(loaded, settings)


def _kind_of(item: Item) -> str:
    """Items of one kind are answered in one batch: the same arguments, the longest answers within a factor of four."""
    arguments = dict(item.generation)
    longest = arguments.pop("max_gen_toks", None)
    return repr((item.kind, sorted(arguments.items()), longest and int(math.log(int(longest), 4))))


def _with_limit(item: Item, limit: int | None) -> Item:
    return item if limit is None else replace(item, generation={**item.generation, "max_gen_toks": limit})


def _cut(answer: Completion, limit: int | None, tokenizer: Any) -> Completion:
    """The answer as it is under the item's own limit."""
    if limit is None or answer.tokens is None or answer.tokens <= limit:
        return answer
    tokens = tokenizer.encode(answer.text, add_special_tokens=False)[:limit]
    return replace(answer, text=tokenizer.decode(tokens), finish_reason="length", tokens=limit)


@contextmanager
def undisturbed(loaded: LoadedModel) -> Iterator[None]:
    """Keep every random state (Python's, numpy's, torch's), the training mode of every module and the tokenizer."""
    import numpy as np

    from holdfast.benchmarks.engine.undisturbed import undisturbed as engine_undisturbed

    python, generator = random.getstate(), np.random.get_state()
    try:
        with engine_undisturbed(loaded):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(generator)


def _shortened(entry: Entry, data_root: Path | None, seed: int, most: int) -> Entry:
    """The first items of a random order of those that the suite measures."""
    task = entry.task
    if task is None:
        raise UsageError(f"the guard cannot probe {entry.name!r}, one of lm-eval's own tasks; leave it out")
    rows = load_docs(task.source, data_root, task.name)
    docs: list[Doc] = [doc for _, doc in choose([(str(i), doc) for i, doc in enumerate(rows)], task, entry.limit)]
    random.Random(seed).shuffle(docs)
    kept: Any = docs[:most].__iter__
    return replace(
        entry, task=replace(task, source=Source(split=task.source.split, rows=kept), doc_id=None), limit=None
    )


def _mean(values: Sequence[float | None]) -> float | None:
    judged = [value for value in values if value is not None]
    return sum(judged) / len(judged) if judged else None
