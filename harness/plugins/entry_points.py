"""Plug-ins: rewards, benchmarks, environments and trainers that another installed package adds by its entry points.

    [project.entry-points."holdfast.rewards"]
    kelp = "kelp_pack.rewards"                 # a module: its `@register`s add the rewards
    [project.entry-points."holdfast.environments"]
    kelp = "kelp_pack.environments"            # a module: its `@environment`s add the environments
    [project.entry-points."holdfast.benchmarks"]
    kelp = "kelp_pack.benchmarks:TASKS"        # a list of Task, or a module that has `TASKS`
    [project.entry-points."holdfast.trainers"]
    kelp = "kelp_pack.trainers:TRAINER"        # a Trainer; the entry's name is the trainer's, unless it has one

A name that exists already is refused, never replaced. A plug-in that cannot be loaded ends the command and is named;
HOLDFAST_PLUGINS=off leaves all of them out.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any

from holdfast.errors import UsageError

GROUPS = ("holdfast.rewards", "holdfast.environments", "holdfast.benchmarks", "holdfast.trainers")
SWITCH = "HOLDFAST_PLUGINS"


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point of another package."""

    group: str
    name: str
    value: str
    package: str
    version: str
    entry: metadata.EntryPoint

    def load(self) -> Any:
        """What it names. Raises UsageError that names the package, whatever its code raises."""
        try:
            return self.entry.load()
        except UsageError as error:
            raise UsageError(f"{self}: {error}") from error
        except Exception as error:
            raise UsageError(f"{self} cannot be loaded: {type(error).__name__}: {error} ({SWITCH}=off leaves it out)") \
                from error  # fmt: skip

    def __str__(self) -> str:
        return f"plug-in {self.name!r} ({self.value}) of {self.package} {self.version}"


def plugins(group: str) -> Iterator[Plugin]:
    """The plug-ins of a group, in the order of package and name."""
    yield from (plugin for plugin in installed() if plugin.group == group)


@cache
def installed() -> tuple[Plugin, ...]:
    """Every plug-in of every group; none where HOLDFAST_PLUGINS=off. Raises UsageError for another value of it."""
    switch = os.environ.get(SWITCH, "on")
    if switch not in ("on", "off"):
        raise UsageError(f"{SWITCH} must be on or off, not {switch!r}")
    if switch == "off":
        return ()
    found = {_plugin(entry) for group in GROUPS for entry in metadata.entry_points(group=group)}
    return tuple(sorted(found, key=lambda one: (one.group, one.package, one.name)))


def plugged_packages() -> dict[str, str]:
    """The packages that add something, with their versions, for the manifest."""
    return {plugin.package: plugin.version for plugin in installed()}


def _plugin(entry: metadata.EntryPoint) -> Plugin:
    package = entry.dist.name if entry.dist else "an unnamed package"
    version = entry.dist.version if entry.dist else "of no version"
    return Plugin(entry.group, entry.name, entry.value, package, version, entry)
