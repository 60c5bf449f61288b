"""What guard, mend and bisect write into a run, field by field; docs/guard.md and docs/mend.md explain them."""

from typing import NotRequired, TypedDict


class SkillLook(TypedDict):
    """One skill at one look."""

    items: int
    """Answered at this look, and judged."""
    lost: int
    """How many of these were right before the training and are wrong now."""
    gained: int
    before: float
    """Mean score of these items before the training; points."""
    now: float
    """Mean score of these items at this look; points."""
    e: float
    """Evidence by now of a loss beyond the margin (1: none); an alarm at `threshold`."""
    p: float
    """Anytime-valid p value by now; an alarm at alpha / number of tasks."""


class Look(TypedDict):
    """One look of the guard."""

    step: int
    why: str
    """`schedule`, or `drift`: a glance called for it."""
    skills: dict[str, SkillLook]
    broken: list[str]
    """Skills whose alarm this look raised."""
    generated: int
    """Answers that had to be generated; the others were still word for word the same."""
    seconds: float


class Glance(TypedDict):
    """One glance of the guard."""

    step: int
    drift: dict[str, float]
    """By skill: how much less likely old answers have become; nats per answer."""
    seconds: float


class Acted(TypedDict):
    """What the guard did."""

    step: int
    policy: str
    broken: list[str]
    restored_step: NotRequired[int]
    """Policy `rollback`: the step whose weights are back."""


class GuardRecord(TypedDict):
    """What guard/guard.json holds."""

    schema: int
    policy: str
    every: int
    alpha: float
    margin: float
    """Points."""
    threshold: float
    """Evidence at which a skill's alarm is raised."""
    tasks: list[str]
    start_seconds: float
    """Seconds of the measurement when training began; part of `seconds`."""
    seconds: float
    """What the guard cost in all."""
    good_step: int
    """The last step looked at where no skill had lost more than the margin (0: the start)."""
    acted: Acted | None
    looks: list[Look]
    glances: list[Glance]


class PointRecord(TypedDict):
    """One point of mend's frontier, as the selection half sees it."""

    name: str
    """Unique in the record; its measurements lie in mend/points/<name>."""
    weight: float | None
    """Place on the line between base (0) and tuned (1); None when groups of layers have weights of their own."""
    weights: dict[str, float]
    """By group of layers; `all` for the whole model."""
    density: float
    """Share of each tensor's change that was kept (1: all of it)."""
    steps: int
    """Replay steps trained from there."""
    gain: float
    """Mean difference of the targets (of the held skills where there is no target); score units."""
    held: float
    """Mean difference of the held skills; score units."""
    worst: str
    """The held skill that lost most, with its difference in points."""
    differences: dict[str, float]
    """The difference of every task; score units."""
    decision: str
    """PASS, REGRESSED or INCONCLUSIVE."""


class MendRecord(TypedDict):
    """What mend/mend.json holds."""

    schema: int
    points: list[PointRecord]
    chosen: str | None
    """Name of the point; None when no point is a cure."""
    reason: str
    """Why none is; empty when one was chosen."""
    confirmed: str | None
    """The decision on the confirmation half; None where no point came so far."""
    confirmation: str
    """The same in a sentence."""
    margin: float
    """Points; the same for all points."""
    items: dict[str, int]
    """Items of the suite in each half."""
    seconds: float


class BreakRecord(TypedDict):
    """When one skill broke."""

    task: str
    held_at: int
    """The last step seen before `broken_at` at which no drop was proven (0: the base model)."""
    clear_at: int
    """The last step seen before `broken_at` at which half of the drop was ruled out (0: the base model): the sure
    beginning of the interval."""
    broken_at: int | None
    """The first step seen at which one was; None when no saved checkpoint shows the drop."""
    difference: float
    """The change at `broken_at` (at the last checkpoint when None); score units."""
    p: float
    """One-sided, of that change."""
    interval: list[float]
    """95 % interval of that change; score units."""
    monotone: bool
    """Whether every look from `broken_at` on was broken."""
    recovered_at: list[int]
    """Steps after `broken_at` at which no drop was proven."""
    sentence: str


class BisectLook(TypedDict):
    """One skill at one checkpoint, against the base model."""

    difference: float
    interval: list[float]
    p: float
    verdict: str
    lost: int | None
    """Items right before and wrong now; None for scores that are not 0 or 1."""
    gained: int | None
    n: int


class BisectRecord(TypedDict):
    """What bisect/bisect.json holds."""

    schema: int
    breaks: list[BreakRecord]
    looks: dict[str, dict[str, BisectLook]]
    """By step, by task."""
    checkpoints: list[int]
    """Steps of all saved checkpoints, and the last step."""
    seconds: float
