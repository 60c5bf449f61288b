"""Environments: what an episode is played in, as a data set and a reward are what a sample is made of and judged by.

An environment is a class with `tasks` and `open`, registered by name (or by `scheme:` for foreign ones):

    @environment("tiny_form", version="1")
    class TinyForm:
        def __init__(self, *, items: int = 200) -> None: ...         # keyword-only parameters are its options
        def tasks(self, split: str) -> Iterable[Row]: ...            # rows with a stable `key`
        def open(self, row: Row, seed: int) -> Episode: ...

One file in `holdfast.benchmarks.environments` adds one; a user's own is named `module:Class` or `file.py:Class`.
"""

import importlib
import inspect
import json
import pkgutil
import threading
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Annotated, Any, Literal, Protocol, TypeVar

import msgspec

from holdfast import values
from holdfast.errors import EXIT_DATA, DataError, HoldfastError, UsageError, suggestion, unknown
from holdfast.plugins.entry_points import plugins
from holdfast.plugins.own_module import is_module, no_name, own_object
from holdfast.sample import Message, Outcome, Score

Count = Annotated[int, msgspec.Meta(ge=1)]
"""An option that is a number of things."""

Seconds = Annotated[float, msgspec.Meta(gt=0)]
"""An option that is a length of time."""

Row = Mapping[str, Any]
"""One task of an environment. `key` is its stable name; the rest is the environment's own affair."""

ToolSpec = Mapping[str, Any]
"""A tool as OpenAI's API takes it: `{"type": "function", "function": {"name", "description", "parameters"}}`."""

SCRIPT = "user_script"
"""The column of a row that holds what its user says, opening included, instead of the environment's own user."""

FAULT = "call_fault"
"""The `name` of the message by which a model is told that its call did not parse."""


class EpisodeError(HoldfastError):
    """The environment, its process or its user failed: the episode has no value, and no model's 0."""

    exit_code = EXIT_DATA


class BusyError(EpisodeError):
    """The environment has no place for one more episode now; it is opened when another one has ended."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a model's message brought about."""

    messages: Sequence[Message] = ()
    """What the model sees next: tool results, a user's reply."""
    done: bool = False
    fresh: bool = False
    """A new conversation begins with these messages: what was said before is out of the model's sight."""


class Episode(Protocol):
    """One conversation with tools or a user."""

    @property
    def messages(self) -> Sequence[Message]:
        """What the model sees first."""

    @property
    def tools(self) -> Sequence[ToolSpec]:
        """What the model may call now; may change after a step."""

    def step(self, message: Message) -> Step:
        """Take the model's message, with its calls in `tool_calls` as OpenAI's API has them.

        Raises EpisodeError when the environment fails; a tool's failure is an observation."""

    def score(self) -> Score:
        """The judgement of the state reached: the model's fault is 0, the environment's is None."""

    def close(self) -> None:
        """Release what the episode holds."""


class Environment(Protocol):
    """Where episodes are played."""

    def tasks(self, split: str) -> Iterable[Row]:
        """The rows of a split. Raises DataError when their data is absent, UsageError for an unknown split."""

    def open(self, row: Row, seed: int) -> Episode:
        """A fresh episode of a row. Raises EpisodeError, BusyError where the environment is full."""


@dataclass(frozen=True, slots=True)
class EnvironmentSpec:
    """A registered environment: what the registry knows of it."""

    name: str
    make: Callable[..., Environment]
    version: str = "1"
    """Bumped by every change that can change a score."""
    splits: tuple[str, ...] = ("test",)
    """The first is measured unless another is named."""
    metric: str = "success"
    turns: int = 30
    """The model's messages in one episode at most, unless set."""
    max_tokens: int = 512
    """The longest message of the model in tokens, unless set."""
    wants_user: bool = False
    """Whether somebody has to speak for the user: an endpoint, or a script in the row."""
    chance: float | None = None
    varies_by: Literal["seed", "itself", "nothing"] = "seed"
    """What makes two episodes of a row differ though the model says the same: the seed (it draws the world, or keeps
    the users of repeats apart), the world itself (a machine, a server without seeds), or nothing."""

    @property
    def options(self) -> dict[str, inspect.Parameter]:
        """The keyword-only parameters of the class: what a user may set."""
        parameters = inspect.signature(self.make).parameters.values()
        return {p.name: p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}

    @property
    def hints(self) -> dict[str, Any]:
        """The annotations of the options; of what is written without any, nothing."""
        made = inspect.unwrap(self.make)
        try:
            written: Any = made.__init__ if isinstance(made, type) else made  # type: ignore[misc]
            return typing.get_type_hints(written, include_extras=True)
        except NameError:
            return {}

    @property
    def first_split(self) -> str:
        """The split that is measured unless another is named; empty where only the server knows its splits."""
        return self.splits[0] if self.splits else ""

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(self.make) or "").partition("\n")[0]


