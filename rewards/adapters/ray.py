"""Ray: rewards as actors of a cluster, and over Ray Data.

`RewardActor` is a plain class: `ray.remote(RewardActor).remote("math")` beside verl's, NeMo-RL's or OpenRLHF's own
actors. `score_batches` spreads batches over a pool and gives the scores in order; `score_dataset` adds columns to a
Ray Data data set. An actor that dies is restarted and its batch scored again; a batch that is lost all the same has
outcome `error` and no value: a lost machine is never a model's 0. Run with ray 2.60.
"""

import collections
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from holdfast.reward import Reward
from holdfast.rewards.adapters import reward_of
from holdfast.sample import Sample, Score

_AHEAD = 2
"""Batches in flight per actor."""


class RewardActor:
    """One reward in one process of a cluster."""

    def __init__(self, reward: Reward | str | Mapping[str, Any] | None = None, **columns: str) -> None:
        self.reward = reward if isinstance(reward, Reward) else reward_of(reward)
        self.columns = columns

    def score_batch(self, samples: Sequence[Sample]) -> list[Score]:
        """The scores, in order."""
        return self.reward.score_batch(samples)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Ray Data's call: the batch with `score` (NaN: cannot be judged), `outcome`, `reason` and `extracted`."""
        import numpy as np

        scores = self.score_batch(list(self._samples(batch)))
        values = [float("nan") if score.value is None else score.value for score in scores]
        return {
            **batch,
            "score": np.array(values, dtype=np.float64),
            "outcome": np.array([str(score.outcome) for score in scores], dtype=object),
            "reason": np.array([score.reason for score in scores], dtype=object),
            "extracted": np.array([json.dumps(score.extracted) for score in scores], dtype=object),
        }

    def _samples(self, batch: Mapping[str, Any]) -> Iterator[Sample]:
        names = {"completion": "completion", "reference": "reference", "prompt": "prompt", **self.columns}
        for index in range(len(next(iter(batch.values())))):
            row = {name: _plain(column[index]) for name, column in batch.items()}
            yield Sample(row[names["completion"]], row.get(names["reference"]), row.get(names["prompt"]) or "", row)


def score_dataset(dataset: Any, reward: Any, *, workers: int = 2, batch_size: int = 512, **columns: str) -> Any:
    """A Ray Data data set with the scores as columns; `columns` renames completion, reference and prompt.

    For rewards that judge each sample on its own: Ray Data cuts batches as it likes.
    """
    return dataset.map_batches(
        RewardActor,
        fn_constructor_args=(reward,),
        fn_constructor_kwargs=columns,
        batch_size=batch_size,
        concurrency=workers,
    )


def score_batches(batches: Iterable[Sequence[Sample]], reward: Any, *, workers: int = 2) -> Iterator[list[Score]]:
    """The scores of every batch, in order, with a bounded number of batches in flight."""
    import ray

    if not ray.is_initialized():
        ray.init(address=None, include_dashboard=False, log_to_driver=False, configure_logging=False)
    actor = ray.remote(max_restarts=-1, max_task_retries=3)(RewardActor)
    pool = [actor.remote(reward) for _ in range(workers)]
    pending: collections.deque[tuple[Any, int]] = collections.deque()
    for number, batch in enumerate(batches):
        pending.append((pool[number % workers].score_batch.remote(list(batch)), len(batch)))
        if len(pending) >= workers * _AHEAD:
            yield _arrived(*pending.popleft())
    while pending:
        yield _arrived(*pending.popleft())


def _arrived(promised: Any, count: int) -> list[Score]:
    """The scores of a batch; errors without a value where its actor died as often as it was tried."""
    import ray

    try:
        scores: list[Score] = ray.get(promised)
    except (ray.exceptions.RayActorError, ray.exceptions.ObjectLostError) as lost:
        return [Score.error(f"the Ray actor was lost: {str(lost)[:200]}") for _ in range(count)]
    return scores


def _plain(value: Any) -> Any:
    """Arrow's and NumPy's values as Python's own."""
    return value.tolist() if hasattr(value, "tolist") else value
