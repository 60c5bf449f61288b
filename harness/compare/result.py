"""What a comparison says, as typed data: the one thing every report, gate and sweep is rendered from.

Scores, differences and margins are in score units (0–1); reports show points (×100). `after − before`: a negative
difference is a drop. Probabilities called p are one-sided unless their name says otherwise. Every class here maps
one to one to the published JSON schema (`holdfast.compare.schema`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from holdfast.compare.schema import from_json, json_schema, to_json
from holdfast.errors import EXIT_INCONCLUSIVE, EXIT_PASS, EXIT_REGRESSED
from holdfast.sample import Text

SCHEMA_VERSION = 1


class Verdict(StrEnum):
    """What happened to one benchmark."""

    REGRESSED = "REGRESSED"
    """A drop is proven (among everything judged), and not smaller than `min_effect`."""
    BEYOND_MARGIN = "BEYOND_MARGIN"
    """Taken alone its whole interval lies below minus the suite's margin, but among so many it is not proven."""
    NON_INFERIOR = "NON_INFERIOR"
    """No change is proven, and a drop as large as the margin is ruled out."""
    IMPROVED = "IMPROVED"
    """A gain is proven (family-wise, Holm)."""
    INCONCLUSIVE = "INCONCLUSIVE"
    """The items decide neither way; `items_to_decide` says how many would."""


class Decision(StrEnum):
    """What a gate does with the suite."""

    PASS = "PASS"
    REGRESSED = "REGRESSED"
    INCONCLUSIVE = "INCONCLUSIVE"


EXIT_CODES = {
    Decision.PASS: EXIT_PASS,
    Decision.REGRESSED: EXIT_REGRESSED,
    Decision.INCONCLUSIVE: EXIT_INCONCLUSIVE,
}

Role = Literal["held", "target", "ignored"]
"""held: must not drop. target: what one trains for, judged in a family of its own. ignored: shown, not judged."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided confidence interval at `Comparison.confidence`."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One of the runs compared."""

    name: str
    path: str
    model: Mapping[str, Any] = field(default_factory=dict)
    """Name, fingerprint, tokenizer hash; empty when unknown."""
    provenance: Literal["known", "unknown"] = "unknown"
    """unknown: a bare file of scored samples, nothing says how they were made."""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """The run's manifest where there is one: command, versions, git state, config."""


@dataclass(frozen=True, slots=True)
class Side:
    """One run's answer to an item."""

    completion: Text
    score: float | None
    outcome: str
    reason: str = ""
    extracted: str | None = None
    finish_reason: str | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Flip:
    """An item whose score changed."""

    direction: Literal["lost", "gained"]
    doc_id: str
    doc_hash: str
    prompt: Text
    reference: Any
    before: Side
    after: Side
    category: str | None = None
    cluster: str | None = None
    repeat: int = 0
    change: float = 0.0
    """Score after minus score before, means over repeats."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """The 2×2 table of a 0/1 benchmark and what is read from it. Rates are shares of all paired items."""

    both_right: int
    lost: int
    """1→0."""
    gained: int
    """0→1."""
    both_wrong: int
    lost_rate: float
    gained_rate: float
    retention: float | None
    """Share of the items right before that are still right; None when none was right."""
    lost_adjusted: float | None = None
    """lost_rate without what guessing alone would show (multiple choice; arXiv 2510.17776)."""
    gained_adjusted: float | None = None
    noise_lost: float | None = None
    """The same rates between two measurements of the model before (A/A), when there are two."""
    noise_gained: float | None = None
    net_lost: float | None = None
    """lost_rate − noise_lost, at least 0."""
    net_gained: float | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """How the completions changed apart from their score."""

    kind: Literal["length", "truncation", "refusal", "format_failure", "language"]
    before: float
    """A share of the completions; for length their mean in `unit`."""
    after: float
    n: int
    """Number of pairs that were compared."""
    p_two_sided: float | None
    unit: Literal["share", "tokens", "characters"] = "share"
    notable: bool = False
    """Significant (p ≤ 0.001) and large enough to matter (2 points; 20 % of length)."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """One stratum of a benchmark. Exploratory: false-discovery rate controlled, no part in any verdict."""

    name: str
    n: int
    before: float
    after: float
    difference: float
    interval: Interval
    p_two_sided: float
    q: float
    """Benjamini–Hochberg adjusted p_two_sided."""
    lost: int | None = None
    gained: int | None = None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark, paired."""

    task: str
    role: Role
    verdict: Verdict
    explanation: str
    """The verdict in one sentence."""
    metric: str
    n: int
    """Items paired and judged in both runs."""
    dropped: int
    """Items left out because one run could not be judged on them."""
    before: float
    after: float
    difference: float
    interval: Interval
    p_regressed: float
    p_improved: float
    holm_regressed: float
    """Adjusted among everything that is judged (weighted Holm): a drop is proven where it is at most α."""
    holm_improved: float
    """Holm-adjusted among the held benchmarks, or among the targets."""
    margin: float
    """The benchmark's own: the drop that must be ruled out to call it held."""
    allowed_drop: float
    """A policy's agreed price: only a drop proven larger than this is a regression (usually 0)."""
    method: str
    """Interval and test, in words."""
    flip_rate: float
    """Share of the items that changed (0/1 scores), else the variance of the differences."""
    mde: float
    """The smallest drop this benchmark would find with 80 % probability, alone in its family."""
    items_to_decide: int | None = None
    """For INCONCLUSIVE: the number of items at which an unchanged model would be called non-inferior."""
    repeats: int = 1
    clusters: int | None = None
    chance: float | None = None
    version: str = ""
    reward: Mapping[str, Any] = field(default_factory=dict)
    generation: Mapping[str, Any] = field(default_factory=dict)
    forgetting: Forgetting | None = None
    categories: tuple[Category, ...] = ()
    shifts: tuple[Shift, ...] = ()
    flips: tuple[Flip, ...] = ()
    truncation_only: bool = False
    """The drop vanishes among the items that neither run truncated."""
    difference_untruncated: float | None = None
    """The difference among those items, where any completion was truncated."""
    min_effect: float = 0.0
    """A proven drop smaller than this is no regression; only a user's wish makes it more than 0."""
    power_drop: float | None = None
    """The smallest drop that would have been called a regression with 80 % probability, among everything judged."""
    repeats_before: int = 1
    histogram: tuple[int, ...] = ()
    """Graded scores: items by their change, in 20 equal bins from −1 to 1; empty for 0/1 scores."""
    refused: str = ""
    """Why there is no interval; empty when there is one."""
    bounds: Interval | None = None
    """The one-sided bounds at 1 − alpha by which verdicts go: a drop larger than −low is ruled out; high < 0 is a drop
    (before Holm)."""


