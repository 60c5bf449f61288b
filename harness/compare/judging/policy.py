"""A gate's policy: what a project demands of a comparison, from a YAML file. Margins and drops are in points there."""

import datetime
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from holdfast import values
from holdfast.errors import DataError, UsageError, unknown


@dataclass(frozen=True, slots=True)
class TaskPolicy:
    """Demands on one benchmark."""

    margin: float | None = None
    allowed_drop: float = 0.0
    """The agreed price: only a drop proven larger than this is a regression."""
    non_inferior: bool = False
    """Demand that a drop of the margin (or the allowed drop) be ruled out on this benchmark by itself."""
    min_items: int | None = None
    min_effect: float | None = None
    direction: Literal["higher", "lower"] | None = None
    """lower: the scores are losses (a rise is a regression). None: as the run records it."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A known regression that is accepted for a while: an entry of the ledger `waived`."""

    drop: float
    """As `allowed_drop`."""
    reason: str
    until: str | None = None
    """The last day on which it counts, as 2026-12-31."""

    @property
    def expired(self) -> bool:
        """Whether its last day is over."""
        return self.until is not None and self.until < datetime.date.today().isoformat()


@dataclass(frozen=True, slots=True)
class Family:
    """Benchmarks with a part of α of their own, and, with a margin, a mean that must be non-inferior."""

    tasks: tuple[str, ...]
    margin: float | None = None
    alpha: float | None = None
    """Its part of the policy's alpha; None: as much as the other families."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A gate's demands. The default demands nothing beyond the suite's own decision."""

    margin: float | None = None
    max_margin: float | None = None
    """Largest default margin accepted: a suite too small to see anything must not pass for that."""
    alpha: float | None = None
    min_effect: float | None = None
    """A proven drop smaller than this is no regression."""
    allow_missing: float = 0.0
    """Share of the items that may be missing in one of the runs."""
    direction: Literal["higher", "lower"] | None = None
    """The direction of every benchmark that has none of its own."""
    target: tuple[str, ...] = ()
    must_improve: bool = False
    """Demand a proven gain on every target."""
    required: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    """Benchmarks shown but not judged."""
    ignore_items: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Items (by doc_id) left out, per benchmark: known bad references."""
    min_items: int = 0
    max_unjudged: float = 0.01
    benchmarks: Mapping[str, TaskPolicy] = field(default_factory=dict)
    families: Mapping[str, Family] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    waived: Mapping[str, Waiver] = field(default_factory=dict)
    """Known regressions, by benchmark."""

    def of(self, task: str) -> TaskPolicy:
        """The demands on a benchmark; a waiver that is not over allows its drop."""
        own, waiver = self.benchmarks.get(task, TaskPolicy()), self.waived.get(task)
        if waiver is None or waiver.expired:
            return own
        return replace(own, allowed_drop=max(own.allowed_drop, waiver.drop))

    def family_of(self, task: str) -> str:
        """The family a held benchmark is judged in."""
        return next((name for name, family in self.families.items() if task in family.tasks), "held")


def read_policy(path: str | Path) -> Policy:
    """A policy of a YAML file. Raises DataError (cannot be read) or UsageError (a key or value not understood)."""
    import yaml

    try:
        settings = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read the policy {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    return parse_policy({} if settings is None else settings, str(path))


def parse_policy(settings: Any, where: str = "policy") -> Policy:
    """A policy of its YAML form. Raises UsageError naming the key."""
    known = dict(_mapping(settings, where))
    parts: dict[str, Any] = {}
    for key, read in (
        ("ignore_items", _items),
        ("benchmarks", _benchmarks),
        ("families", _families),
        ("waived", _waived),
    ):
        if known.get(key) is not None:
            parts[key] = read(known.pop(key), f"{where}.{key}")
    policy = Policy(**_fields_of(known, Policy, where), **parts)
    _check_families(policy, where)
    return policy


def _check_families(policy: Policy, where: str) -> None:
    """A benchmark is in one family, and the families' parts of alpha leave something for the rest."""
    tasks = [task for family in policy.families.values() for task in family.tasks]
    for task in tasks:
        if tasks.count(task) > 1:
            raise UsageError(f"{where}.families: {task!r} is in two families")
    given, whole = sum(family.alpha or 0.0 for family in policy.families.values()), policy.alpha or 0.05
    if given >= whole:
        raise UsageError(
            f"{where}.families: their alphas sum to {given:g}; they are parts of alpha, which is {whole:g}"
        )


