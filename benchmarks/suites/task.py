"""A task: one benchmark as data. What is asked, how it is asked, and which registered reward scores the answer."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.errors import UsageError, unknown
from holdfast.plugins.entry_points import plugins
from holdfast.sample import Message, Text

Kind = Literal["generate", "choice", "perplexity", "episode"]
Read = Callable[[Doc], Any]


@dataclass(frozen=True, kw_only=True)
class Task:
    """One benchmark. Functions take a doc, one row of the data set as `source` yields it."""

    name: str
    reward: str | Mapping[str, Any]
    """What scores a completion: a reward's name, or `{reward: name, **options}`."""
    source: Source
    """Where the docs come from: the hub at a pinned revision, or files under `data_root`."""
    prompt: Callable[[Doc], Text]
    """The question, as text or messages (one user turn when it is text), for a model with a chat template."""
    reference: Read
    version: str = "1"
    """Bumped by every change of prompt, few-shot, items or defaults: runs of two versions are not compared."""
    kind: Kind = "generate"
    """`choice`: the log-likelihood of each of `choices` is compared and the likeliest option's label is the
    completion. `perplexity`: the log-likelihood of the reference text, as bits per byte. `episode`: played in an
    environment (`played`)."""

    base_prompt: Callable[[Doc], str] | None = None
    """The question for a model without chat template, ending where it must go on; default: `prompt` as text."""
    answer: Callable[[Doc], str] | None = None
    """How a few-shot example is answered."""
    fewshot: int = 0
    """Examples shown to a model without chat template."""
    chat_fewshot: int = 0
    """Examples shown to a chat model, as earlier turns."""
    fewshot_source: Source | None = None
    """Where examples come from; they are the first ones of it (of the doc's own category where it has any)."""
    system: str | None = None
    """System message for chat models; a heading above the examples for base models."""

    choices: Callable[[Doc], Sequence[str]] | None = None
    """kind `choice`: the continuations whose likelihoods are compared."""
    labels: Callable[[Doc], Sequence[str]] | None = None
    """kind `choice`: what each option is called in completion and reference; default: the continuations."""
    length_normalized: bool = False
    """kind `choice`: divide each log-likelihood by the continuation's length in bytes."""

    max_tokens: int = 512
    stop: Sequence[str] = ()
    """Strings that end an answer; always for a base model, for a chat model only with `stop_chat`."""
    stop_chat: bool = False
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """Sampling arguments (`temperature`, `top_p`, …); empty: greedy."""
    repeats: int = 1
    """Completions per item; above 1 only with sampling."""

    turns: int = 1
    """Answers of one conversation at most."""
    continue_: Callable[[Doc, Sequence[Message]], Sequence[Message] | None] | None = None
    """What is said next: given the row and the conversation, which ends with the model's answer, the next messages (a
    user's, a tool's), or None when it is over. A pure function: a resumed run replays it."""
    judge_turns: bool = False
    """Judge every answer by itself (the score is their mean) instead of the conversation; `reference` then gives a
    list with one entry per answer, or one for all."""

    judged_prompt: Callable[[Doc], str] | None = None
    """What the reward gets as `Sample.prompt` (HumanEval's function head); default: the question as it was asked."""
    info: Callable[[Doc], Mapping[str, Any]] | None = None
    """Other columns the reward reads from `Sample.info`; default: the doc itself."""
    length_controlled: bool = False
    """Judged against a baseline's text, the reference: report the win rate at equal length, too."""
    doc_id: Read | None = None
    """A stable name of the item; default: its position in the source."""
    category: Callable[[Doc], str | None] | None = None
    """Stratum for exploratory tables."""
    cluster: Callable[[Doc], str | None] | None = None
    """Items that share one are not independent."""
    chance: float | None = None
    """Score of blind guessing."""
    metric: str = "accuracy"
    """Name of the mean score."""
    higher_is_better: bool = True
    summary: str = ""
    """One line for `holdfast data` and the docs."""
    played: Any = None
    """kind `episode`: the environment and its budgets (suites.episode_task.EpisodeSettings)."""

    @property
    def varies_by(self) -> str:
        """What makes two episodes of a row differ, as EnvironmentSpec says; `nothing` of what is not played."""
        return "nothing" if self.played is None else str(self.played.varies_by)

    def messages(self, doc: Doc) -> list[Message]:
        """The question as chat messages, without few-shot."""
        prompt = self.prompt(doc)
        turns: list[Message] = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt)
        return [{"role": "system", "content": self.system}, *turns] if self.system else turns

    def text(self, doc: Doc) -> str:
        """The question as plain text, without few-shot."""
        if self.base_prompt is not None:
            return self.base_prompt(doc)
        prompt = self.prompt(doc)
        if isinstance(prompt, str):
            return prompt
        return "\n\n".join(str(message["content"]) for message in prompt)

    def sample_info(self, doc: Doc) -> Mapping[str, Any]:
        """What the reward sees as `Sample.info`."""
        return doc if self.info is None else self.info(doc)


@cache
def builtin_tasks() -> dict[str, Task]:
    """Every task of the package by name: the modules of `holdfast.benchmarks` (and `tasks` of its sub-packages) that
    define `TASKS`, and plug-ins. Raises UsageError when two share a name."""
    package = importlib.import_module("holdfast.benchmarks")
    found: dict[str, Task] = {}
    for info in pkgutil.iter_modules(package.__path__, "holdfast.benchmarks."):
        name = f"{info.name}.tasks" if info.ispkg else info.name
        if importlib.util.find_spec(name) is None:
            continue
        for task in getattr(importlib.import_module(name), "TASKS", ()):
            _add(found, task, name)
    for plugin in plugins("holdfast.benchmarks"):
        loaded = plugin.load()
        for task in getattr(loaded, "TASKS", loaded):
            _add(found, task, str(plugin))
    return found


def _add(found: dict[str, Task], task: Task, origin: str) -> None:
    if not isinstance(task, Task):
        raise UsageError(f"{origin}: a benchmark is a Task, not {task!r:.80}")
    if task.name in found:
        raise UsageError(f"two benchmarks are called {task.name!r}, one of them in {origin}")
    found[task.name] = task


def find_task(name: str) -> Task:
    """The built-in task of that name. Raises UsageError naming the nearest."""
    tasks = builtin_tasks()
    if name not in tasks:
        raise unknown("task", name, tasks)
    return tasks[name]
