"""One task, ready to run: its items, its judge, and the result's fixed part."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from holdfast.benchmarks.engine.episodes.driver import Player
from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.engine.protocol import Engine
from holdfast.benchmarks.engine.scoring import Judge
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.engine.turns import Follow
from holdfast.benchmarks.suites.suite import Entry
from holdfast.errors import DataError, UsageError
from holdfast.runs.measurement import TaskResult


@dataclass
class Work:
    """One task, ready to run."""

    name: str
    items: Sequence[Item]
    judge: Judge
    result: TaskResult
    """With everything but the numbers."""
    finish: Callable[[Item, Completion], Completion] = lambda item, completion: completion
    """Turns log-likelihoods into the chosen option."""
    hold: bool = False
    """The judge needs all completions at once."""
    k: Sequence[int] = field(default=())
    length_controlled: bool = False
    """The win rate at equal length is reported, too."""
    capped: int = 0
    """Items whose budget the model's context capped."""
    follow: Follow | None = None
    """What is asked after an answer, in a task of several turns."""
    player: Player | None = None
    """Plays the episodes of a task of that kind."""
    varies_by: str = "nothing"
    """What makes the episodes of a row differ, as EnvironmentSpec says."""


def uses_chat(entry: Entry, engine: Engine, settings: Settings) -> bool:
    """Whether a task is asked through the chat template: as its suite says, else as the measurement says, else
    wherever the model has one. Raises DataError where it is wanted and there is none."""
    chosen = settings.chat if entry.chat is None else entry.chat
    if chosen and not engine.chat:
        raise DataError(f"task {entry.name!r} wants the chat template, but the model's tokenizer has none")
    return engine.chat if chosen is None else bool(chosen)


def system_shown(name: str, system: str, engine: Engine) -> None:
    """Raise UsageError where the model's chat template drops a system message."""
    rendered = engine.render([{"role": "system", "content": system}, {"role": "user", "content": "?"}])
    if system.strip() not in rendered and json.dumps(system, ensure_ascii=False)[1:-1] not in rendered:
        raise UsageError(
            f"task {name!r} has a system message, which this model's chat template drops: put it into the prompt, or "
            "set system=null"
        )


def lower(*limits: int | None) -> int | None:
    """The lowest of the limits that are given."""
    return min((limit for limit in limits if limit is not None), default=None)
