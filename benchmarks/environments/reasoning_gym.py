"""reasoning-gym (PyPI `reasoning-gym`): procedural generators with their own scorers, `reasoning_gym:chain_sum`.

    What is 4 - 1 - 7?   →   <answer>-4</answer>

The package runs in an interpreter of its own (`python=`). A row is made anew from generator, seed and number, so a
suite needs no download and no training set can hold it. The scorer is the generator's; an answer that is not stated
is 0 and is never shown to it (some generators give an empty answer 0.01, dataset.py at 0.1.25).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from holdfast.benchmarks.environments.drivers.process import PackageError, interpreter, shared_worker
from holdfast.benchmarks.environments.drivers.scores import foreign_score
from holdfast.environment import Count, EpisodeError, Row, Step, ToolSpec, environment
from holdfast.errors import UsageError, unknown
from holdfast.rewards.answers.thinking import strip_thinking
from holdfast.sample import Message, Score, final_text

_SPLITS = ("test", "train")
_APART = 1_000_003
"""How far the seeds of the two splits lie apart."""


@environment("reasoning_gym:", splits=_SPLITS, turns=1, max_tokens=1024, metric="score", varies_by="nothing")
class ReasoningGym:
    """A generator of reasoning-gym with its own scorer."""

    def __init__(
        self,
        address: str,
        *,
        items: Count = 50,
        seed: int = 1,
        config: Mapping[str, Any] | None = None,
        system: str = "default",
        answer: Literal["tag", "text"] = "tag",
        python: str | None = None,
    ) -> None:
        self.generator, self.items, self.seed = address, items, seed
        self.config = json.dumps(dict(config or {}), sort_keys=True)
        self.system, self.answer = system, answer
        self.python = interpreter(python, "HOLDFAST_REASONING_GYM_PYTHON", "reasoning-gym==0.1.25")

    def tasks(self, split: str) -> Iterable[Row]:
        """The generator's entries. The splits have seeds of their own, and `train` leaves out what `test` asks with the
        same settings. Raises UsageError for an unknown generator."""
        if split not in _SPLITS:
            raise unknown("split of environment 'reasoning_gym'", split, _SPLITS)
        if self.generator not in (names := self.ask("names")):
            raise unknown("generator of reasoning-gym", self.generator, names)
        seed = self.seed + _APART * _SPLITS.index(split)
        entries = self._entries(seed)
        measured = {entry["question"] for entry in self._entries(self.seed)} if split == "train" else frozenset[str]()
        system = self._system()
        return [
            {"key": f"{seed}-{index}", "prompt": entry["question"], "answer": entry["answer"], "system": system,
             "seed": seed, "index": index}
            for index, entry in enumerate(entries)
            if entry["question"] not in measured
        ]  # fmt: skip

    def _entries(self, seed: int) -> list[dict[str, Any]]:
        try:
            return list(self.ask("rows", **self.where(seed)))
        except PackageError as error:
            raise UsageError(f"reasoning_gym:{self.generator} refuses its settings: {error}") from error

    def open(self, row: Row, seed: int) -> "Question":
        """One question; the seed has nothing to choose."""
        return Question(self, row)

    def pinned(self) -> Mapping[str, Any]:
        """What was run: the package, its version and a hash of its files."""
        return dict(self.ask("pinned"))

    def where(self, seed: int) -> dict[str, Any]:
        """What makes the entries again."""
        return {"name": self.generator, "size": self.items, "seed": seed, "config": self.config}

    def ask(self, method: str, **arguments: Any) -> Any:
        """A method of the package's process. Raises EpisodeError."""
        return shared_worker("reasoning_gym_worker.py", self.python).ask(method, **arguments)

    def _system(self) -> str:
        if " " in self.system or not self.system:
            return self.system
        prompts = self.ask("prompts")
        if self.system not in prompts:
            raise unknown("system prompt of reasoning-gym", self.system, prompts)
        return str(prompts[self.system])


class Question:
    """An episode of one turn."""

    tools: Sequence[ToolSpec] = ()

    def __init__(self, gym: ReasoningGym, row: Row) -> None:
        self._gym, self._row, self._completion = gym, row, ""
        system: list[Message] = [{"role": "system", "content": row["system"]}] if row["system"] else []
        self.messages: Sequence[Message] = [*system, {"role": "user", "content": row["prompt"]}]

    def step(self, message: Message) -> Step:
        """The answer ends the episode."""
        self._completion = final_text([message])
        return Step(done=True)

    def score(self) -> Score:
        """The generator's own score of the stated answer."""
        stated = stated_answer(self._completion, self._gym.answer)
        if not stated:
            return Score.of(False, "no answer between <answer> tags" if self._gym.answer == "tag" else "no answer")
        try:
            value = self._value(stated)
        except PackageError as error:
            return self._raised(error)
        return foreign_score(value, stated)

    def close(self) -> None:
        """Do nothing: the episode has no resources."""

    def _value(self, stated: str) -> Any:
        return self._gym.ask("score", **self._gym.where(self._row["seed"]), index=self._row["index"], answer=stated)

    def _raised(self, error: PackageError) -> Score:
        """The scorer raised: the answer's doing where the generator's own answer is judged, else no value."""
        own = self._row["answer"]
        try:
            judged = own is not None and self._value(own) == 1.0
        except EpisodeError:
            judged = False
        return Score.of(False, f"the scorer refuses this answer: {error}"[:300]) if judged else Score.error(str(error))


def stated_answer(completion: str, answer: str) -> str:
    """The text of the last <answer> tag behind the thoughts, or all of it; empty where nothing is stated."""
    text = strip_thinking(completion) or ""
    if answer == "text":
        return text.strip()
    _, opened, rest = text.rpartition("<answer>")
    inner, closed, _ = rest.partition("</answer>")
    return inner.strip() if opened and closed else ""
