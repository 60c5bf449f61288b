"""lm-eval: a reward as a task's `process_results`, and its reader as a filter.

    # my_task.yaml                                   # utils.py beside it
    process_results: !function utils.judge           from holdfast.rewards.adapters.lm_eval import process_results
    metric_list:                                     judge = process_results("numeric", reference="answer")
      - {metric: holdfast, aggregation: mean, higher_is_better: true}
      - {metric: holdfast_judged, aggregation: mean, higher_is_better: true}

An answer that cannot be judged has no metric `holdfast`: lm-eval's mean is over the others, and `holdfast_judged` says
how many these are. Read from lm-eval 0.4.13: api/task.py, api/filter.py.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from holdfast.errors import DataError, suggestion
from holdfast.rewards.adapters import judged

ProcessResults = Callable[[Mapping[str, Any], Sequence[str]], dict[str, float]]
Filter = Callable[[Iterable[Sequence[str]], Iterable[Mapping[str, Any]]], Iterator[list[str]]]


def process_results(
    reward: str | Mapping[str, Any] | None = None, *, reference: str = "answer", prompt: str = "", **options: Any
) -> ProcessResults:
    """A task's `process_results`. `reference`, `prompt`: columns of its documents; `options`: the reward's own."""

    def process(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
        answer = results[0] if isinstance(results[0], str) else results[0][0]
        prompt_text = str(_column(doc, prompt)) if prompt else ""
        (score,) = judged(reward, [answer], [_column(doc, reference)], [prompt_text], [doc], options)
        metrics = {"holdfast_judged": float(score.value is not None)}
        return metrics if score.value is None else {"holdfast": score.value, **metrics}

    return process


def answer_filter(
    reward: str | Mapping[str, Any] | None = None, *, reference: str = "answer", **options: Any
) -> Filter:
    """A `filter_fn` of lm-eval's filter `custom`: an answer becomes what the reward reads as its final answer, or
    `[invalid]`."""

    def read(resps: Iterable[Sequence[str]], docs: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
        for answers, doc in zip(resps, docs, strict=True):
            references = [_column(doc, reference)] * len(answers)
            scores = judged(reward, list(answers), references, None, [doc] * len(answers), options)
            yield [score.extracted or "[invalid]" for score in scores]

    return read


def _column(doc: Mapping[str, Any], name: str) -> Any:
    if name not in doc:
        raise DataError(f"a document has no column {name!r}{suggestion(name, doc)}; it has {sorted(doc)}")
    return doc[name]
