"""Scoring while the rest still generates: one thread turns finished completions into sample rows on disk."""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import exp
from pathlib import Path
from typing import Any

from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.engine.keeping.journal import Journal, read_score, score_record
from holdfast.benchmarks.engine.keeping.light_rows import light
from holdfast.benchmarks.engine.keeping.refusals import REFUSED, refusal_score
from holdfast.files import digest
from holdfast.reward import Reward
from holdfast.runs.row import Row, append
from holdfast.sample import Outcome, Sample, Score

Finished = tuple[Item, Completion]
Judge = Callable[[Sequence[Finished]], list[Score]]

_MOST = 64
"""Completions scored at a time: enough for a reward's own pool, few enough that rows appear soon."""


@dataclass
class RewardJudge:
    """Scores completions by a registered reward. Scores are cached by completion, reward version and options."""

    reward: Reward
    info: Callable[[Any], Any]
    cache: Journal | None = None

    def __call__(self, finished: Sequence[Finished]) -> list[Score]:
        """One score per completion, in order."""
        keys = [self._key(item, completion) for item, completion in finished]
        known_scores = self.cache.records if self.cache else {}
        fresh = {key: pair for key, pair in zip(keys, finished, strict=True) if key not in known_scores}
        samples = [self._sample(item, completion) for item, completion in fresh.values()]
        scores = dict(zip(fresh, self.reward.score_batch(samples), strict=True))
        if self.cache and (kept := {k: score_record(s) for k, s in scores.items() if s.outcome != "error"}):
            self.cache.append(kept)
        return [scores[key] if key in scores else read_score(known_scores[key]) for key in keys]

    @property
    def wants_groups(self) -> bool:
        """Whether all completions of a prompt must be judged together."""
        return self.reward.spec.scope == "group"

    def _sample(self, item: Item, completion: Completion) -> Sample:
        return Sample(completion.turns or completion.text, item.reference, item.question, self.info(item.doc))

    def _key(self, item: Item, completion: Completion) -> str:
        if self.wants_groups:
            return digest([*item.key, completion.text])
        reply = completion.turns or completion.text
        return digest([item.doc_hash, reply, item.reference])


def likelihood_score(item: Item, completion: Completion) -> Score:
    """kind `perplexity`: the geometric mean likelihood per byte, 2^-(bits per byte), between 0 and 1."""
    size = len(item.prompt.encode("utf-8", "surrogatepass"))
    if not size:
        return Score(None, Outcome.UNJUDGEABLE, "an empty text has no likelihood per byte")
    nats = -completion.logprobs[0][0] / size
    return Score.share(exp(-nats), f"{nats / 0.6931471805599453:.4f} bits per byte")


def pick_option(item: Item, completion: Completion, normalized: bool) -> Completion:
    """kind `choice`: the label of the likeliest option as the completion's text."""
    values = [value for value, _ in completion.logprobs]
    if normalized:
        sizes = [max(1, len(text.strip().encode("utf-8"))) for _, text in item.pairs]
        values = [value / size for value, size in zip(values, sizes, strict=True)]
    completion.text = item.labels[max(range(len(values)), key=values.__getitem__)]
    return completion


def option_parts(item: Item, completion: Completion) -> dict[str, float | None]:
    """Each option's log-likelihood, and the probability of the right one among them."""
    values = [value for value, _ in completion.logprobs]
    top = max(values)
    weights = [exp(value - top) for value in values]
    parts: dict[str, float | None] = {f"logprob_{label}": v for label, v in zip(item.labels, values, strict=True)}
    if item.reference in item.labels:
        parts["p_correct"] = weights[item.labels.index(item.reference)] / sum(weights)
    return parts


def row_of(item: Item, completion: Completion, score: Score) -> Row:
    """The sample row of a judged completion."""
    parts = dict(score.parts)
    if item.kind == "loglikelihood" and item.labels and completion.logprobs:
        parts |= option_parts(item, completion)
    return Row(
        task=item.task,
        doc_id=item.doc_id,
        doc_hash=item.doc_hash,
        prompt_hash=item.prompt_hash,
        prompt=item.question,
        completion=completion.turns or completion.text,
        reference=item.reference,
        score=score.value,
        outcome=str(score.outcome),
        reason=score.reason,
        extracted=score.extracted,
        repeat=item.repeat,
        cluster=item.cluster,
        category=item.category,
        finish_reason=REFUSED if completion.refused else completion.finish_reason,
        tokens=completion.tokens,
        parts=parts,
        rendered=None if item.prompt == item.question else item.prompt,
    )


@dataclass
class Scorer:
    """A thread that judges what it is given and appends the rows to a task's sample file."""

    judge: Judge
    path: Path
    hold: bool = False
    """Judge only when everything is there (rewards over groups)."""
    scored: Callable[[int], None] = lambda count: None
    """Called with the number of rows that were written."""
    rows: list[Row] = field(default_factory=list)
    light: bool = False
    """Keep the rows without their texts, which are on disk: trajectories are long."""

    def __post_init__(self) -> None:
        self._queue: queue.SimpleQueue[Finished | None] = queue.SimpleQueue()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="holdfast-scoring", daemon=True)

    def __enter__(self) -> "Scorer":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._queue.put(None)
        self._thread.join()
        if kind is None and self._failure is not None:
            raise self._failure

    def put(self, item: Item, completion: Completion) -> None:
        """Hand over a finished completion. Raises what the judge raised before."""
        if self._failure is not None:
            raise self._failure
        self._queue.put((item, completion))

    def _work(self) -> None:
        try:
            with self.path.open("a", encoding="utf-8") as stream:
                while batch := self._next_batch():
                    for (item, completion), score in zip(batch, self._scores(batch), strict=True):
                        row = row_of(item, completion, score)
                        append(stream, row)
                        self.rows.append(light(row) if self.light else row)
                    self.scored(len(batch))
        except BaseException as failure:  # noqa: BLE001 - carried to the caller's thread, see put and __exit__
            self._failure = failure

    def _scores(self, batch: list[Finished]) -> list[Score]:
        """The judge's scores; what a server refused to answer is not judged."""
        judged = iter(self.judge([pair for pair in batch if not pair[1].refused]))
        return [refusal_score(completion) if completion.refused else next(judged) for _, completion in batch]

    def _next_batch(self) -> list[Finished]:
        """Everything that waits, up to a batch; empty when all is done."""
        batch: list[Finished] = []
        while not self._done and (self.hold or len(batch) < _MOST):
            if batch and not self.hold and self._queue.empty():
                break
            got = self._queue.get()
            if got is None:
                self._done = True
                break
            batch.append(got)
        return batch

    _done = False
