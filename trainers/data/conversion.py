"""A file of published code rows as a file to train on."""

import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from holdfast.rewards.sandbox.formats.base import BadRowError
from holdfast.rewards.sandbox.training_row import training_row
from holdfast.trainers.data.sources import raw_rows
from holdfast.trainers.settings.config import DataConfig


@dataclass
class ConversionResult:
    """What became of the rows."""

    rows: int = 0
    converted: int = 0
    formats: dict[str, int] = field(default_factory=dict)
    """Rows by the format they were taken for."""
    refused: dict[str, int] = field(default_factory=dict)
    """Rows by the reason why they could not be read."""

    def sentence(self) -> str:
        """One line for a person."""
        taken = ", ".join(f"{count} of {name}" for name, count in self.formats.items())
        reasons = "; ".join(f"{count}: {reason}" for reason, count in self.refused.items())
        return f"{self.converted} of {self.rows} rows converted ({taken or 'none'})" + (
            f"; refused {reasons}" if reasons else ""
        )


def convert_file(
    config: DataConfig, out: Path, name: str, data_root: Path | None, limit: int | None
) -> ConversionResult:
    """Write `{"id", "prompt", "reference"}` of every row that can be read. `name`: the format, where its keys do not
    tell."""
    formats, refused, done = Counter[str](), Counter[str](), ConversionResult()
    with out.open("w", encoding="utf-8") as file:
        for _, row in islice(raw_rows(config, 0, data_root), limit):
            done.rows += 1
            try:
                made = training_row(row, name)
            except BadRowError as error:
                refused[str(error)[:120]] += 1
                continue
            formats[made["reference"]["format"]] += 1
            file.write(json.dumps(made, ensure_ascii=False) + "\n")
    done.converted, done.formats, done.refused = sum(formats.values()), dict(formats), dict(refused)
    return done
