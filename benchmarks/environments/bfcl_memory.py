"""BFCL v4, memory: what a user told in earlier conversations is asked for in a new one; 155 questions, five scenarios.

One row: {"id": "memory_0-customer-0", "question": [[{"role": "user", "content": "What is my first name?"}]],
"scenario": "customer"}, its accepted answers ["Michael"], and the conversations of the scenario.

An episode is all conversations of a scenario, one after the other, then the question; in each the model sees nothing of
the others but what it has written into its memory by calls. The back ends are the splits: `kv` (keys and values, short
and long term) and `rec_sum` (one text). The vector store needs embeddings and is left out. Questions of a scenario
share its conversations: greedy answers to these are generated once, and the items of a scenario are one cluster. Right
is an answer that holds an accepted one, as the leaderboard's agentic checker says. Classes, data and checker are those
of `bfcl-eval` in an interpreter of its own (`python=…` or $HOLDFAST_BFCL_PYTHON). Licence Apache-2.0.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from holdfast.benchmarks.environments.bfcl_multi_turn import STEPS
from holdfast.benchmarks.environments.drivers.calls_of import new_name, tool_result
from holdfast.benchmarks.environments.drivers.process import Worker, interpreter
from holdfast.benchmarks.environments.shared.bfcl_functions import tools_of
from holdfast.environment import Row, Step, ToolSpec, environment
from holdfast.errors import unknown
from holdfast.sample import Message, Score, message_text

_SPLITS = ("kv", "rec_sum")


@environment("bfcl_memory", splits=_SPLITS, turns=3000, max_tokens=1024, metric="accuracy", varies_by="nothing")
class BfclMemory:
    """BFCL v4 memory: 155 questions about earlier conversations, by keys and values or one text; no user model."""

    workers = 8

    def __init__(self, *, python: str | None = None) -> None:
        self._worker = Worker("bfcl_worker.py", interpreter(python, "HOLDFAST_BFCL_PYTHON", "bfcl-eval==2026.3.23"))

    def tasks(self, split: str) -> Iterable[Row]:
        """The questions to a back end."""
        if split not in _SPLITS:
            raise unknown("split of environment 'bfcl_memory'", split, _SPLITS)
        return [
            {"key": row["id"], "backend": split, "category": row["scenario"], "cluster": row["scenario"], **row}
            for row in self._worker.ask("memory_tasks", backend=split)
        ]

    def pinned(self) -> Mapping[str, Any]:
        """What was run: the package, its version and a hash of its files."""
        return dict(self._worker.ask("pinned"))

    def open(self, row: Row, seed: int) -> "MemoryEpisode":
        """An episode that begins with an empty memory."""
        return MemoryEpisode(row, self._worker)


class MemoryEpisode:
    """The conversations of a scenario, then one question."""

    def __init__(self, row: Row, worker: Worker) -> None:
        self._worker, self._name = worker, new_name()
        opened = worker.ask("open_memory", episode=self._name, backend=row["backend"], row=row["key"])
        self._functions = {tool["function"]["name"]: tool for tool in tools_of(opened["functions"], "memory")}
        self.tools: Sequence[ToolSpec] = list(self._functions.values())
        self._left: list[list[list[Message]]] = [*opened["conversations"], [row["question"]]]
        self._turns: list[list[Message]] = []
        self._steps, self._right, self._why = 0, False, "no answer"
        self.messages: Sequence[Message] = self._begin()

    def _begin(self) -> list[Message]:
        """The first messages of the next conversation."""
        self._turns, self._steps = list(self._left.pop(0)), 0
        system = self._worker.ask("memory_system", episode=self._name, final=not self._left)
        return [{"role": "system", "content": system}, *self._turns.pop(0)]

    def step(self, message: Message) -> Step:
        """Answers to calls, the user's next words, the next conversation; over with the answer to the question."""
        calls = message.get("tool_calls") or ()
        if calls:
            self._steps += 1
            results = [tool_result(call, self._functions, self._call) for call in calls]
            return Step(results) if self._steps <= STEPS else self._next_conversation()
        if not self._left:
            text = message_text(message)
            self._right = self._worker.ask("memory_judge", episode=self._name, text=text)
            self._why = "" if self._right else f"no accepted answer in {text!r:.200}"
            return Step(done=True)
        if not self._turns:
            return self._next_conversation()
        self._steps = 0
        return Step(self._turns.pop(0))

    def _next_conversation(self) -> Step:
        """The next conversation; a model that never stopped calling has left this one."""
        return Step(self._begin(), fresh=True) if self._left else Step(done=True)

    def _call(self, name: str, arguments: dict[str, Any]) -> str:
        return str(self._worker.ask("call", episode=self._name, name=name, arguments=arguments))

    def score(self) -> Score:
        """1 when the answer to the question holds an accepted one."""
        return Score.of(self._right, self._why)

    def close(self) -> None:
        """Delete the episode's memory."""
        self._worker.ask("close", episode=self._name)
