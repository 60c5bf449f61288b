"""Which references of a data set a reward cannot judge against: known before training, not at step 1."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from holdfast.reward import Reward
from holdfast.sample import Outcome, Sample


class Unjudgeable(NamedTuple):
    """A reference that nobody can be judged against."""

    row: int
    reference: Any
    reason: str


def unjudgeable(
    reward: Reward, references: Iterable[Any], infos: Iterable[Mapping[str, Any]] | None = None
) -> list[Unjudgeable]:
    """The references that the reward cannot judge an answer against; `infos` holds the other columns of each row."""
    columns = infos if infos is not None else iter(dict, None)
    samples = [Sample("0", reference, info=info) for reference, info in zip(references, columns, strict=False)]
    scores = reward.score_batch(samples)
    return [
        Unjudgeable(row, sample.reference, score.reason)
        for row, (sample, score) in enumerate(zip(samples, scores, strict=True))
        if score.outcome is Outcome.UNJUDGEABLE
    ]
