"""OpenEnv (PyPI `openenv` 0.10): any environment that a server plays, `openenv:http://localhost:8000`; of a package's
folder (`openenv:./my_env`, in the interpreter `python=`) or an image (`openenv:docker:NAME`) a server is started here.

The server's tools (MCP) are the model's tools; where it has none, the model's text is the one text field of an action.
Tasks come from its Task API (`reset(split=, index=)`); where it has none, a task is a seed. The episode's score is the
last reward that the server gave, which must lie in 0…1 or in the `range=[low, high]` that is named.

A tool that fails is an observation. An environment that raises on the model's text (EXECUTION_ERROR) is tried again
with plain texts in a fresh session: one that answers them refuses this text, which is 0; one that does not is broken,
and the episode has no value. A server with no place for another session (CAPACITY_REACHED) is waited for.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import quote

from holdfast.benchmarks.environments.drivers.http import bearer, get_json, post_json, server_url
from holdfast.benchmarks.environments.drivers.local_server import local_server
from holdfast.benchmarks.environments.drivers.scores import foreign_score
from holdfast.benchmarks.environments.drivers.websocket import RaisedError, RefusedError, Session
from holdfast.environment import Count, EpisodeError, Row, Seconds, Step, ToolSpec, call_arguments, environment
from holdfast.errors import DataError, UsageError, unknown
from holdfast.files import digest
from holdfast.sample import Message, Score, final_text

_TEXTS = ("prompt", "question", "instruction", "messages", "text", "message", "content", "observation")
"""Fields of an observation that hold what the model is to read, the likeliest first."""
_SEEDS = {"": 0, "test": 0, "train": 1_000_000}
"""The first seed of a split, where the server lists no tasks: what trains is never measured."""
_CONTROLS = ("0", "yes", "hello", "{}", "A")
"""Texts that an environment takes which is not broken: one of them, at least."""


@environment("openenv:", splits=(), turns=30, max_tokens=512, metric="score")
class OpenEnv:
    """An environment behind an OpenEnv server."""

    workers = 16

    def __init__(
        self,
        address: str,
        *,
        items: Count = 50,
        action: str | None = None,
        observation: str | None = None,
        range: Sequence[float] = (0.0, 1.0),
        token_env: str | None = None,
        timeout: Seconds = 60.0,
        python: str | None = None,
    ) -> None:
        self._local = local_server(address, python)
        if self._local is None and python is not None:
            raise UsageError("python= is for openenv:FOLDER, a package that is served here")
        self.http = self._local.url if self._local else server_url("openenv", address)
        self.socket = f"ws{self.http.removeprefix('http')}/ws"
        self.headers = bearer(token_env)
        self.items, self.timeout, self.action, self.observation = items, timeout, action, observation
        if len(range) != 2 or not range[0] < range[1]:
            raise UsageError(f"range must be [low, high], not {list(range)!r}")
        self.low, self.high = float(range[0]), float(range[1])

    def tasks(self, split: str) -> Iterable[Row]:
        """The server's tasks of a split, or `items` seeds where it lists none."""
        name = self._name()
        splits = self.get(f"{name}/splits", None)
        if splits is None:
            if split not in _SEEDS:
                raise UsageError(f"{self.http} lists no splits: its tasks are seeds, split=test or split=train of ours")
            first = _SEEDS[split]
            return [{"key": f"seed-{n}", "reset": {"seed": n}} for n in range(first, first + self.items)]
        names = [str(one["name"]) for one in splits]
        if split and split not in names:
            raise unknown(f"split of {name}", split, names)
        chosen = split or ("test" if "test" in names else names[0])
        count = post_json(f"{self.http}/{name}/num_tasks", {"split": chosen}, self.timeout, self.headers)
        count = count["num_tasks"]
        return [
            {"key": f"{chosen}-{index}", "reset": {"split": chosen, "index": index}}
            for index in range(min(int(count), self.items))
        ]

    def open(self, row: Row, seed: int) -> "OpenEnvEpisode":
        """A fresh session of the server."""
        return OpenEnvEpisode(self, row, seed)

    def pinned(self) -> Mapping[str, Any]:
        """What was run: the server's own name and version, and a hash of all it states of itself."""
        stated = self.get("metadata", {}) or {}
        named = {key: stated.get(key) for key in ("name", "version")}
        where = self._local.identity if self._local else {"address": self.http}
        return {**where, **named, "sha256": digest([stated, self.get("schema", None)])}

    def get(self, path: str, missing: Any) -> Any:
        """What the server says there. Raises EpisodeError."""
        return get_json(f"{self.http}/{path}", self.timeout, missing=missing, headers=self.headers)

    @cached_property
    def action_schema(self) -> Mapping[str, Any]:
        """What the server takes as an action: asked once, as it is the same for every episode."""
        return (self.get("schema", None) or {}).get("action") or {}

    def session(self) -> Session:
        """A connection of its own. Raises EpisodeError."""
        return Session(self.socket, self.timeout, self.headers)

    def _name(self) -> str:
        names = self.get("list_environments", None)
        if not names:
            raise DataError(f"{self.http} lists no environment: is it an OpenEnv server (0.10)?")
        return quote(str(names[0]), safe="")


