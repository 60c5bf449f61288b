"""From words to a TrainConfig: conf/train.yaml with its groups, and a saved manifest.

`model=` and `data=` take a name of their group or anything else (a directory, a file, a hub id); `reward=` and
`suite=` take names, lists and mappings that their own loaders read; `environment=` stands for data that is played.
Below `trainer.args`, `data.columns` and `data.rename` every key is allowed here; TRL's are checked against its config
(see `trl_args`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from holdfast.config import Composer
from holdfast.errors import DataError, UsageError
from holdfast.trainers.settings.catalogue import plugged_trainers
from holdfast.trainers.settings.config import TrainConfig

_DEFAULT_RANK = 16


def _lora(override: Any, word: str) -> str:
    """`lora=true` and `lora=8` set the rank, `lora=false` none."""
    value = {True: str(_DEFAULT_RANK), False: "null"}.get(override.value(), word.partition("=")[2])
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


def from_manifest(path: Path) -> TrainConfig:
    """The settings a run was made with. Raises DataError for a file that holds none, UsageError for keys since gone."""
    from omegaconf.errors import OmegaConfBaseException

    from holdfast.files import read_json

    saved = read_json(path).get("config")
    if not isinstance(saved, dict):
        raise DataError(f"{path} holds no settings of a training")
    try:
        return COMPOSER.typed(saved)
    except OmegaConfBaseException as error:
        raise COMPOSER.explain(error) from error
