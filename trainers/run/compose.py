"""From words to a TrainConfig: Hydra composes conf/train.yaml, and every mistake becomes one line.

`model=` and `data=` take a name of their config group or anything else (a directory, a file, a hub id): what is not
a name becomes `model=other model.path=…`. `reward=` and `suite=` take names, lists and mappings that their own
loaders read, so they travel beside Hydra's groups of that name, as `chosen.reward`. Keys below `trainer.args`,
`data.columns` and `data.rename` are open.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, cast

from holdfast.errors import DataError, UsageError, suggestion, unknown
from holdfast.overrides import quoted
from holdfast.records import SUFFIXES
from holdfast.trainers.run.config import TrainConfig

_OPEN = ("trainer.args.", "data.columns.", "data.rename.")
_PATH_GROUPS = ("model", "data")
_NAMED = ("reward", "suite")


def compose(overrides: Sequence[str], config_dirs: Sequence[str] = ()) -> TrainConfig:
    """The configuration of one job. Raises UsageError naming the nearest valid key or name."""
    from hydra import compose as hydra_compose
    from hydra import initialize_config_module
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    words = prepare(overrides, config_dirs)
    try:
        with initialize_config_module("holdfast.conf", version_base="1.3"):
            return typed(hydra_compose("train", words))
    except (HydraException, OmegaConfBaseException) as error:
        raise explain(error, config_dirs) from error


def typed(composed: Any) -> TrainConfig:
    """A TrainConfig of Hydra's (or a saved) configuration. Raises omegaconf's errors, see `explain`."""
    from omegaconf import OmegaConf

    plain = cast(dict[str, Any], OmegaConf.to_container(OmegaConf.create(composed), resolve=True))
    chosen = plain.pop("chosen", {})
    plain |= {key: value for key, value in chosen.items() if value is not None}
    schema = OmegaConf.structured(TrainConfig)
    return cast(TrainConfig, OmegaConf.to_object(OmegaConf.merge(schema, plain)))


def from_manifest(path: Path) -> TrainConfig:
    """The settings a run was made with. Raises DataError for a file that holds none, UsageError for keys since gone."""
    from omegaconf.errors import OmegaConfBaseException

    from holdfast.files import read_json

    held = read_json(path).get("config")
    if not isinstance(held, dict):
        raise DataError(f"{path} holds no settings of a training")
    try:
        return typed(held)
    except OmegaConfBaseException as error:
        raise explain(error) from error


def prepare(overrides: Sequence[str], config_dirs: Sequence[str] = ()) -> list[str]:
    """Overrides as Hydra takes them. Raises UsageError for a word that is not an override."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    parser = OverridesParser.create()
    words = []
    for word in map(quoted, overrides):
        try:
            words += _rewrite(parser.parse_override(word), word, config_dirs)
        except HydraException as error:
            raise UsageError(f"cannot read {word!r}: expected key=value ({str(error).splitlines()[0]})") from error
    if config_dirs:
        words.append("hydra.searchpath=[" + ",".join(f"file://{Path(d).resolve()}" for d in config_dirs) + "]")
    return words


def swept(overrides: Sequence[str]) -> list[str]:
    """The keys that a multirun varies."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    parsed = OverridesParser.create().parse_overrides(list(overrides))
    return [o.get_key_element().lstrip("+") for o in parsed if o.is_sweep_override()]


def choices(group: str, config_dirs: Sequence[str] = ()) -> list[str]:
    """The names of a config group, in the package and in the user's own folders."""
    found = {Path(entry.name).stem for entry in (resources.files("holdfast.conf") / group).iterdir()}
    for directory in config_dirs:
        found |= {path.stem for path in (Path(directory) / group).glob("*.yaml")}
    return sorted(found - {"other", "__init__", "__pycache__"})