def _benchmarks(value: Any, where: str) -> dict[str, TaskPolicy]:
    return {
        str(task): TaskPolicy(**_fields_of(_mapping(inner, f"{where}.{task}"), TaskPolicy, f"{where}.{task}"))
        for task, inner in _mapping(value, where).items()
    }


def _waived(value: Any, where: str) -> dict[str, Waiver]:
    found = {}
    for task, inner in _mapping(value, where).items():
        settings = dict(_mapping(inner, f"{where}.{task}"))
        if isinstance(settings.get("until"), datetime.date):  # YAML reads a bare date as one
            settings["until"] = settings["until"].isoformat()
        for key in ("drop", "reason"):
            if key not in settings:
                raise UsageError(f"{where}.{task} needs {key}")
        found[str(task)] = Waiver(**_fields_of(settings, Waiver, f"{where}.{task}"))
        _day(found[str(task)].until, f"{where}.{task}.until")
    return found


def _day(value: str | None, where: str) -> None:
    try:
        datetime.date.fromisoformat(value or "2000-01-01")
    except ValueError:
        raise UsageError(f"{where} must be a day such as 2026-12-31, not {value!r}") from None


def _families(value: Any, where: str) -> dict[str, Family]:
    families = {}
    for name, inner in _mapping(value, where).items():
        settings = {"tasks": inner} if isinstance(inner, list) else _mapping(inner, f"{where}.{name}")
        if "tasks" not in settings:
            raise UsageError(f"{where}.{name} needs tasks: […]")
        families[str(name)] = Family(**_fields_of(settings, Family, f"{where}.{name}"))
    return families


def _items(value: Any, where: str) -> dict[str, tuple[str, ...]]:
    return {str(task): _names(items, f"{where}.{task}") for task, items in _mapping(value, where).items()}


_IN_POINTS = ("margin", "max_margin", "allowed_drop", "max_unjudged", "drop", "min_effect", "allow_missing")
_Number = Annotated[float, msgspec.Meta(ge=0, le=100)]
_Level = Annotated[float, msgspec.Meta(gt=0, lt=0.5)]
_Count = Annotated[int, msgspec.Meta(ge=0)]


def _fields_of(settings: Mapping[str, Any], kind: type[Any], where: str) -> dict[str, Any]:
    """The fields of `kind` that `settings` gives; points become shares. A key with no value is one left out."""
    hints = typing.get_type_hints(kind)
    for key in settings:
        if key not in hints:
            raise unknown(f"key of {where}", str(key), hints)
    return {k: _value(k, value, hints[k], f"{where}.{k}") for k, value in settings.items() if value is not None}


def _value(key: str, value: Any, hint: Any, where: str) -> Any:
    if hint == tuple[str, ...]:
        return _names(value, where)
    hint = {float: _Number, float | None: _Number, int: _Count, int | None: _Count}.get(hint, hint)
    hint = _Level if key == "alpha" else hint
    _demand(value, hint, where)
    return value / 100 if key in _IN_POINTS else value


def _names(value: Any, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not values.fits(value, Sequence[str | int]):
        raise UsageError(f"{where} must be a list of names, not {value!r:.60}")
    return tuple(str(name) for name in value)


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    _demand(value, Mapping[Any, Any], where)
    return typing.cast(Mapping[str, Any], value)


def _demand(value: Any, hint: Any, where: str) -> None:
    if not values.fits(value, hint):
        raise UsageError(f"{where} must be {values.in_words(hint)}, not {value!r:.60}")
