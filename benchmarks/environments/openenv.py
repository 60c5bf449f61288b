"""OpenEnv (PyPI `openenv` 0.10): any environment that a server plays, `openenv:http://localhost:8000`.

The server's tools (MCP) are the model's tools; where it has none, the model's text is the one text field of an action.
Tasks come from its Task API (`reset(split=, index=)`); where it has none, a task is a seed. The episode's score is the
last reward that the server gave, which must lie in 0…1 or in the `range=[low, high]` that is named.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from holdfast.benchmarks.environments.drivers.http import get_json, post_json
from holdfast.benchmarks.environments.drivers.scores import foreign_score
from holdfast.benchmarks.environments.drivers.websocket import Refused, Session
from holdfast.environment import EpisodeError, Row, Step, ToolSpec, call_arguments, environment
from holdfast.errors import DataError, UsageError, unknown
from holdfast.sample import Message, Score, final_text

_TEXTS = ("prompt", "question", "instruction", "messages", "text", "message", "content", "observation")
"""Fields of an observation that hold what the model is to read, the likeliest first."""


@environment("openenv:", splits=(), turns=30, max_tokens=512, metric="score")
class OpenEnv:
    """An environment behind an OpenEnv server."""

    def __init__(
        self,
        address: str,
        *,
        items: int = 50,
        action: str | None = None,
        observation: str | None = None,
        range: Sequence[float] = (0.0, 1.0),
        timeout: float = 60.0,
    ) -> None:
        url = urlsplit(address if "://" in address else f"http://{address}")
        if url.scheme not in ("http", "https", "ws", "wss") or not url.netloc:
            raise UsageError(f"openenv: takes the address of a server (openenv:http://localhost:8000), not {address!r}")
        secure = "s" if url.scheme in ("https", "wss") else ""
        place = f"{url.netloc}{url.path.rstrip('/')}"
        self.http, self.socket = f"http{secure}://{place}", f"ws{secure}://{place}/ws"
        self.items, self.timeout, self.action, self.observation = items, timeout, action, observation
        if len(range) != 2 or not range[0] < range[1]:
            raise UsageError(f"range must be [low, high], not {list(range)!r}")
        self.low, self.high = float(range[0]), float(range[1])

    def tasks(self, split: str) -> Iterable[Row]:
        """The server's tasks of a split, or `items` seeds where it lists none."""
        name = self._name()
        splits = get_json(f"{self.http}/{name}/splits", self.timeout, missing=None)
        if splits is None:
            return [{"key": f"seed-{seed}", "reset": {"seed": seed}} for seed in range(self.items)]
        names = [str(one["name"]) for one in splits]
        if split and split not in names:
            raise unknown(f"split of {name}", split, names)
        chosen = split or ("test" if "test" in names else names[0])
        count = post_json(f"{self.http}/{name}/num_tasks", {"split": chosen}, self.timeout)["num_tasks"]
        return [
            {"key": f"{chosen}-{index}", "reset": {"split": chosen, "index": index}}
            for index in range(min(int(count), self.items))
        ]

    def open(self, row: Row, seed: int) -> "Play":
        """A fresh session of the server."""
        return Play(self, row, seed)

    def pinned(self) -> Mapping[str, Any]:
        """What was run: the server's own name and version."""
        return {"address": self.http, **(get_json(f"{self.http}/metadata", self.timeout, missing={}) or {})}

    def _name(self) -> str:
        names = get_json(f"{self.http}/list_environments", self.timeout, missing=None)
        if not names:
            raise DataError(f"{self.http} lists no environment: is it an OpenEnv server (0.10)?")
        return str(names[0])


