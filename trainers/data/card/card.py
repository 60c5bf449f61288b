"""A data card: what a training set holds, and first of all what is wrong with it."""

from dataclasses import asdict, dataclass, field
from typing import Any

from holdfast.quantities import plural
from holdfast.trainers.data.card.diversity import Diversity
from holdfast.trainers.data.card.faults import Finding
from holdfast.trainers.data.card.judged import AnswerScores
from holdfast.trainers.data.card.pairs import Marks, Preference
from holdfast.trainers.data.card.quantiles import Quantiles
from holdfast.trainers.data.card.structure import Structure
from holdfast.trainers.data.overlap.contamination import Contamination
from holdfast.trainers.data.overlap.near_duplicates import SIMILARITY, DuplicateCluster

SCHEMA_VERSION = 1


@dataclass(slots=True)
class Duplicates:
    """Rows that say the same."""

    exact: int = 0
    """Rows whose whole text stands in an earlier row."""
    exact_clusters: list[DuplicateCluster] = field(default_factory=list)
    """The largest clusters of exact duplicates."""
    prompts: int = 0
    """Rows whose prompt stands in an earlier row, whatever the answer."""
    near: int = 0
    """Rows that nearly repeat an earlier one, exact duplicates apart."""
    near_clusters: list[DuplicateCluster] = field(default_factory=list)
    near_checked: int = 0
    """Rows compared for near duplicates: distinct ones of at least eight words, as many as memory is set aside for."""
    near_left_out: int = 0
    """Distinct rows behind the most that are compared."""
    similarity: float = SIMILARITY


@dataclass(slots=True)
class Tokens:
    """Lengths in a tokenizer's tokens."""

    tokenizer: str
    parts: dict[str, Quantiles]
    """By part, and `row` for prompt and longest answer together."""
    limit: int | None = None
    """Longer rows are cut (or do not fit): the trainer's max_length."""
    over: int = 0
    """Rows that are longer."""


@dataclass(slots=True)
class Languages:
    """In which languages the answers of a sample are written."""

    sampled: int
    texts: dict[str, int]
    """By ISO 639-1 code, the most frequent first; `unknown` where too few letters tell."""


@dataclass(slots=True)
class Card:
    """Everything that was found of a data set."""

    source: str
    kind: str
    """`preference`, `marked`, `messages`, `prompt and completion`, `prompt and reference`, `prompt`, `plain text`."""
    trainer: str
    """The trainer in whose format the rows were read."""
    rows: int
    """Number of rows described."""
    unreadable: int
    """Rows that could not be read or shaped."""
    complete: bool
    """False when reading stopped at the limit, or a sample was described."""
    sampled: int
    """Rows in the sample that languages, diversity and the reward were measured on."""
    columns: dict[str, int]
    """The file's columns (and ours), and how many rows have them."""
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    """What is wrong, the worst first."""
    structure: Structure = field(default_factory=Structure)
    characters: dict[str, Quantiles] = field(default_factory=dict)
    tokens: Tokens | None = None
    duplicates: Duplicates = field(default_factory=Duplicates)
    languages: Languages | None = None
    contamination: Contamination | None = None
    judged: AnswerScores | None = None
    diversity: Diversity | None = None
    preference: Preference | None = None
    marks: Marks | None = None

    @property
    def broken(self) -> list[Finding]:
        """What would break training."""
        return [finding for finding in self.findings if finding.level == "breaks"]

    def sentence(self) -> str:
        """The card in one line."""
        rows = f"{plural(self.rows, 'row')} ({self.kind or 'of no kind'})"
        if not self.findings:
            return f"{rows}; nothing wrong was found"
        bad, look = len(self.broken), len(self.findings) - len(self.broken)
        parts = [f"{plural(bad, 'fault')} that would break training"] if bad else []
        parts += [f"{look} to look at"] if look else []
        return f"{rows}; {' and '.join(parts)}"

    def to_json(self) -> dict[str, Any]:
        """The card as a plain mapping."""
        record = {"schema": SCHEMA_VERSION, "sentence": self.sentence(), **asdict(self)}
        if self.contamination is not None:
            record["contamination"] = self.contamination.to_json()
        return record