T = TypeVar("T")
_registry: dict[str, EnvironmentSpec] = {}
_scan_lock = threading.RLock()
_scanned = False
_PACKAGE = "holdfast.benchmarks.environments"


def environment(name: str, **facts: Any) -> Callable[[type[T]], type[T]]:
    """Register a class under `name` (a name with a final `:` is a scheme: the rest of the address is its first
    argument); `facts` are EnvironmentSpec's. Raises UsageError when another class has that name already."""

    def decorate(made: type[T]) -> type[T]:
        known = _registry.get(name)
        if known is not None and _origin(known.make) != _origin(made):
            raise UsageError(f"environment {name!r} is registered twice: {_origin(known.make)} and {_origin(made)}")
        _registry[name] = EnvironmentSpec(name, made, **facts)  # type: ignore[arg-type]
        return made

    return decorate


def environment_names() -> list[str]:
    """Every registered environment, sorted; schemes end in `:`."""
    _scan()
    return sorted(_registry)


def environment_spec(name: str) -> EnvironmentSpec:
    """The spec of a registered name, of a `scheme:address`, or of a user's `module:Class` or `file.py:Class`.

    Raises UsageError naming the nearest.
    """
    _scan()
    if name in _registry:
        return _registry[name]
    scheme, colon, address = name.partition(":")
    if colon and f"{scheme}:" in _registry:
        base = _registry[f"{scheme}:"]
        return replace(base, name=name, make=_Addressed(base.make, address))
    if colon and is_module(scheme):
        return _own_spec(name)
    raise no_name(name, "environment") or unknown("environment", name, _registry)


def make_environment(name: str, /, **options: Any) -> Environment:
    """The environment of that name with its options checked. Raises UsageError naming the nearest option, or an option
    whose value is not valid."""
    spec = environment_spec(name)
    if name.endswith(":"):
        raise UsageError(f"{name} takes an address: {spec.summary} ({name}ADDRESS)")
    known, hints = spec.options, spec.hints
    for option, value in options.items():
        if option not in known:
            raise unknown(f"option of environment {name!r}", option, known)
        values.check(f"{option} of environment {name!r}", value, hints.get(option, Any))
    return spec.make(**options)


def pinned(environment: Environment) -> dict[str, Any]:
    """What exactly is played: name, version and hash of a foreign package, a server or a data set; {} of what is
    wholly ours (its version says it). Recorded with every result: two runs are compared only where it agrees.

    An environment says it by a method `pinned()` of its own. Raises EpisodeError."""
    say = getattr(environment, "pinned", None)
    return {} if say is None else json.loads(json.dumps(dict(say()), sort_keys=True, default=str))


def has_option(spec: EnvironmentSpec, option: str) -> bool:
    """Whether an environment takes an option."""
    return option in spec.options


def find_row(environment: Environment, split: str, key: str) -> Row:
    """The row of that key. Raises DataError when the split has none."""
    rows = {str(row["key"]): row for row in environment.tasks(split)}
    if key not in rows:
        raise DataError(f"no task {key!r} in split {split!r}{suggestion(key, rows)}")
    return rows[key]