class OpenEnvEpisode:
    """One episode on the server."""

    def __init__(self, server: OpenEnv, row: Row, seed: int) -> None:
        self._server, self._reward, self._over, self._left = server, None, False, False
        self._reset, self._taken, self._refused = {"seed": seed, **row["reset"]}, list[Mapping[str, Any]](), ""
        self._session = server.session()
        try:
            first = self._session.ask("reset", self._reset)
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
            self._left = True
            return Step(done=True)
        action = {self._field: final_text([message])}
        try:
            answer = self._session.ask("step", action)
        except RefusedError as error:
            return Step([{"role": "user", "content": f"Error: {error}"}])
        except RaisedError as error:
            return self._raised(self._field, error)
        self._taken.append(action)
        self._take(answer)
        text = _text(answer.get("observation") or {}, self._server.observation)
        return Step([] if self._over else _messages(text), self._over)

    def score(self) -> Score:
        """The last reward, scaled to 0…1."""
        if self._refused:
            return Score.of(False, f"the environment refuses this text: {self._refused}"[:300])
        if self._reward is None and self._left:
            return Score.of(False, "the model stopped before the environment gave a reward")
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
        action = {"type": "call_tool", "tool_name": name, "arguments": arguments}
        try:
            answer = self._session.ask("step", action)
        except (RefusedError, RaisedError) as error:
            return {"role": "tool", "tool_call_id": call.get("id", ""), "name": name, "content": f"Error: {error}"}
        self._taken.append(action)
        self._take(answer)
        seen = answer.get("observation") or {}
        content = seen.get("error") or seen.get("result", seen)
        return {"role": "tool", "tool_call_id": call.get("id", ""), "name": name, "content": _as_text(content)}

    def _raised(self, field: str, error: RaisedError) -> Step:
        """The end of an episode whose text the environment does not take; the error again where others fare alike."""
        self._session.close()  # a server may have one place only
        if not any(self._answers({field: text}) for text in _CONTROLS):
            raise error
        self._refused = str(error)
        return Step(done=True)

    def _answers(self, action: Mapping[str, Any]) -> bool:
        """Whether a fresh session that was brought here takes an action."""
        session = self._server.session()
        try:
            session.ask("reset", self._reset)
            for taken in [*self._taken, action]:
                session.ask("step", taken)
        except EpisodeError:
            return False
        finally:
            session.close()
        return True

    def _take(self, answer: Mapping[str, Any]) -> None:
        self._over = bool(answer.get("done"))
        if answer.get("reward") is not None:
            self._reward = answer["reward"]

    def _offered(self) -> list[ToolSpec]:
        answer = self._session.ask("mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}})
        if answer.get("error") and not _has_none(answer["error"]):
            raise EpisodeError(f"the environment lists no tools: {str(answer['error'])[:300]}")
        found = (answer.get("result") or {}).get("tools") or ()
        return [_tool(tool) for tool in found]

    def _text_field(self) -> str | None:
        """The one field of an action that is required and text, unless `action=` names it; None where tools are all."""
        schema = self._server.action_schema
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


def _has_none(error: Mapping[str, Any]) -> bool:
    """Whether an error of `tools/list` says that the environment has no tools (openenv 0.10, http_server.py)."""
    message = str(error.get("message", ""))
    return error.get("code") == -32601 or "not support MCP" in message or "MCP server not available" in message


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
        return _parsed(observation[named])
    for name in _TEXTS:
        if observation.get(name):
            return _parsed(observation[name])
    texts = [value for key, value in observation.items() if isinstance(value, str) and value and key != "metadata"]
    return texts[0] if len(texts) == 1 else _as_text({k: v for k, v in observation.items() if k != "metadata"})


def _messages(text: Any) -> list[Message]:
    return text if isinstance(text, list) else [{"role": "user", "content": text}]


def _parsed(value: Any) -> Any:
    if isinstance(value, list) and value and all(isinstance(one, dict) and "content" in one for one in value):
        return [{"role": one.get("role", "user"), "content": _as_text(one["content"])} for one in value]
    return _as_text(value)


def _as_text(value: Any) -> str:
    if isinstance(value, Mapping) and set(value) >= {"content"} and isinstance(value["content"], list):
        return "".join(str(part.get("text", "")) for part in value["content"] if isinstance(part, Mapping))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
