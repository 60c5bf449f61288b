"""BFCL v4, multi-turn: requests turn by turn over a file system, a car, a trading bot …, 200 rows in each category.

One row: {"id": "multi_turn_base_0", "question": [[{"role": "user", "content": "Move 'final_report.pdf' …"}], …],
"initial_config": {"GorillaFileSystem": {…}}, "involved_classes": ["TwitterAPI", "GorillaFileSystem"]} and its
reference path [["cd(folder='document')", "mkdir(dir_name='temp')", …], …].

`miss_func` holds a function back until a later turn, `miss_param` a parameter, `long_context` fills the world up. After
every turn the state of the world and the answers so far are compared with those of the reference path. Where no call is
wanted the leaderboard's checker lets every call pass (its irrelevance check is never called): the part `strict` does
not. Classes and data are those of `bfcl-eval` in an interpreter of its own (`python=…` or $HOLDFAST_BFCL_PYTHON); that
package evaluates the text of a call, here a name is looked up and arguments are data. Licence Apache-2.0.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from holdfast.benchmarks.environments.drivers.calls_of import new_name, tool_result
from holdfast.benchmarks.environments.drivers.process import Worker, interpreter
from holdfast.benchmarks.environments.shared.bfcl_functions import tools_of
from holdfast.environment import Row, Step, ToolSpec, environment
from holdfast.errors import unknown
from holdfast.sample import Message, Score

_SPLITS = ("base", "miss_func", "miss_param", "long_context")
_MORE = "I have updated some more functions you can choose from. What about now?"
STEPS = 20
"""Messages with calls in one turn, as the leaderboard allows."""


@environment(
    "bfcl_multi_turn", splits=_SPLITS, turns=200, max_tokens=1024, metric="accuracy", version="2", varies_by="nothing"
)
class BfclMultiTurn:
    """BFCL v4 multi-turn: 200 rows in each of four categories, no user model."""

    workers = 8

    def __init__(self, *, python: str | None = None) -> None:
        self._worker = Worker("bfcl_worker.py", interpreter(python, "HOLDFAST_BFCL_PYTHON", "bfcl-eval==2026.3.23"))

    def tasks(self, split: str) -> Iterable[Row]:
        """The rows of a category."""
        if split not in _SPLITS:
            raise unknown("split of environment 'bfcl_multi_turn'", split, _SPLITS)
        return [{"key": row["id"], **row} for row in self._worker.ask("tasks", category=split)]

    def pinned(self) -> Mapping[str, Any]:
        """What was run: the package, its version and a hash of its files."""
        return dict(self._worker.ask("pinned"))

    def open(self, row: Row, seed: int) -> "BfclEpisode":
        """An episode in a fresh world."""
        return BfclEpisode(row, self._worker)


class BfclEpisode:
    """One row, turn by turn."""

    def __init__(self, row: Row, worker: Worker) -> None:
        self._worker, self._name = worker, new_name()
        opened = worker.ask("open", episode=self._name, row=row["key"])
        self._questions: list[list[Message]] = opened["question"]
        self._missed: Mapping[str, Sequence[str]] = opened["missed"]
        self._functions = {tool["function"]["name"]: tool for tool in tools_of(opened["functions"], "multi_turn")}
        self._turn, self._steps = 0, 0
        self._wrong, self._unwanted = "", False
        self._hidden = {name for names in self._missed.values() for name in names}
        self.messages: Sequence[Message] = self._turn_request()

    def _turn_request(self) -> list[Message]:
        """What is asked in this turn; functions that were held back appear with it."""
        self._hidden -= set(self._missed.get(str(self._turn), ()))
        return self._questions[self._turn] or [{"role": "user", "content": _MORE}]

    @property
    def tools(self) -> Sequence[ToolSpec]:
        """The functions that are not held back."""
        return [tool for name, tool in self._functions.items() if name not in self._hidden]

    def step(self, message: Message) -> Step:
        """Answers to calls, or the next turn's request."""
        calls = message.get("tool_calls") or ()
        if calls:
            self._steps += 1
            if self._steps > STEPS:
                self._wrong = self._wrong or f"more than {STEPS} steps in turn {self._turn}"
                return Step(done=True)
            return Step([tool_result(call, self._functions, self._call) for call in calls])
        judged = self._worker.ask("end_turn", episode=self._name, turn=self._turn)
        self._wrong = self._wrong or judged["wrong"]
        self._unwanted = self._unwanted or judged["unwanted"]
        self._turn, self._steps = self._turn + 1, 0
        if self._wrong or self._turn >= len(self._questions):
            return Step(done=True)
        return Step(self._turn_request())

    def _call(self, name: str, arguments: dict[str, Any]) -> str:
        return str(self._worker.ask("call", episode=self._name, name=name, arguments=arguments))

    def score(self) -> Score:
        """1 when every turn left the world as the reference path does and gave its answers."""
        reason = self._wrong or ("calls where none was wanted" if self._unwanted else "")
        return Score.of(not self._wrong, reason, None, strict=float(not self._wrong and not self._unwanted))

    def close(self) -> None:
        """Delete the episode's world."""
        self._worker.ask("close", episode=self._name)
