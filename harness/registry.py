"""The registry of rewards: one dict, one decorator.

The built-ins are found by scanning the `holdfast.rewards` package at the first look-up, so a new reward
touches its own file and its test only.
"""

import importlib
import inspect
import pkgutil
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from holdfast.errors import UsageError, unknown
from holdfast.own_reward import judge_of, load_function
from holdfast.plugins.entry_points import plugins
from holdfast.plugins.own_module import no_name
from holdfast.sample import Score

Scope = Literal["sample", "batch", "group"]
RewardFunction = Callable[..., Score] | Callable[..., Sequence[Score]]
F = TypeVar("F", bound=RewardFunction)
Version = str | Callable[[Mapping[str, Any]], str]
Needs = bool | Callable[[Mapping[str, Any]], bool]
"""A constant, or what the bound options make it (composites)."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A registered reward: what the registry knows of it."""

    name: str
    function: RewardFunction
    version: Version = "1"
    """Bumped by every change that can change a verdict; a composite's also names its parts' versions."""
    scope: Scope = "sample"
    """`sample`: Sample → Score. `batch`: Sequence[Sample] → Sequence[Score], any samples together.
    `group`: the same, called with all completions of one prompt."""
    needs_reference: Needs = True
    """Whether a row without a reference is an error of the caller's."""
    check: Callable[..., None] | None = None
    """Called with the bound options when the Reward is made; raises UsageError for a bad value."""
    surroundings: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    """What of this machine a verdict with these options depends on, for manifests: programs, images, packages."""
    safe_options: Collection[str] | None = None
    """Options that a stranger may choose, of a reward that loads nothing and reaches nothing whatever they and the
    sample hold; None: strangers may not call it. A composite's `of` may stand here: its parts are looked at, too."""
    loads: str = ""
    """What the reward loads because a sample names it: with such a reward the samples must be the operator's own."""

    @property
    def options(self) -> dict[str, inspect.Parameter]:
        """The keyword-only parameters of the function: what a user may set."""
        parameters = inspect.signature(self.function).parameters.values()
        return {p.name: p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]


_registry: dict[str, Spec] = {}
_scan_lock = threading.RLock()
_scanned = False


def register(
    name: str,
    *,
    version: Version = "1",
    scope: Scope = "sample",
    needs_reference: Needs = True,
    check: Callable[..., None] | None = None,
    surroundings: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None,
    safe_options: Collection[str] | None = None,
    loads: str = "",
) -> Callable[[F], F]:
    """Register a reward function under `name`; its keyword-only parameters become options.

    The rest are the Spec's fields. Raises UsageError when another function has that name already.
    """

    def decorate(function: F) -> F:
        registered = _registry.get(name)
        if registered is not None and _origin(registered.function) != _origin(function):
            raise UsageError(
                f"reward {name!r} is registered twice: {_origin(registered.function)} and {_origin(function)}"
            )
        _registry[name] = Spec(
            name, function, version, scope, needs_reference, check, surroundings, safe_options, loads
        )
        return function

    return decorate


def lookup(name: str) -> Spec:
    """The spec of a registered name or of a user's own `package.module:function`.

    Raises UsageError naming the nearest registered reward.
    """
    if ":" in name:
        return _user_spec(name)
    if name not in _registry:
        scan()
    if name not in _registry:
        raise no_name(name, "reward") or unknown("reward", name, _registry)
    return _registry[name]


def names() -> list[str]:
    """Every registered reward, sorted."""
    scan()
    return sorted(_registry)


def scan() -> None:
    """Import every module of `holdfast.rewards` once (adapters apart: they register nothing), and every plug-in."""
    global _scanned
    with _scan_lock:
        if _scanned:
            return
        package = importlib.import_module("holdfast.rewards")
        for module in pkgutil.iter_modules(package.__path__, "holdfast.rewards."):
            if module.name != "holdfast.rewards.adapters":
                importlib.import_module(module.name)
        for plugin in plugins("holdfast.rewards"):
            plugin.load()
        _scanned = True


def _user_spec(path: str) -> Spec:
    function = load_function(path)
    for spec in _registry.values():
        if spec.function is function:
            return spec
    version = str(getattr(function, "version", "unversioned"))
    needs = bool(getattr(function, "needs_reference", False))
    return Spec(path, judge_of(path, function), version, scope="batch", needs_reference=needs)


def _origin(function: Any) -> str:
    return f"{function.__module__}.{function.__qualname__}"
