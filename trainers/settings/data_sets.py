"""The data sets that settings name: one of conf/data, a path, a hub id, a mapping, or several in one."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib import resources
from typing import Any, get_type_hints

from holdfast import values
from holdfast.errors import UsageError, suggestion
from holdfast.trainers.settings.config import DataConfig, FilterConfig

SCHEME = "env:"
"""The path of rows that are episodes to be played."""
INHERITED = ("columns", "rename", "template", "system")
"""What holds for every source that does not say otherwise."""
_WHOLE = ("conversational", "validation", "max_cut", "sources", "shuffle")
"""What only the whole can have."""


def named_data(what: Any) -> DataConfig:
    """A DataConfig from a name of conf/data, a path or hub id, or a mapping of its fields."""
    import yaml

    if isinstance(what, str):
        file = resources.files("holdfast.conf") / "data" / f"{what}.yaml"
        what = yaml.safe_load(file.read_text("utf-8")) if file.is_file() else {"path": what}
    settings = dict(what)
    if settings.get("environment") is not None:
        settings.setdefault("path", SCHEME)
    settings.pop("replay", None)
    known = set(asdict(DataConfig()))
    for key in settings:
        if key not in known:
            raise UsageError(f"unknown key {key!r} of data.replay.data{suggestion(key, known)}")
    if isinstance(filter_settings := settings.get("filter"), Mapping):
        settings["filter"] = _filter(filter_settings)
    _check("data", settings, DataConfig)
    return DataConfig(**settings)


def _filter(settings: Mapping[str, Any]) -> FilterConfig:
    known = set(asdict(FilterConfig()))
    for key in settings:
        if key not in known:
            raise UsageError(f"unknown key {key!r} of data.replay.data.filter{suggestion(key, known)}")
    _check("data.filter", settings, FilterConfig)
    return FilterConfig(**settings)


def _check(name: str, settings: Mapping[str, Any], schema: type[Any]) -> None:
    """Raise UsageError for a value of the wrong type."""
    hints = get_type_hints(schema)
    for key, value in settings.items():
        if not isinstance(value, FilterConfig):
            values.check(f"{name}.{key}", value, hints[key])


def parts(config: DataConfig) -> list[tuple[DataConfig, float]]:
    """The sources with their weights; of a single data set, itself. Raises UsageError for what is no source."""
    if not config.sources:
        if not config.path:
            raise UsageError("training needs rows: data=<name, file, folder or hub id>, or a list of these")
        return [(config, 1.0)]
    if config.path:
        raise UsageError(f"data.path={config.path} and data.sources cannot both be given: list it among the sources")
    return [_part(given, config) for given in config.sources]


def _part(given: Any, whole: DataConfig) -> tuple[DataConfig, float]:
    settings = dict(given) if isinstance(given, Mapping) else {"path": given}
    if settings.get("environment") is not None:
        settings.setdefault("path", SCHEME)
    weight = settings.pop("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or weight <= 0:
        raise UsageError(f"the weight of a source says how often each row is taken, above 0, not {weight!r}")
    if not isinstance(settings.get("path"), str):
        raise UsageError(f"a source of data.sources is a name, a path or a mapping with path, not {given!r}")
    for name in _WHOLE:
        if name in settings:
            raise UsageError(f"data.sources: {name} is set for all of them, as data.{name}")
    own = named_data(settings["path"]) if len(settings) == 1 else _named_or_path(settings)
    inherited = {name: getattr(whole, name) for name in INHERITED if not getattr(own, name)}
    return replace(own, **inherited, conversational=whole.conversational), float(weight)


def _named_or_path(settings: Mapping[str, Any]) -> DataConfig:
    """A mapping whose path may be a name of conf/data, whose settings then hold where the mapping says nothing."""
    base = named_data(settings["path"])
    if base.path == settings["path"]:
        return named_data(settings)
    plain = {key: value for key, value in asdict(base).items() if key not in ("replay", "validation", "sources")}
    return named_data(plain | {key: value for key, value in settings.items() if key != "path"})


def label(config: DataConfig) -> str:
    """The data set's name in a sentence."""
    return config.path or " + ".join(part.path for part, _ in parts(config))


def reward_of(config: DataConfig) -> Any:
    """The reward that the data names: its own, or the one on which all of its sources agree."""
    named = [part.reward for part, _ in parts(config)] if config.sources else []
    return config.reward or (named[0] if named and all(one == named[0] for one in named) else None)
