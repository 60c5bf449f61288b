"""Audit of a reward on labelled data: how often it errs, whom it agrees with, and the cheapest texts that score."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.records import pick, read_records
from holdfast.reward import Reward
from holdfast.sample import Sample

_PROBED = 200
"""Items the probes are tried on: their rates need no more."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sample and whether it is right."""

    sample: Sample
    expected: bool
    where: str


@dataclass(frozen=True, slots=True)
class Rate:
    """A count of a count, with a 95 % Wilson interval."""

    count: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson (1927) score interval; (0, 1) of nothing."""
        from scipy.stats import binomtest

        if not self.of:
            return 0.0, 1.0
        found = binomtest(self.count, self.of).proportion_ci(method="wilson")
        return float(found.low), float(found.high)

    def __str__(self) -> str:
        if not self.of:
            return "none"
        low, high = self.interval
        return f"{self.count} of {self.of} = {self.count / self.of:.2%} [{low:.2%}, {high:.2%}]"


@dataclass(slots=True)
class Card:
    """What an audit found."""

    reward: dict[str, Any]
    false_positives: Rate
    """Wrong samples that scored above 0, of the wrong ones that were judged."""
    false_negatives: Rate
    """Right samples that scored below 1, of the right ones that were judged."""
    unjudged: Rate
    agreement: Rate | None = None
    """Rows on which another reward gives the same value."""
    mistakes: list[str] = field(default_factory=list)
    probes: dict[str, Rate] = field(default_factory=dict)
    """For each cheap text: on how many items it scores."""

    def markdown(self) -> str:
        """The card as a page."""
        described = ", ".join(f"{key}={value!r}" for key, value in self.reward["options"].items())
        lines = [f"# Card of reward `{self.reward['name']}` (version {self.reward['version']})", ""]
        lines += [f"Options: {described or 'defaults'}.", "", "| what | 95 % interval |", "| --- | --- |"]
        lines += [f"| false positives | {self.false_positives} |", f"| false negatives | {self.false_negatives} |"]
        lines += [f"| not judged | {self.unjudged} |"]
        lines += [f"| agreement | {self.agreement} |"] if self.agreement else []
        lines += [f"| probe: {name} | {rate} |" for name, rate in self.probes.items()]
        lines += ["", "## Mistakes", "", *(f"- {mistake}" for mistake in self.mistakes)] if self.mistakes else []
        return "\n".join(lines) + "\n"


def read_labelled(path: Path, completion: str, reference: str, expected: str, prompt: str | None) -> list[Labelled]:
    """Labelled samples of a file. Raises DataError for a label that is no true/false or 0/1."""
    found = []
    for where, record in read_records(path):
        label = pick(record, expected, where)
        if label not in (True, False):
            raise DataError(f"{where}: {expected} must be true or false, not {label!r:.60}")
        prompt_text = pick(record, prompt, where) if prompt else ""
        sample = Sample(pick(record, completion, where), pick(record, reference, where), prompt_text, record)
        found.append(Labelled(sample, bool(label), where))
    return found


def audit(reward: Reward, rows: Sequence[Labelled], against: Reward | None = None) -> Card:
    """Judge labelled rows and the probes."""
    scores = reward.score_batch([row.sample for row in rows])
    judged = [(row, score) for row, score in zip(rows, scores, strict=True) if score.value is not None]
    wrong = [(row, score) for row, score in judged if not row.expected]
    right = [(row, score) for row, score in judged if row.expected]
    accepted = [(row, score) for row, score in wrong if (score.value or 0) > 0]
    refused = [(row, score) for row, score in right if (score.value or 0) < 1]
    mistakes = [_mistake("false positive", row, score.reason) for row, score in accepted]
    mistakes += [_mistake("false negative", row, score.reason) for row, score in refused]
    return Card(
        reward=reward.describe(),
        false_positives=Rate(len(accepted), len(wrong)),
        false_negatives=Rate(len(refused), len(right)),
        unjudged=Rate(len(rows) - len(judged), len(rows)),
        agreement=_agreement([score.value for score in scores], rows, against),
        mistakes=mistakes,
        probes=_probe(reward, rows),
    )


def _agreement(values: Sequence[float | None], rows: Sequence[Labelled], against: Reward | None) -> Rate | None:
    if against is None:
        return None
    others = [score.value for score in against.score_batch([row.sample for row in rows])]
    return Rate(sum(a == b for a, b in zip(values, others, strict=True)), len(rows))


def _mistake(kind: str, row: Labelled, reason: str) -> str:
    return f"{kind} at {row.where}: {row.sample.text[-80:]!r} against {row.sample.reference!r:.80}: {reason[:120]}"


def _probe(reward: Reward, rows: Sequence[Labelled]) -> dict[str, Rate]:
    """Texts a lazy policy would find: none of them may score."""
    some = list(rows[:: max(1, len(rows) // _PROBED)])[:_PROBED]
    golds = [_text(row.sample.reference) for row in some]
    found = {}
    for name, write in _PROBES.items():
        samples = [_with(row.sample, write(row.sample, golds, i)) for i, row in enumerate(some)]
        scores = reward.score_batch(samples)
        found[name] = Rate(sum((s.value or 0) > 0 for s in scores), sum(s.value is not None for s in scores))
    return found


Probe = Callable[[Sample, Sequence[str], int], str]

_PROBES: dict[str, Probe] = {
    "empty": lambda sample, golds, i: "",
    "prompt echo": lambda sample, golds, i: sample.prompt_text,
    "all options": lambda sample, golds, i: "A B C D E F G H I J",
    "digits 0 to 9": lambda sample, golds, i: " ".join(map(str, range(10))),
    "yes and no": lambda sample, golds, i: "The answer is yes. The answer is no.",
    "hedge: the reference or another": lambda sample, golds, i: f"It is {golds[i]} or {_other(golds, i)}.",
    "two boxes, the last one wrong": lambda sample, golds, i: f"\\boxed{{{golds[i]}}} \\boxed{{{_other(golds, i)}}}",
    "many references": lambda sample, golds, i: " ".join(_without_own(golds, i)),
    "a marker without an answer": lambda sample, golds, i: "The final answer is \\boxed{}. #### ",
}


def _other(golds: Sequence[str], index: int) -> str:
    """Another item's reference that differs from this one's."""
    return next((gold for gold in [*golds[index + 1 :], *golds[:index]] if gold != golds[index]), "none of these")


def _without_own(golds: Sequence[str], index: int) -> Iterable[str]:
    return (gold for gold in golds[:20] if gold != golds[index])


def _text(reference: Any) -> str:
    return str(reference[0] if isinstance(reference, list) and reference else reference)


def _with(sample: Sample, completion: str) -> Sample:
    return Sample(completion, sample.reference, sample.prompt, sample.info)
