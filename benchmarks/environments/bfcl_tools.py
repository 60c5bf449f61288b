"""BFCL v4's single-turn categories with the model's native tools: 3,641 questions, one message of the model.

The rows are those of the benchmark `bfcl` (see there), below `data_root`. Functions are shown as tools, in the model's
chat template or by a server's `tools`; a dot in a name becomes an underscore there, and is put back before the calls
are judged. The rules are those of the reward `tool_call`; a message whose calls do not parse is wrong. Licence
Apache-2.0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from holdfast.benchmarks.bfcl import V4, V4_SOURCE, reference
from holdfast.benchmarks.environments.shared.bfcl_functions import safe_name, tools_of
from holdfast.benchmarks.suites.source import load_docs
from holdfast.environment import Row, Step, ToolSpec, call_arguments, environment
from holdfast.errors import DataError, UsageError, unknown
from holdfast.reward import Reward
from holdfast.sample import Message, Sample, Score

_JUDGE = Reward("tool_call", broken_calls="none")


@environment("bfcl_tools", splits=("v4",), turns=1, max_tokens=512, metric="accuracy", varies_by="nothing")
class BfclTools:
    """BFCL v4's single-turn categories with native tools: 3,641 questions, no user model."""

    def __init__(self, *, data_root: str | None = None, categories: Sequence[str] = V4) -> None:
        for name in categories:
            if name not in V4:
                raise unknown("category of environment 'bfcl_tools'", name, V4)
        if not categories:
            raise UsageError(f"categories must name one of {', '.join(V4)}")
        self.data_root, self.categories = data_root, tuple(categories)

    def tasks(self, split: str) -> Iterable[Row]:
        """The rows of the chosen categories."""
        if split != "v4":
            raise unknown("split of environment 'bfcl_tools'", split, ("v4",))
        if self.data_root is None:
            raise DataError("bfcl_tools reads BFCL's files below data_root: set data_root=DIR (`holdfast data fetch`)")
        docs = load_docs(V4_SOURCE, Path(self.data_root), "bfcl")
        found = [{"key": f"{doc['category']}/{doc['id']}", **doc} for doc in docs]
        return [row for row in found if row["category"] in self.categories]

    def open(self, row: Row, seed: int) -> "Question":
        """An episode of one question."""
        return Question(row)


class Question:
    """An episode of one message."""

    def __init__(self, row: Row) -> None:
        question: Any = row["question"]
        self._row, self._completion = row, list[Message]()
        self.messages: Sequence[Message] = list(question[0])
        self.tools: Sequence[ToolSpec] = tools_of(row["function"], str(row["category"]))
        self._names = {safe_name(function["name"]): function["name"] for function in row["function"]}

    def step(self, message: Message) -> Step:
        """The answer ends the episode."""
        self._completion = [self._with_data_names(message)]
        return Step(done=True)

    def _with_data_names(self, message: Message) -> Message:
        """The message with the names of the data in its calls."""
        calls = []
        for call in message.get("tool_calls") or ():
            name, arguments = call_arguments(call)
            calls.append(
                {"type": "function", "function": {"name": self._names.get(name, name), "arguments": arguments}}
            )
        return {**message, "tool_calls": calls} if calls else message

    def score(self) -> Score:
        """Whether the calls are among the possible answers."""
        judged = _JUDGE.score(Sample(self._completion, reference(self._row), self.messages))
        return replace(judged, extracted=None if judged.extracted is None else judged.extracted[:500])

    def close(self) -> None:
        """Do nothing: the episode has no resources."""
