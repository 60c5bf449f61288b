"""Scores by lm-eval's own filters and `process_results`."""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.benchmarks.decoding.thoughts import answer_of
from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.engine.scoring import Finished, likelihood_score
from holdfast.benchmarks.lm_eval_fence.requests import filtered
from holdfast.errors import UsageError, unknown
from holdfast.sample import Score

_PREFERRED = ("acc_norm", "acc", "exact_match", "prompt_level_strict_acc", "pass@1", "f1")
"""Which of a task's metrics is its primary one; else the first that is one number per item."""
_LIKELIHOODS = ("word_perplexity", "byte_perplexity", "bits_per_byte")


class LmEvalJudge:
    """The judge of one task of lm-eval's, or of the tasks of a group; thoughts are cut before its filters read."""

    def __init__(self, tasks: Mapping[str, Any], metric: str = "", chosen_filter: str = "") -> None:
        self._tasks = tasks
        self._by_name = {task.config.task: task for task in tasks.values()} | dict(tasks)
        first = next(iter(tasks.values()))
        named = list(first.aggregation())
        if metric and metric not in named:
            raise unknown(f"metric of lm-eval's task {first.config.task!r}", metric, named)
        filters = [ensemble.name for ensemble in first._filters]
        if chosen_filter and chosen_filter not in filters:
            raise unknown(f"filter of lm-eval's task {first.config.task!r}", chosen_filter, filters)
        self._filter = chosen_filter
        self._rolling = not metric and all(one in _LIKELIHOODS for one in named)
        self.metric = metric or next((one for one in _PREFERRED if one in named), named[0])
        if self._rolling:
            self.metric = "byte_likelihood"
        self.grouped = any((task.config.repeats or 1) > 1 for task in tasks.values())
        """Whether the filters and metrics read all repeats of an item together."""

    @property
    def options(self) -> dict[str, Any]:
        """What the suite chose: metric and filter."""
        return {"metric": self.metric, **({"filter": self._filter} if self._filter else {})}

    def __call__(self, finished: Sequence[Finished]) -> list[Score]:
        """One score per completion; with repeats that belong together, that of all of them."""
        if not self.grouped:
            return [self._score(item, [completion]) for item, completion in finished]
        groups: dict[str, list[Finished]] = {}
        for item, completion in finished:
            groups.setdefault(item.doc_id, []).append((item, completion))
        scores = {
            doc: self._score(group[0][0], [answer for _, answer in sorted(group, key=lambda pair: pair[0].repeat)])
            for doc, group in groups.items()
        }
        return [scores[item.doc_id] for item, _ in finished]

    def _score(self, item: Item, completions: Sequence[Completion]) -> Score:
        if self._rolling:
            return likelihood_score(item, completions[0])
        doc, task = item.doc["doc"], self._by_name[item.doc["task"]]
        parts: dict[str, float | None] = {}
        primary: float | None = None
        extracted = None
        for name, answers in filtered(task, doc, self._answers(item, completions)).items():
            for metric, given in task.process_results(doc, answers).items():
                value = _number(given)
                if value is None:
                    continue
                parts[metric if name == "none" else f"{metric},{name}"] = value
                if metric == self.metric and primary is None and name == (self._filter or name):
                    primary, extracted = value, answers[0]
        if item.kind == "loglikelihood":
            completions[0].text = _likeliest(item, completions[0])
        if primary is None:
            usable = sorted({part.partition(",")[0] for part in parts})
            raise UsageError(
                f"metric {self.metric!r} of lm-eval's task {task.config.task!r} is not one number per item; "
                f"set metric=… to one that is: {', '.join(usable) or 'it has none'}"
            )
        return Score.share(primary, "", extracted if isinstance(extracted, str) else None, **parts)

    def _answers(self, item: Item, completions: Sequence[Completion]) -> list[Any]:
        """What the filters read: answers without thoughts, log-likelihoods of the options, or of the whole text."""
        if item.kind == "generate":
            texts = [answer_of(completion.text) for completion in completions]
            return [texts if self.grouped else texts[0]]
        if item.kind == "rolling":
            return [completions[0].logprobs[0][0]]
        return list(completions[0].logprobs)


def _number(value: Any) -> float | None:
    """A metric's value of one item as a number; None for lists, pairs and texts."""
    value = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
    return float(value) if isinstance(value, bool | int | float) else None


def _likeliest(item: Item, completion: Completion) -> str:
    values = [value for value, _ in completion.logprobs]
    return item.pairs[max(range(len(values)), key=values.__getitem__)][1].strip()