@dataclass(frozen=True, slots=True)
class Omnibus:
    """The held benchmarks together. macro: mean of the benchmarks; micro: mean of the items."""

    kind: Literal["macro", "micro"]
    tasks: int
    n: int
    before: float
    after: float
    difference: float
    interval: Interval
    lower_bound: float
    """One-sided confidence bound: non-inferior when it is above −margin."""
    p_regressed: float
    p_improved: float
    margin: float
    non_inferior: bool
    upper_bound: float | None = None
    """The one-sided bound on the other side."""
    holm_regressed: float = 1.0
    """p_regressed adjusted among everything that is judged (macro only)."""
    regressed: bool = False
    """A drop of the mean is proven, and not smaller than `Comparison.min_effect` (macro only)."""


@dataclass(frozen=True, slots=True)
class Check:
    """One demand of a gate policy."""

    name: str
    passed: bool | None
    """None: could not be decided."""
    text: str
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs, paired. `to_json`/`from_json` go through the published schema."""

    before: RunInfo
    after: RunInfo
    decision: Decision
    sentence: str
    """The decision and its main reason, in one sentence."""
    benchmarks: tuple[Benchmark, ...]
    macro: Omnibus | None
    """None when no benchmark is held (every task is a target)."""
    micro: Omnibus | None
    target: tuple[str, ...]
    margin: float
    margin_origin: Literal["given", "policy", "default"]
    """default: the smallest margin these runs can decide with 80 % probability when nothing changed."""
    alpha: float
    """Chance of a false "regressed" over the whole verdict, shared with the other runs compared at the same time."""
    confidence: float = 0.95
    warnings: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    """The gate policy's demands; empty without a policy."""
    seed: int = 0
    min_effect: float = 0.0
    """A proven drop smaller than this is no regression (0: every proven drop is one)."""
    runs: int = 1
    """Comparisons that share α, this one included."""
    advice: tuple[str, ...] = ()
    """For INCONCLUSIVE: what would decide, the cheapest first, as commands."""
    version: str = ""
    """Holdfast's version."""
    created: str = ""
    command: tuple[str, ...] = ()
    schema: int = SCHEMA_VERSION

    @property
    def exit_code(self) -> int:
        """0 pass, 1 regressed, 2 inconclusive."""
        return EXIT_CODES[self.decision]

    def benchmark(self, task: str) -> Benchmark:
        """The result of one task (KeyError when it was not compared)."""
        return {result.task: result for result in self.benchmarks}[task]

    @property
    def held(self) -> tuple[Benchmark, ...]:
        """The benchmarks that must not drop."""
        return tuple(result for result in self.benchmarks if result.role == "held")

    @property
    def targets(self) -> tuple[Benchmark, ...]:
        """The benchmarks one trained for."""
        return tuple(result for result in self.benchmarks if result.role == "target")

    def to_json(self) -> dict[str, Any]:
        """A JSON object that follows the published schema (see `published_schema`)."""
        record: dict[str, Any] = to_json(self)
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Comparison":
        """The inverse of `to_json`. Raises DataError naming the field that does not fit."""
        comparison: Comparison = from_json(cls, record, SCHEMA_VERSION)
        return comparison


def published_schema() -> dict[str, Any]:
    """The JSON schema of a comparison, as `comparison.schema.json` publishes it."""
    return json_schema(Comparison, SCHEMA_VERSION)
