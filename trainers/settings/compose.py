"""From words to a TrainConfig: conf/train.yaml with its groups, and a saved manifest.

`model=` and `data=` take a name of their group or anything else (a directory, a file, a hub id); `reward=` and
`suite=` take names, lists and mappings that their own loaders read; `environment=` stands for data that is played.
Below `trainer.args`, `data.columns` and `data.rename` every key is allowed here; TRL's are checked against its config
(see `trl_args`).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from holdfast.config import Composer, parsed
from holdfast.errors import DataError, UsageError
from holdfast.masking import MASK
from holdfast.trainers.settings.catalogue import plugged_trainers
from holdfast.trainers.settings.config import TrainConfig

_DEFAULT_RANK = 16


def _lora(override: Any, word: str) -> str:
    """`lora=true` and `lora=8` set the rank, `lora=false` none."""
    given = override.value()
    switched = {True: str(_DEFAULT_RANK), False: "null"}[given] if isinstance(given, bool) else None  # 1 is a rank
    value = switched or word.partition("=")[2]
    return f"++lora.r={value}"


COMPOSER = Composer(
    "train",
    TrainConfig,
    groups=("trainer", "model", "data", "experiment", "launcher", "sweeper"),
    path_groups=("model", "data"),
    open=("trainer.args", "data.columns", "data.rename"),
    texts=("data.template", "data.system", "data.rename."),
    shorthands=(("lora", _lora),),
    plugged=(("trainer", plugged_trainers),),
    aliases=(("environment", ("data=env", "++data.environment={}")),),
    more=("from",),
)


def compose(words: Sequence[str], config_dirs: Sequence[str] = ()) -> TrainConfig:
    """The settings of one training. Raises UsageError naming the nearest valid key or name."""
    try:
        return COMPOSER.compose(words, config_dirs)
    except UsageError as error:
        if "unknown data 'tiny_" in str(error) and not any(word.startswith("data=") for word in words):
            raise UsageError("this trainer has no example rows: give data=<name, file, folder or hub id>") from error
        raise


def from_manifest(path: Path, words: Sequence[str] = (), *, unread: Sequence[str] = ()) -> TrainConfig:
    """The settings a run was made with. `words` give the secrets that are masked in it, and nothing else; those at and
    below the dotted keys `unread` need not be given, and are left out.

    Raises DataError for a file that holds no settings, UsageError for keys since gone, for a secret that is not given
    and for any other word.
    """
    from omegaconf.errors import OmegaConfBaseException

    from holdfast.files import read_json

    saved = read_json(path).get("config")
    if not isinstance(saved, dict):
        raise DataError(f"{path} holds no settings of a training")
    _give(saved, words, path, tuple(unread))
    try:
        return COMPOSER.typed(saved)
    except OmegaConfBaseException as error:
        raise COMPOSER.explain(error) from error


def masked_keys(path: Path) -> list[str]:
    """The dotted keys of a manifest's settings that hold a mask."""
    from holdfast.files import read_json

    return [key.removeprefix(".") for key, _ in masks(read_json(path).get("config"))]


def _give(saved: dict[str, Any], words: Sequence[str], path: Path, unread: tuple[str, ...]) -> None:
    """Put the given secrets in the places of their masks. Raises UsageError for one too few or too many."""
    missing = {key.removeprefix("."): where for key, where in masks(saved)}
    for word in words:
        override = parsed(word)
        if override.key_or_group not in missing:
            only = f"; only what is masked in it can be given: {', '.join(missing)}" if missing else ""
            raise UsageError(f"from= repeats a run as it was; it takes no {override.key_or_group}={only}")
        holder, name = missing.pop(override.key_or_group)
        holder[name] = override.value()
    for key in [key for key in missing if f"{key}.".startswith(tuple(f"{one}." for one in unread))]:
        holder, name = missing.pop(key)
        if isinstance(holder, dict):  # a list keeps its places
            del holder[name]
    if missing:
        placeholders = " ".join(f"{key}=…" for key in missing)
        raise UsageError(f"secrets are written nowhere, and {path} holds *** for them: add {placeholders}")


def masks(saved: Any, key: str = "") -> Iterator[tuple[str, tuple[Any, Any]]]:
    """The places of a saved configuration that hold a mask: the dotted key, and the mapping or list with its key."""
    pairs = saved.items() if isinstance(saved, dict) else enumerate(saved) if isinstance(saved, list) else ()
    for name, value in pairs:
        if isinstance(value, str) and (value == MASK or ("://" in value and MASK in value)):
            yield f"{key}.{name}", (saved, name)
        else:
            yield from masks(value, f"{key}.{name}")
