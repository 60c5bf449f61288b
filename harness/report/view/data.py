"""What the page's script knows of each run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from holdfast.quantities import epoch_seconds
from holdfast.report import phrases
from holdfast.report.html.html_builder import visible
from holdfast.report.view.entries import Entry, TaskNumbers

_WORDS = {"PASS": "Pass", "REGRESSED": "Regressed", "INCONCLUSIVE": "Inconclusive"}


@dataclass(frozen=True, slots=True)
class Row:
    """A run with its place in the page."""

    number: int
    entry: Entry

    @property
    def verdict(self) -> str:
        """The word that the filter shows."""
        if self.entry.status != "finished":
            return self.entry.status.capitalize()
        return _WORDS.get(self.entry.decision, "No comparison")

    @property
    def gain(self) -> float | None:
        """The mean change of what was trained for."""
        changes = self.entry.changes("target")
        return sum(changes.values()) / len(changes) if changes else None

    @property
    def worst_task(self) -> str:
        """The held skill that lost most."""
        changes = self.entry.changes("held")
        return min(changes, key=lambda name: changes[name]) if changes else ""

    @property
    def worst(self) -> float | None:
        """Its change."""
        return self.entry.changes("held").get(self.worst_task)

    def as_json(self, report: str | None) -> dict[str, Any]:
        """The run for the script."""
        entry = self.entry
        return {
            "path": visible(entry.path),
            "models": [visible(name) for name in entry.models],
            "data": visible(entry.data),
            "suite": visible(entry.suite),
            "trainer": entry.trainer,
            "verdict": self.verdict,
            "sentence": visible(phrases.true_minus(entry.sentence)),
            "time": epoch_seconds(entry.created),
            "step": entry.step,
            "report": report,
            "tasks": {visible(name): _numbers(one) for name, one in entry.tasks.items()},
            "looks": [[step, scores] for step, scores in entry.looks],
        }


def rows(entries: Sequence[Entry]) -> list[Row]:
    """The runs, numbered."""
    return [Row(number, entry) for number, entry in enumerate(entries)]


def _numbers(one: TaskNumbers) -> list[Any]:
    """[score, standard error, before, difference, low, high, verdict, items]."""
    numbers = (one.score, one.stderr, one.before, one.difference, one.low, one.high)
    return [*(None if x is None or x != x else round(x, 6) for x in numbers), one.verdict, one.n]
