"""A gate's policy: what a project demands of a comparison, from a YAML file. Margins and drops are in points there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Family:
    """Benchmarks judged together: Holm among them, and, with a margin, their mean must be non-inferior."""

    tasks: tuple[str, ...]
    margin: float | None = None
    alpha: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A gate's demands. The default demands nothing beyond the suite's own decision."""

    margin: float | None = None
    max_margin: float | None = None
    """Largest default margin accepted: a suite too small to see anything must not pass for that."""
    alpha: float | None = None
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

    def of(self, task: str) -> TaskPolicy:
        """The demands on a benchmark."""
        return self.benchmarks.get(task, TaskPolicy())

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
    known = _mapping(settings, where)
    readers = {
        "margin": _points,
        "max_margin": _points,
        "alpha": _number,
        "target": _names,
        "must_improve": _flag,
        "required": _names,
        "ignore": _names,
        "ignore_items": _items,
        "min_items": _count,
        "max_unjudged": _points,
        "benchmarks": _benchmarks,
        "families": _families,
        "allow": _names,
    }
    return Policy(**_read(known, readers, where))


def _benchmarks(value: Any, where: str) -> dict[str, TaskPolicy]:
    readers = {"margin": _points, "allowed_drop": _points, "non_inferior": _flag, "min_items": _count}
    return {
        str(task): TaskPolicy(**_read(_mapping(inner, f"{where}.{task}"), readers, f"{where}.{task}"))
        for task, inner in _mapping(value, where).items()
    }


def _families(value: Any, where: str) -> dict[str, Family]:
    readers = {"tasks": _names, "margin": _points, "alpha": _number}
    families = {}
    for name, inner in _mapping(value, where).items():
        settings = {"tasks": inner} if isinstance(inner, list) else _mapping(inner, f"{where}.{name}")
        if "tasks" not in settings:
            raise UsageError(f"{where}.{name} needs tasks: […]")
        families[str(name)] = Family(**_read(settings, readers, f"{where}.{name}"))
    return families


def _read(settings: Mapping[str, Any], readers: Mapping[str, Any], where: str) -> dict[str, Any]:
    for key in settings:
        if key not in readers:
            raise unknown(f"key of {where}", str(key), readers)
    return {key: readers[key](value, f"{where}.{key}") for key, value in settings.items() if value is not None}


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{where} must be a mapping, not {value!r:.60}")
    return value


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise UsageError(f"{where} must be a number from 0 to 100, not {value!r:.60}")
    return float(value)


def _points(value: Any, where: str) -> float:
    return _number(value, where) / 100


def _count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UsageError(f"{where} must be a whole number, not {value!r:.60}")
    return value


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{where} must be true or false, not {value!r:.60}")
    return value


def _names(value: Any, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Sequence) or not all(isinstance(name, str | int) for name in value):
        raise UsageError(f"{where} must be a list of names, not {value!r:.60}")
    return tuple(str(name) for name in value)


def _items(value: Any, where: str) -> dict[str, tuple[str, ...]]:
    return {str(task): _names(items, f"{where}.{task}") for task, items in _mapping(value, where).items()}