class Play:
    """One episode on the server."""

    def __init__(self, server: OpenEnv, row: Row, seed: int) -> None:
        self._server, self._reward, self._over = server, None, False
        self._session = Session(server.socket, server.timeout)
        try:
            first = self._session.ask("reset", {"seed": seed, **row["reset"]})
            self.tools: Sequence[ToolSpec] = self._offered()
            self._field = self._text_field()
        except EpisodeError:
            self._session.close()
            raise
        self._take(first)
        text = _text(first.get("observation") or {}, server.observation)
        self.messages: Sequence[Message] = _messages(text)

    def step(self, message: Message) -> Step:
        """Calls become tool calls; text becomes an action, or ends an episode that is played by tools."""
        calls = message.get("tool_calls") or ()
        if calls:
            return Step([self._called(call) for call in calls], self._over)
        if self._field is None:
            return Step(done=True)
        said = final_text([message])
        try:
            answer = self._session.ask("step", {self._field: said})
        except Refused as error:
            return Step([{"role": "user", "content": f"Error: {error}"}])
        self._take(answer)
        text = _text(answer.get("observation") or {}, self._server.observation)
        return Step([] if self._over else _messages(text), self._over)

    def score(self) -> Score:
        """The last reward, scaled to 0…1."""
        if self._reward is None:
            return Score.error("the environment gave no reward")
        server = self._server
        scaled = (float(self._reward) - server.low) / (server.high - server.low)
        if not 0.0 <= scaled <= 1.0:
            return Score.error(f"reward {self._reward!r} lies outside range=[{server.low:g}, {server.high:g}]")
        return foreign_score(scaled)

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def _called(self, call: Mapping[str, Any]) -> Message:
        name, arguments = call_arguments(call)
        try:
            answer = self._session.ask("step", {"type": "call_tool", "tool_name": name, "arguments": arguments})
        except Refused as error:
            return {"role": "tool", "tool_call_id": call.get("id", ""), "name": name, "content": f"Error: {error}"}
        self._take(answer)
        seen = answer.get("observation") or {}
        content = seen.get("error") or seen.get("result", seen)
        return {"role": "tool", "tool_call_id": call.get("id", ""), "name": name, "content": _written(content)}

    def _take(self, answer: Mapping[str, Any]) -> None:
        self._over = bool(answer.get("done"))
        if answer.get("reward") is not None:
            self._reward = answer["reward"]

    def _offered(self) -> list[ToolSpec]:
        answer = self._session.ask("mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}})
        found = (answer.get("result") or {}).get("tools") or ()
        return [_tool(tool) for tool in found]

    def _text_field(self) -> str | None:
        """The one field of an action that is required and text, unless `action=` names it; None where tools are all."""
        schema = get_json(f"{self._server.http}/schema", self._server.timeout)["action"]
        fields = schema.get("properties") or {}
        if self._server.action is not None:
            if self._server.action not in fields:
                raise unknown("field of the environment's action", self._server.action, fields)
            return self._server.action
        needed = [name for name in schema.get("required") or () if "tool_name" not in fields]
        if len(needed) == 1 and fields[needed[0]].get("type") == "string":
            return str(needed[0])
        if self.tools:
            return None
        raise UsageError(f"the environment's action has the fields {sorted(fields)}; name the model's with action=")


def _tool(tool: Mapping[str, Any]) -> ToolSpec:
    schema = tool.get("inputSchema") or tool.get("input_schema") or {"type": "object", "properties": {}}
    return {
        "type": "function",
        "function": {"name": tool["name"], "description": tool.get("description") or "", "parameters": schema},
    }


def _text(observation: Mapping[str, Any], named: str | None) -> Any:
    """What the model reads: the named field, the likeliest one, the only text, or the whole as JSON."""
    if named is not None:
        if named not in observation:
            raise unknown("field of the environment's observation", named, observation)
        return _read(observation[named])
    for name in _TEXTS:
        if observation.get(name):
            return _read(observation[name])
    texts = [value for key, value in observation.items() if isinstance(value, str) and value and key != "metadata"]
    return texts[0] if len(texts) == 1 else _written({k: v for k, v in observation.items() if k != "metadata"})


def _messages(text: Any) -> list[Message]:
    return text if isinstance(text, list) else [{"role": "user", "content": text}]


def _read(value: Any) -> Any:
    if isinstance(value, list) and value and all(isinstance(one, dict) and "content" in one for one in value):
        return [{"role": one.get("role", "user"), "content": _written(one["content"])} for one in value]
    return _written(value)


def _written(value: Any) -> str:
    if isinstance(value, Mapping) and set(value) >= {"content"} and isinstance(value["content"], list):
        return "".join(str(part.get("text", "")) for part in value["content"] if isinstance(part, Mapping))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
