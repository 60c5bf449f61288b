"""The trainers there are: every file of `holdfast.trainers` that declares a TRAINER, and modules that a user names."""

import importlib
import pkgutil
import re
from functools import cache
from pathlib import Path

from holdfast.errors import UsageError, unknown
from holdfast.plugins.entry_points import plugins
from holdfast.plugins.own_module import is_module, own_object
from holdfast.trainers.settings.trainer_spec import Trainer

_GONE = {"ppo": "TRL has it no more; grpo and rloo need no value model, and docs/ppo.md shows PPO where it still is"}
"""Trainers that one may look for, and what became of them."""


@cache
def builtin_trainers() -> dict[str, Trainer]:
    """The built-in trainers by name, in the order of their names, and those of plug-ins.

    Raises UsageError when two share a name."""
    package = importlib.import_module("holdfast.trainers")
    found: dict[str, Trainer] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if info.ispkg or not declares(Path(package.__path__[0]) / f"{info.name}.py"):
            continue
        trainer: Trainer = importlib.import_module(f"holdfast.trainers.{info.name}").TRAINER
        name = trainer.name or info.name
        if name in found:
            raise UsageError(f"two trainers are called {name!r}")
        found[name] = trainer
    for name, trainer in plugged_trainers().items():
        if name in found:
            raise UsageError(f"two trainers are called {name!r}, one of them a plug-in")
        found[name] = trainer
    return dict(sorted(found.items()))


@cache
def plugged_trainers() -> dict[str, Trainer]:
    """The trainers of plug-ins by name. Raises UsageError for what is none."""
    found: dict[str, Trainer] = {}
    for plugin in plugins("holdfast.trainers"):
        loaded = plugin.load()
        trainer = getattr(loaded, "TRAINER", loaded)
        if not isinstance(trainer, Trainer):
            raise UsageError(f"{plugin}: a trainer is a Trainer(…), not {trainer!r:.80}")
        name = trainer.name or plugin.name
        if name in found:
            raise UsageError(f"{plugin}: two plug-ins add a trainer {name!r}")
        found[name] = trainer
    return found


def find_trainer(name: str) -> Trainer:
    """A built-in trainer, or `module:ATTRIBUTE` or `file.py:ATTRIBUTE` (TRAINER unless given) of anybody's.

    Raises UsageError for an unknown name, naming the nearest, a module that cannot be loaded, or one without such a
    declaration.
    """
    builtin = builtin_trainers()
    if name in builtin:
        return builtin[name]
    if name in _GONE:
        raise UsageError(f"unknown trainer {name!r}: {_GONE[name]}")
    if ":" not in name and not is_module(name):
        raise unknown("trainer", name, builtin)
    declared = own_object(name, "trainer", "TRAINER")
    if not isinstance(declared, Trainer):
        raise UsageError(f"{name} is no trainer but {type(declared).__name__}: expected TRAINER = Trainer(…)")
    return declared


def declares(file: Path) -> bool:
    """Whether a file declares a TRAINER: the others (callbacks) import what takes seconds, and are left alone."""
    return re.search(r"^TRAINER\s*[:=]", file.read_text("utf-8"), re.MULTILINE) is not None
