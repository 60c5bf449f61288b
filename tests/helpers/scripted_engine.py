"""An engine that answers by a function of the conversation: the driver's tests and its bench need no model."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.engine.protocol import Emit
from holdfast.sample import Message

Say = Callable[[list[dict[str, Any]], Item], "str | Completion"]


class ScriptedEngine:
    """`say(messages, item)`: the model's next message; messages stand in the prompt as JSON."""

    chat = True
    chunk = 64
    max_length: int | None = None
    lockstep = False
    api = True
    reusable = True

    def __init__(self, say: Say) -> None:
        self.say = say
        self.asked: list[Item] = []

    def describe(self) -> dict[str, Any]:
        return {"name": "scripted"}

    def key(self) -> str:
        return "scripted"

    def parts(self) -> dict[str, Any]:
        return {"backend": "scripted"}

    def adds(self, generation: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def check(self, generation: Mapping[str, Any]) -> None:
        pass

    def count(self, prompt: str) -> int:
        return 0

    def render(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> str:
        return json.dumps([dict(message) for message in messages])

    def run(self, items: Sequence[Item], emit: Emit) -> None:
        self.asked += items
        answers = [self.say(json.loads(item.prompt), item) for item in items]
        emit(
            [
                (i, a if isinstance(a, Completion) else Completion(a, "stop", 1))
                for i, a in zip(items, answers, strict=True)
            ]
        )


def call(name: str, /, **arguments: Any) -> str:
    """A call as text."""
    return f"<tool_call>{json.dumps({'name': name, 'arguments': arguments})}</tool_call>"


def native(*calls: tuple[str, Any]) -> Completion:
    """A message with calls as an API returns them."""
    made = [{"id": "x", "type": "function", "function": {"name": name, "arguments": value}} for name, value in calls]
    return Completion("", "tool_calls", 5, calls=made)
