"""What environments share whose package runs in its own process and judges one answer: `rows` and `score` verbs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from holdfast.benchmarks.environments.drivers.process import PackageError, interpreter, placed_worker
from holdfast.benchmarks.environments.drivers.scores import foreign_score
from holdfast.environment import EpisodeError, Row, Step, ToolSpec
from holdfast.errors import UsageError
from holdfast.rewards.answers.thinking import strip_thinking
from holdfast.sample import Message, Score, final_text

CONTROLS = ("0", "hello", "")
"""Answers that a scorer takes which is not broken: one of them, at least."""

Judge = Callable[[str], Mapping[str, Any]]
"""An answer → {value, parts}. Raises PackageError where the scorer raises."""


class OneAnswer:
    """An episode whose first message ends it."""

    tools: Sequence[ToolSpec] = ()

    def __init__(self, messages: Sequence[Message], judge: Judge, low: float = 0.0, high: float = 1.0) -> None:
        """`low`, `high`: what the scorer's numbers mean."""
        self.messages, self._judge, self._answer = messages, judge, ""
        self._low, self._high = low, high

    def step(self, message: Message) -> Step:
        """The answer ends the episode; the scorer sees what stands behind the thoughts."""
        self._answer = (strip_thinking(final_text([message])) or "").strip()
        return Step(done=True)

    def score(self) -> Score:
        """The package's score. A scorer that raises on this answer and judges another one refuses it, which is 0."""
        try:
            return self._scored(self._judge(self._answer))
        except PackageError as error:
            if not any(self._judges(text) for text in CONTROLS):
                return Score.error(str(error))
            return Score.of(False, f"the scorer refuses this answer: {error}"[:300])

    def close(self) -> None:
        """Do nothing: the episode has no resources."""

    def _judges(self, text: str) -> bool:
        try:
            return self._judge(text)["value"] is not None
        except EpisodeError:
            return False

    def _scored(self, found: Mapping[str, Any]) -> Score:
        value = found["value"]
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = (float(value) - self._low) / (self._high - self._low)
        score = foreign_score(value, self._answer)
        return Score(score.value, score.outcome, score.reason, score.extracted, dict(found.get("parts") or {}))


class PackageTasks:
    """Tasks of a package by address, in the package's own process: what verifiers and inspect have in common."""

    script: ClassVar[str]
    variable: ClassVar[str]
    """The environment variable that names the interpreter."""
    package: ClassVar[str]
    """The package and its version, as pip takes it."""
    scheme: ClassVar[str]

    def __init__(
        self, address: str, items: int, path: str | None, low_high: Sequence[float], python: str | None
    ) -> None:
        if not address:
            raise UsageError(f"{self.scheme}: takes the address of tasks (see docs/environments.md)")
        if len(low_high) != 2 or not low_high[0] < low_high[1]:
            raise UsageError(f"range must be [low, high], not {list(low_high)!r}")
        self.address, self.items = address, items
        self.path = str(Path(path).resolve()) if path else None
        self.low, self.high = float(low_high[0]), float(low_high[1])
        self.python = interpreter(python, self.variable, self.package)

    def tasks(self, split: str) -> Iterable[Row]:
        """The first tasks. Raises UsageError for what cannot be loaded or played."""
        try:
            found = self.ask("rows", items=self.items)
        except PackageError as error:
            raise UsageError(f"{self.scheme}:{self.address} cannot be played: {error}") from error
        return [{"index": index, "prompt": row["messages"][-1]["content"], **row} for index, row in enumerate(found)]

    def open(self, row: Row, seed: int) -> OneAnswer:
        """One task; the seed has nothing to choose."""
        return OneAnswer(row["messages"], partial(self._judged, row["index"]), self.low, self.high)

    def pinned(self) -> Mapping[str, Any]:
        """What was run: the package, its version and hash, and a hash of the tasks' own file."""
        return dict(self.ask("pinned"))

    def ask(self, verb: str, **arguments: Any) -> Any:
        """A verb of the package's process. Raises EpisodeError."""
        return placed_worker(self.script, self.python, self.path).ask(verb, task=self.address, **arguments)

    def _judged(self, index: int, answer: str) -> Mapping[str, Any]:
        found: dict[str, Any] = self.ask("score", items=self.items, index=index, answer=answer)
        return found
