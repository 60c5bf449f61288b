"""ToolSandbox (arXiv 2408.04682): 1,032 scenarios over a phone's contacts, messages, reminders and settings.

    user   Turn on wifi          →  calls of tools on a world with a state, milestones on the way, minefields beside it

Scenarios, tools and milestones are those of a checkout of the user's own (`checkout=FOLDER`, a clone of
apple/ToolSandbox; its licence lets nobody pass it on) in an interpreter that has its dependencies (`python=…` or
$HOLDFAST_TOOLSANDBOX_PYTHON). The score is its similarity: the mean over the milestones, 0 where a minefield was met.
The user is an endpoint, `user: {base_url: …, model: …}`, which ends the conversation by the call `end_conversation`; an
episode of more messages than the scenario allows ends and is judged as it stands. Searches of the web need its RapidAPI
key, which no worker sees: such calls fail as an observation. Where a model calls several tools at once they run in
their order; the checkout tries every order, and fails them all where one fails.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from holdfast.benchmarks.environments.drivers.calls_of import new_name, tool_result
from holdfast.benchmarks.environments.drivers.process import Worker, interpreter
from holdfast.benchmarks.environments.shared.users import endpoint_of, identity_of, user_answer
from holdfast.environment import SCRIPT, Row, Step, ToolSpec, environment
from holdfast.errors import UsageError, unknown
from holdfast.sample import Message, Score, message_text

END = "end_conversation"
_HOW = (
    "\n\nWhen the agent has completed the task, or cannot, end the conversation: answer with nothing but "
    f"<tool_call>{json.dumps({'name': END, 'arguments': {}})}</tool_call>."
)
_VARIABLE = "HOLDFAST_TOOLSANDBOX_PYTHON"


@environment(
    "tool_sandbox", splits=("test",), turns=60, max_tokens=1024, metric="similarity", wants_user=True, version="2"
)
class ToolSandbox:
    """ToolSandbox: 1,032 scenarios of a checkout of your own, judged by milestones."""

    workers = 8

    def __init__(
        self, *, checkout: str | None = None, python: str | None = None, user: Mapping[str, Any] | None = None
    ) -> None:
        if checkout is None:
            raise UsageError("tool_sandbox needs checkout=FOLDER, a clone of apple/ToolSandbox")
        if not (python or os.environ.get(_VARIABLE)):
            raise UsageError(
                "tool_sandbox runs in an interpreter of its own: `python -m venv VENV && VENV/bin/pip install "
                f"{checkout}`, then python=VENV/bin/python or ${_VARIABLE}"
            )
        chosen = interpreter(python, _VARIABLE, "tool_sandbox")
        self._worker = Worker("toolsandbox_worker.py", chosen, 600, {"paths": [checkout]})
        self._endpoint = endpoint_of(user)
        self.user_identity = identity_of(user)

    def tasks(self, split: str) -> Iterable[Row]:
        """Every scenario."""
        if split != "test":
            raise unknown("split of environment 'tool_sandbox'", split, ("test",))
        return [
            {"key": one["name"], "category": one["categories"][0], "most": one["messages"]}
            for one in self._worker.ask("tasks")
        ]

    def pinned(self) -> Mapping[str, Any]:
        """What was run: a hash of the checkout's files."""
        return dict(self._worker.ask("pinned"))

    def open(self, row: Row, seed: int) -> "ToolSandboxEpisode":
        """An episode in a fresh world."""
        return ToolSandboxEpisode(row, self._worker, self._endpoint, seed)


class ToolSandboxEpisode:
    """One scenario."""

    def __init__(self, row: Row, worker: Worker, endpoint: Any, seed: int) -> None:
        self._worker, self._endpoint, self._seed, self._name = worker, endpoint, seed, new_name()
        opened = worker.ask("open", episode=self._name, name=row["key"])
        self.messages: Sequence[Message] = opened["messages"]
        self.tools: Sequence[ToolSpec] = opened["tools"]
        self._known = {tool["function"]["name"]: tool for tool in self.tools}
        self._user_view: list[dict[str, str]] = opened["user"]
        if self._user_view and self._user_view[0]["role"] == "system":
            self._user_view[0]["content"] += _HOW
        user_turns = sum(message["role"] == "user" for message in self.messages)
        self._script = (
            None if row.get(SCRIPT) is None else [message_text(one) for one in _messages(row[SCRIPT])[user_turns:]]
        )
        self._left = int(row["most"])

    def step(self, message: Message) -> Step:
        """What the calls print, or the user's reply; over when the user ends it, or at the scenario's length."""
        calls = message.get("tool_calls") or ()
        if calls:
            self._left -= 2 * len(calls)
            return Step([tool_result(call, self._known, self._call) for call in calls], done=self._left <= 0)
        text = message_text(message)
        self._worker.ask("say", episode=self._name, sender="agent", text=text)
        self._user_view.append({"role": "user", "content": text})
        self._left -= 2
        if self._left < 0:
            return Step(done=True)
        reply = self._reply()
        if END in reply or not reply:
            self._worker.ask("call", episode=self._name, name=END, arguments={}, requestor="user")
            return Step(done=True)
        self._worker.ask("say", episode=self._name, sender="user", text=reply)
        self._user_view.append({"role": "assistant", "content": reply})
        return Step([{"role": "user", "content": reply}], done=self._left <= 0)

    def _call(self, name: str, arguments: dict[str, Any]) -> str:
        return str(self._worker.ask("call", episode=self._name, name=name, arguments=arguments))

    def _reply(self) -> str:
        """What the user says; its call, or nothing, ends the conversation."""
        if self._script is not None:
            return self._script.pop(0) if self._script else ""
        return user_answer(self._endpoint, self._user_view, self._seed)

    def score(self) -> Score:
        """The similarity with the milestones."""
        found = self._worker.ask("score", episode=self._name)
        parts = {"milestones": found["milestones"], "minefields": found["minefields"]}
        reason = "a minefield was met" if found["minefields"] else ""
        return Score.share(found["similarity"], reason, None, **parts)

    def close(self) -> None:
        """Forget the world."""
        self._worker.ask("close", episode=self._name)


def _messages(script: Iterable[Any]) -> list[Message]:
    return [{"role": "user", "content": one} if isinstance(one, str) else dict(one) for one in script]
