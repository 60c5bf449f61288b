"""What a reward says of the answers: how its scores are spread, and what it could not judge."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from holdfast.reward import Reward
from holdfast.sample import Sample, Score
from holdfast.trainers.data.card.faults import Tally
from holdfast.trainers.data.entry import Entry, snippet, text_of

_BATCH = 256
_SHOWN = 5


@dataclass(slots=True)
class AnswerScores:
    """Scores of a reward."""

    reward: str
    of: str
    """`completion`, `chosen`; `reference` where rows hold no answer: does the reward accept the reference itself?"""
    judged: int = 0
    mean: float | None = None
    least: float | None = None
    most: float | None = None
    histogram: list[int] = field(default_factory=list)
    """Ten bins of equal width from `least` to `most`; one bin when they are equal."""
    unjudged: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    """Why scores are missing, the most frequent first."""
    preferred: float | None = None
    """Share of pairs judged on both sides in which chosen scores higher; None without pairs."""
    tied: float | None = None
    """… and how often both score the same."""

    @property
    def constant(self) -> bool:
        """Whether every score is the same."""
        return self.judged > 1 and self.least == self.most


def judge(entries: Sequence[Entry], reward: Reward, tally: Tally) -> AnswerScores:
    """Score a sample of rows; those that cannot be judged are noted."""
    of = part_of(entries)
    found = AnswerScores(reward.name, of)
    scores = scores_of(entries, of, reward)
    for entry, score in zip(entries, scores, strict=True):
        if score.value is None:
            tally.note("unjudgeable", entry.where, snippet(score.reason))
        elif of == "reference" and score.value < 1:
            tally.note("reference not accepted", entry.where, snippet(f"{entry.row.get(reward.reference)!r}"))
    values = [score.value for score in scores if score.value is not None]
    reasons = Counter(snippet(score.reason, 60) for score in scores if score.value is None)
    found.judged, found.unjudged = len(values), len(scores) - len(values)
    found.reasons = dict(reasons.most_common(_SHOWN))
    if values:
        found.mean, found.least, found.most = sum(values) / len(values), min(values), max(values)
        found.histogram = _histogram(values, found.least, found.most)
    if of == "chosen":
        _compare(found, scores, scores_of(entries, "rejected", reward))
    return found


def part_of(entries: Sequence[Entry]) -> str:
    """What of these rows a reward judges."""
    names = next((entry.answers for entry in entries if entry.answers), {})
    return next((name for name in ("completion", "chosen") if name in names), "reference")


def scores_of(entries: Sequence[Entry], of: str, reward: Reward) -> list[Score]:
    """The scores of one part of these rows."""
    samples = [_sample(entry, of, reward) for entry in entries]
    batches = (samples[start : start + _BATCH] for start in range(0, len(samples), _BATCH))
    return [score for batch in batches for score in reward.score_batch(batch)]


def _sample(entry: Entry, of: str, reward: Reward) -> Sample:
    reference: Any = entry.row.get(reward.reference)
    itself = "" if reference is None else str(reference)
    text = itself if of == "reference" else text_of(entry.answers.get(of, ()))
    return Sample(text, reference, entry.prompt_text, entry.row)


def _histogram(values: Iterable[float], least: float, most: float) -> list[int]:
    if least == most:
        return [sum(1 for _ in values)]
    bins = [0] * 10
    for value in values:
        bins[min(9, int(10 * (value - least) / (most - least)))] += 1
    return bins


def _compare(found: AnswerScores, chosen: Sequence[Score], rejected: Sequence[Score]) -> None:
    judged_pairs = [
        (a.value, b.value) for a, b in zip(chosen, rejected, strict=True) if a.value is not None and b.value is not None
    ]
    if judged_pairs:
        found.preferred = sum(a > b for a, b in judged_pairs) / len(judged_pairs)
        found.tied = sum(a == b for a, b in judged_pairs) / len(judged_pairs)
