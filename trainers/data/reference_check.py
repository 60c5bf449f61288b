"""Every reference of a data set that a reward cannot judge an answer against, found before anything trains."""

from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from holdfast.reward import Reward
from holdfast.rewards.answers.references import unjudgeable
from holdfast.trainers.data.sources import named_rows
from holdfast.trainers.settings.config import DataConfig

_BATCH = 1024
_SHOWN = 20


@dataclass
class ReferenceCheck:
    """What a reward can make of a data set's references."""

    reward: str
    rows: int = 0
    unjudgeable: list[dict[str, Any]] = field(default_factory=list)
    """Row (from 0), reference and the reason."""

    def text(self) -> str:
        """The count, the first of them and why, for a person."""
        head = f"{len(self.unjudgeable):,} of {self.rows:,} references cannot be judged by {self.reward}"
        shown = [f"  row {one['row']}: {one['reason']}" for one in self.unjudgeable[:_SHOWN]]
        rest = len(self.unjudgeable) - len(shown)
        return "\n".join([head, *shown, *([f"  and {rest:,} more"] if rest else [])])

    def to_json(self) -> dict[str, Any]:
        """The result as a plain mapping."""
        return asdict(self)


def check_file(config: DataConfig, reward: Reward, data_root: Path | None, limit: int | None) -> ReferenceCheck:
    """Ask the reward for every row's reference. Raises DataError for rows that cannot be read."""
    found = ReferenceCheck(reward.name)
    rows = islice(named_rows(config, 0, data_root), limit)
    while batch := list(islice(rows, _BATCH)):
        references = [row.get(reward.reference) for row in batch]
        for one in unjudgeable(reward, references, batch):
            found.unjudgeable.append({"row": found.rows + one.row, "reference": one.reference, "reason": one.reason})
        found.rows += len(batch)
    return found
