"""The tools as plain functions: they read below one folder, write nothing, and answer with JSON values.

Raise HoldfastError in one line for what cannot be done. Texts that a model wrote are data: they are cut at
`LONGEST_TEXT` and never run outside the sandbox.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from holdfast.compare import Comparison, compare
from holdfast.compare.reading.inside import load_inside
from holdfast.errors import DataError, UsageError, suggestion
from holdfast.registry import Spec, lookup, names
from holdfast.runs.measurement import Measurement
from holdfast.runs.row import Row
from holdfast.sample import Sample, Text
from holdfast.serve.agent_tools.safe_rewards import safe_reward

LONGEST_TEXT = 20_000
_MOST_SAMPLES = 1_000
_MOST_RUNS = 200


class Tools:
    """The tools over the runs of one folder."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise DataError(f"{root} is not a folder")
        self.root = root.resolve()

    def list_rewards(self, name: str | None = None) -> list[dict[str, Any]]:
        """Every reward with its summary, or one with its documentation and options."""
        if name is None:
            return [_described(lookup(one)) for one in names()]
        if ":" in name:
            raise UsageError(f"{name!r} is refused: only registered rewards can be named here")
        spec = lookup(name)
        return [_described(spec) | {"documentation": inspect.getdoc(spec.function) or ""}]

    def list_runs(self) -> list[dict[str, Any]]:
        """The runs of the folder, the newest first."""
        from holdfast.report.view.entries import read_runs

        kept = ("path", "kind", "models", "data", "trainer", "suite", "created", "decision", "sentence", "status")
        return [
            {name: getattr(entry, name) for name in kept} | {"scores": {t: n.score for t, n in entry.tasks.items()}}
            for entry in read_runs(self.root)[:_MOST_RUNS]
        ]

    def score(
        self, reward: str, samples: Sequence[Mapping[str, Any]], options: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Judge samples `{completion, reference, prompt, info}` with a registered reward."""
        if not 0 < len(samples) <= _MOST_SAMPLES:
            raise UsageError(f"score takes 1 to {_MOST_SAMPLES:,} samples, not {len(samples):,}")
        judge = safe_reward(reward, options or {})
        scores = judge.score_batch([_sample(one, number) for number, one in enumerate(samples)])
        return [
            {
                "value": score.value,
                "outcome": str(score.outcome),
                "reason": _cut(score.reason),
                "extracted": None if score.extracted is None else _cut(score.extracted),
                "parts": _plain(dict(score.parts)),
            }
            for score in scores
        ]

    def plan(
        self,
        suite: str | Sequence[str],
        flips: float = 0.1,
        margin: float | None = None,
        effect: float | None = None,
        target: Sequence[str] = (),
        power: float = 0.8,
        items: int | None = None,
    ) -> dict[str, Any]:
        """What a suite will be able to see; margin and effect in points."""
        from holdfast.benchmarks.suites.sizes import suite_sizes
        from holdfast.compare.planning.power import Bench, Requirements, make_plan

        limits = (("flips", flips, 1), ("margin", margin, 100), ("effect", effect, 100), ("power", power, 1))
        if items is not None and items < 1:
            raise UsageError(f"items must be at least 1, not {items}")
        for key, value, high in limits:
            if value is not None and not 0 < value < high:
                raise UsageError(f"{key} must lie between 0 and {high}, not {value:g}")
        benches = [
            Bench(name, min(count, items or count), flips, flips * (repeats > 1), repeats, target=name in target)
            for name, count, repeats in suite_sizes(_suite(suite))
        ]
        for name in target:
            if name not in [bench.task for bench in benches]:
                raise UsageError(f"target {name!r} is not in the suite{suggestion(name, [b.task for b in benches])}")
        points = (None if margin is None else margin / 100, None if effect is None else effect / 100)
        required = Requirements(margin=points[0], effect=points[1], power=power)
        label = suite if isinstance(suite, str) else ",".join(suite)
        record: dict[str, Any] = make_plan(label, benches, required, 0).to_json()
        return record

    def compare(
        self,
        before: str,
        after: str,
        target: Sequence[str] = (),
        margin: float | None = None,
        tasks: Sequence[str] = (),
        allow: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Two runs, paired item by item; margin in points. Flips are counted, not listed."""
        found = self._compared(before, after, target, margin, tasks, allow)
        record = found.to_json()
        for benchmark, one in zip(record["benchmarks"], found.benchmarks, strict=True):
            benchmark["flips"] = {
                side: sum(flip.direction == side for flip in one.flips) for side in ("lost", "gained")
            }
            benchmark["first_lost"] = [flip.doc_id for flip in one.flips if flip.direction == "lost"][:20]
        for side in ("before", "after"):
            del record[side]["manifest"], record[side]["path"]
        return record | {"exit_code": found.exit_code}

    def explain_item(self, run: str, task: str, item: str, against: str | None = None) -> dict[str, Any]:
        """One item of a benchmark: prompt, reference, answer, and why it scored so; beside another run's."""
        sides = {"run": self._item(run, task, item)}
        if against is not None:
            sides["against"] = self._item(against, task, item)
        first = sides["run"][0]
        return {
            "task": task,
            "item": item,
            "prompt": _plain(first.rendered if first.rendered is not None else first.prompt),
            "reference": _plain(first.reference),
            "answers": {name: [_answer(row) for row in rows] for name, rows in sides.items()},
        }

    def _compared(
        self,
        before: str,
        after: str,
        target: Sequence[str],
        margin: float | None,
        tasks: Sequence[str],
        allow: Sequence[str],
    ) -> Comparison:
        if margin is not None and not 0 < margin < 100:
            raise UsageError(f"margin must lie between 0 and 100 points, not {margin:g}")
        share = None if margin is None else margin / 100
        sides = [self._load(path) for path in (before, after)]
        return compare(*sides, target=list(target), margin=share, tasks=list(tasks), allow=list(allow))

    def _load(self, path: str) -> Measurement:
        return load_inside(path, self.root)

    def _item(self, run: str, task: str, item: str) -> list[Row]:
        """An item's rows, one for each repeat."""
        measured = self._load(run)
        if task not in measured.tasks:
            raise UsageError(f"{run!r} did not measure {task!r}{suggestion(task, measured.tasks)}")
        rows = [row for row in measured.rows(task) if row.doc_id == item]
        if not rows:
            some = [row.doc_id for row, _ in zip(measured.rows(task), range(200), strict=False)]
            raise UsageError(f"{task} of {run!r} has no item {item!r}{suggestion(item, some)}")
        return rows


def _suite(suite: str | Sequence[str]) -> str | list[str]:
    """A suite's name, or benchmarks' names: never a file, which could name code."""
    for name in [suite] if isinstance(suite, str) else suite:
        if not name.replace("_", "").replace("-", "").isalnum():
            raise UsageError(f"{name!r} is refused: a suite or benchmarks can only be named here, no files")
    return suite if isinstance(suite, str) else list(suite)


def _described(spec: Spec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "version": spec.version if isinstance(spec.version, str) else "of its parts",
        "scope": spec.scope,
        "summary": spec.summary,
        "options": {name: str(option).replace("'", "") for name, option in spec.options.items()},
    }


def _sample(given: Mapping[str, Any], number: int) -> Sample:
    known = ("completion", "reference", "prompt", "info")
    for key in given:
        if key not in known:
            raise UsageError(f"sample {number} has an unknown key {key!r}{suggestion(key, known)}")
    if not isinstance(given.get("completion"), str | list):
        raise UsageError(f"sample {number} needs a completion: a text, or a list of messages")
    return Sample(given["completion"], given.get("reference"), given.get("prompt", ""), given.get("info") or {})


def _answer(row: Row) -> dict[str, Any]:
    fields = asdict(row)
    kept = ("score", "outcome", "reason", "extracted", "finish_reason", "tokens", "repeat", "parts", "category")
    return {"completion": _plain(row.completion)} | {name: _plain(fields[name]) for name in kept}


def _plain(value: "Text | Any") -> Any:
    """A text cut where it is long, a conversation as one text; other values as they are, or where their JSON is long a
    text, cut."""
    from holdfast.report.phrases import plain_text, reference_text

    if isinstance(value, list) and value and all(isinstance(one, dict) and "role" in one for one in value):
        return _cut(plain_text(value))
    if isinstance(value, str):
        return _cut(value)
    text = reference_text(value)
    return value if len(text) <= LONGEST_TEXT else _cut(text)


def _cut(text: str) -> str:
    left = len(text) - LONGEST_TEXT
    return text if left <= 0 else f"{text[:LONGEST_TEXT]} … [{left:,} characters more]"