def explain(error: Exception, config_dirs: Sequence[str] = ()) -> UsageError:
    """Hydra's and omegaconf's errors as one line that names the nearest valid choice."""
    text = str(error)
    if found := re.search(r"Could not find '([\w/]+)/([^/']*)'", text):
        group, name = found.groups()
        return unknown(group.rpartition("/")[2], name, choices(group, config_dirs) if group in groups() else ())
    if found := re.search(r"Key '([^']*)' (?:is )?not in", text):
        full = re.search(r"full_key: (\S+)", text)
        return unknown_key(full[1] if full else found[1])
    if found := re.search(r"Could not override '([^']*)'", text):
        return unknown_key(found[1])
    where = re.search(r"full_key: (\S+)", text)
    if where and re.search(r"[Mm]issing mandatory", text):
        return UsageError(f"`holdfast train` needs {where[1]}=…")
    return UsageError((f"{where[1]}: " if where else "") + _first_line(text))


def unknown_key(key: str) -> UsageError:
    """The error for a key that does not exist: the nearest anywhere, else those beside it."""
    from difflib import get_close_matches

    everywhere = keys()
    parent = key.rpartition(".")[0]
    beside = [k for k in everywhere if k.rpartition(".")[0] == parent] or everywhere
    near = get_close_matches(key, beside, n=1, cutoff=0.6) or get_close_matches(key, everywhere, n=1)
    return unknown("key of `holdfast train`", key, near or beside)


def groups() -> list[str]:
    """The config groups."""
    root = resources.files("holdfast.conf")
    return sorted(entry.name for entry in root.iterdir() if entry.is_dir() and entry.name != "__pycache__")


@cache
def keys() -> tuple[str, ...]:
    """Every key that can be set, dotted; `trainer.args.*` are TRL's and not listed."""
    from omegaconf import OmegaConf

    plain = cast(dict[str, Any], OmegaConf.to_container(OmegaConf.structured(TrainConfig)))
    return *_dotted(plain), "experiment", "launcher", "sweeper"


def _dotted(tree: dict[str, Any], prefix: str = "") -> Iterable[str]:
    for key, value in tree.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from _dotted(value, f"{prefix}{key}.")


def _rewrite(override: Any, word: str, config_dirs: Sequence[str]) -> list[str]:
    key = override.key_or_group
    plain = override.type.name == "CHANGE" and not override.package
    if plain and key in _PATH_GROUPS:
        return _path_or_name(override, word, config_dirs)
    if plain and key == "lora" and not isinstance(override.value(), dict):
        return [_lora(override, word)]
    if plain and key in _NAMED:
        return [f"chosen.{word}"]
    if plain and (key.startswith(_OPEN) or (key in keys() and key not in groups())):
        return ["++" + word]  # known to the schema, though a group's file may not spell it out
    return [word]


def _path_or_name(override: Any, word: str, config_dirs: Sequence[str]) -> list[str]:
    """`data=gsm8k` stays; `data=my.jsonl` becomes `data=other data.path=my.jsonl`."""
    group = override.key_or_group
    names = choices(group, config_dirs)
    values = [str(v) for v in override.sweep_string_iterator()] if override.is_sweep_override() else None
    known = [v in names for v in values or [str(override.value())]]
    if all(known):
        return [word]
    if values and any(known) and group != "model":
        raise UsageError(f"{word!r} mixes names of conf/{group} with paths: make a conf/{group}/<name>.yaml of them")
    given = (values or [str(override.value())])[known.index(False)]
    refuse_near_miss(group, given, names)
    return [f"{group}=other", f"{group}.path={word.partition('=')[2]}"]


def refuse_near_miss(group: str, given: str, names: Sequence[str]) -> None:
    """A bare word that is neither a name, nor a path, nor `org/name` is a typing mistake, said now."""
    bare = re.fullmatch(r"[\w.-]+", given)
    if bare and not Path(given).exists() and not given.endswith(SUFFIXES):
        raise UsageError(f"unknown {group} {given!r}: neither a name, a path nor a hub id{suggestion(given, names)}")


def _lora(override: Any, word: str) -> str:
    value = {True: "16", False: "null"}.get(override.value(), word.partition("=")[2])
    return f"lora.r={value}"


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "cannot be composed"
