"""Where a table of scores that is not ours holds what."""

from dataclasses import dataclass

from holdfast.importers.scores import Direction


@dataclass(slots=True)
class Columns:
    """Where a table that is not ours holds what (dotted paths); None: the usual names are tried."""

    score: str | None = None
    id: str | None = None
    prompt: str | None = None
    completion: str | None = None
    reference: str | None = None
    category: str | None = None
    cluster: str | None = None
    task: str | None = None
    """The benchmark's name (not a column)."""
    scale: float = 1.0
    """Scores are divided by this: 10 for judgements from 0 to 10."""
    model: str | None = None
    """The model whose rows are taken, where a table holds several (not a column)."""
    direction: Direction | None = None
    """lower: the scores are losses. None: as the table or the column's name says."""