@dataclass
class Trajectory:
    """What was said after an episode's first messages, and how it ended."""

    messages: list[Message] = field(default_factory=list)
    done: bool = False
    reason: str = ""
    """Why an episode that is not done ended."""
    tools_as_text: int = 0
    """Messages before which a template with tools of its own could only be given them as text."""

    @property
    def counts(self) -> dict[str, float]:
        """Turns of the model, calls, calls that did not parse, and what was asked otherwise than its conditions say."""
        own = [message for message in self.messages if message["role"] == "assistant"]
        fallback = {"tools_as_text": float(self.tools_as_text)} if self.tools_as_text else {}
        return {
            **fallback,
            "turns": float(len(own)),
            "calls": float(sum(len(message.get("tool_calls") or ()) for message in own)),
            "unparsed": float(sum(is_fault(message) for message in self.messages)),
        }


def is_fault(message: Message) -> bool:
    """Whether a message tells the model that its call did not parse."""
    return message.get("name") == FAULT


def judged(episode: Episode, trajectory: Trajectory) -> Score:
    """The score of an episode: its own when it is done, 0 when a budget ended it, with the counts as parts."""
    score = episode.score() if trajectory.done else Score.timeout(trajectory.reason or "the episode is not over")
    parts = {**score.parts, **trajectory.counts}
    return Score(score.value, Outcome(score.outcome), score.reason, score.extracted, parts)


def replay(
    environment: Environment, row: Row, seed: int, messages: Sequence[Message], opening: Sequence[Message] = ()
) -> tuple[Score, list[str]]:
    """The score of a recorded trajectory, and where the environment answered otherwise than was recorded.

    `messages`: all that followed the episode's first messages, which are `opening`. The user says what was recorded.
    Raises EpisodeError.
    """
    first = [dict(m) for m in opening if m["role"] == "user"] or [{"role": "user", "content": ""}]
    script = [*first, *(dict(m) for m in messages if m["role"] == "user" and not is_fault(m))]
    episode = environment.open({**row, SCRIPT: script}, seed)
    try:
        trajectory = Trajectory(list(messages))
        differences: list[str] = []
        for index, message in enumerate(messages):
            if trajectory.done:
                break
            follow = messages[index + 1 : index + 2]
            if message["role"] != "assistant" or (follow and is_fault(follow[0])):
                continue
            step = episode.step(message)
            trajectory.done = step.done
            differences += _differences(step.messages, messages[index + 1 :])
        return judged(episode, trajectory), differences
    finally:
        episode.close()


def _differences(replayed: Sequence[Message], recorded: Sequence[Message]) -> list[str]:
    found = []
    for ours, theirs in zip(replayed, recorded, strict=False):
        if ours.get("content") != theirs.get("content"):
            found.append(
                f"{ours.get('name', ours['role'])}: {ours.get('content')!r:.200} not {theirs.get('content')!r:.200}"
            )
    return found


def call_arguments(call: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """(name, arguments) of one of a message's `tool_calls`. Raises ValueError for what is none."""
    function = call.get("function")
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise ValueError("a call must name its function")
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        arguments = json.loads(arguments or "{}")
    if not isinstance(arguments, Mapping):
        raise ValueError("the arguments of a call must be an object")
    return function["name"], dict(arguments)


class _Addressed:
    """The class of a scheme with its address bound."""

    def __init__(self, make: Callable[..., Environment], address: str) -> None:
        self._make, self._address = make, address
        self.__doc__, self.__wrapped__ = make.__doc__, make
        self.__signature__ = inspect.signature(make)

    def __call__(self, **options: Any) -> Environment:
        return self._make(self._address, **options)


def _scan() -> None:
    """Import every module of `holdfast.benchmarks.environments` once, and every plug-in."""
    global _scanned
    with _scan_lock:
        if _scanned:
            return
        package = importlib.import_module(_PACKAGE)
        for module in pkgutil.iter_modules(package.__path__, f"{_PACKAGE}."):
            if not module.ispkg:
                importlib.import_module(module.name)
        for plugin in plugins("holdfast.environments"):
            plugin.load()
        _scanned = True


@cache
def _own_spec(path: str) -> EnvironmentSpec:
    made = own_object(path, "environment")
    for spec in _registry.values():
        if spec.make is made:
            return spec
    if not callable(made):
        raise UsageError(f"environment {path!r} is not a class but {type(made).__name__}")
    return EnvironmentSpec(path, made, version=str(getattr(made, "version", "unversioned")))


def _origin(factory: Any) -> str:
    return f"{factory.__module__}.{factory.__qualname__}"
