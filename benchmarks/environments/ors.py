"""Open Reward Standard (PyPI `ors-sdk` 0.1, `openreward`): a server, `ors:http://localhost:8080`.

The prompt's blocks are the user's message, the server's tools are the model's, the reward of the last call that gave
one is the score. Where the server's one tool takes one text (`submit`), a message without a call is its argument.
Read from ors-sdk 0.1.0: ors/server.py, ors/types.py.
"""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from holdfast.benchmarks.environments.drivers.http import bearer, get_json, post_events, post_json, server_url
from holdfast.benchmarks.environments.drivers.scores import foreign_score
from holdfast.environment import Count, EpisodeError, Row, Seconds, Step, ToolSpec, call_arguments, environment
from holdfast.errors import DataError, unknown
from holdfast.files import digest
from holdfast.sample import Message, Score, final_text


@environment("ors:", splits=(), turns=30, max_tokens=512, metric="score", varies_by="itself")
class OpenRewardStandard:
    """An environment behind a server of the Open Reward Standard."""

    workers = 16

    def __init__(
        self,
        address: str,
        *,
        items: Count = 50,
        environment: str | None = None,
        token_env: str | None = None,
        timeout: Seconds = 120.0,
    ) -> None:
        self.url = server_url("ors", address)
        self.items, self.timeout, self._name = items, timeout, environment
        self.headers = bearer(token_env)

    @property
    def name(self) -> str:
        """The environment's name on the server: the one asked for, else its first."""
        if self._name is None:
            names = get_json(f"{self.url}/list_environments", self.timeout, headers=self.headers)
            if not names:
                raise DataError(f"{self.url} lists no environment")
            self._name = str(names[0])
        return self._name

    def tasks(self, split: str) -> Iterable[Row]:
        """The first `items` tasks of a split; `test` unless another is named."""
        names = [
            str(one["name"])
            for one in get_json(f"{self.url}/{quote(self.name, safe='')}/splits", self.timeout, headers=self.headers)
        ]
        chosen = split or ("test" if "test" in names else names[0])
        if chosen not in names:
            raise unknown(f"split of {self.name}", chosen, names)
        body = {"split": chosen}
        count = post_json(f"{self.url}/{quote(self.name, safe='')}/num_tasks", body, self.timeout, self.headers)[
            "num_tasks"
        ]
        keys = range(min(int(count), self.items))
        return [{"key": f"{chosen}-{index}", "split": chosen, "index": index} for index in keys]

    def open(self, row: Row, seed: int) -> "Session":
        """A session of one task; the standard knows no seed."""
        return Session(self, row)

    def pinned(self) -> Mapping[str, Any]:
        """What was run: the environment's name there, and a hash of the splits and tools that it states (the standard
        has no version)."""
        stated = [self._get("splits"), self._get("tools")]
        return {"address": self.url, "name": self.name, "sha256": digest(stated)}

    def _get(self, path: str) -> Any:
        return get_json(
            f"{self.url}/{quote(self.name, safe='')}/{path}", self.timeout, missing=None, headers=self.headers
        )


class Session:
    """One episode on the server."""

    def __init__(self, server: OpenRewardStandard, row: Row) -> None:
        self._server, self._reward, self._over, self._left = server, None, False, False
        self._headers = {**server.headers, "X-Session-ID": str(uuid.uuid4())}
        self._post("/create", {"env_name": server.name, "split": row["split"], "index": row["index"]})
        try:
            blocks = get_json(
                f"{server.url}/{quote(server.name, safe='')}/prompt", server.timeout, headers=self._headers
            )
            listed = get_json(
                f"{server.url}/{quote(server.name, safe='')}/task_tools", server.timeout, headers=self._headers
            )
        except EpisodeError:
            self.close()
            raise
        self.messages: Sequence[Message] = [{"role": "user", "content": _joined(blocks)}]
        self.tools: Sequence[ToolSpec] = [_tool(tool) for tool in listed["tools"]]
        self._plain = _one_text(self.tools)

    def step(self, message: Message) -> Step:
        """Calls go to the server; text is the argument of a lone text tool, else it ends the episode."""
        calls = message.get("tool_calls") or ()
        if calls:
            return Step([self._called(call) for call in calls], self._over)
        if self._plain is None:
            self._left = True
            return Step(done=True)
        tool, argument = self._plain
        self._call(tool, {argument: final_text([message])})
        return Step(done=True)

    def score(self) -> Score:
        """The last reward; no value where the server gave none; 0 for a model that ended the episode before that."""
        if self._reward is None and self._left:
            return Score.of(False, "the model stopped before the environment gave a reward")
        return Score.error("the environment gave no reward") if self._reward is None else foreign_score(self._reward)

    def close(self) -> None:
        """End the session on the server; a server that is gone has ended it."""
        try:
            self._post("/delete", None)
        except EpisodeError:
            return

    def _called(self, call: Mapping[str, Any]) -> Message:
        name, arguments = call_arguments(call)
        return {
            "role": "tool",
            "tool_call_id": call.get("id", ""),
            "name": name,
            "content": self._call(name, arguments),
        }

    def _call(self, name: str, arguments: Mapping[str, Any]) -> str:
        body = {"name": name, "input": dict(arguments)}
        server = self._server
        answer = post_events(f"{server.url}/{quote(server.name, safe='')}/call", body, server.timeout, self._headers)
        if not answer.get("ok"):
            return f"Error: {answer.get('error')}"
        output = answer["output"]
        self._over = self._over or bool(output.get("finished"))
        if output.get("reward") is not None or output.get("finished"):
            self._reward = output.get("reward")
        return _joined(output.get("blocks") or ())

    def _post(self, path: str, body: Any) -> None:
        post_json(f"{self._server.url}{path}", body, self._server.timeout, self._headers)


def _tool(tool: Mapping[str, Any]) -> ToolSpec:
    schema = tool.get("input_schema") or {"type": "object", "properties": {}}
    return {
        "type": "function",
        "function": {"name": tool["name"], "description": tool.get("description") or "", "parameters": schema},
    }


def _one_text(tools: Sequence[ToolSpec]) -> tuple[str, str] | None:
    """(tool, argument) where there is one tool and it takes one text."""
    if len(tools) != 1:
        return None
    function = tools[0]["function"]
    fields = function["parameters"].get("properties") or {}
    texts = [name for name, field in fields.items() if field.get("type") == "string"]
    return (function["name"], texts[0]) if len(fields) == len(texts) == 1 else None


def _joined(blocks: Iterable[Any]) -> str:
    return "\n".join(
        str(block.get("text", "")) if isinstance(block, Mapping) else json.dumps(block) for block in blocks
    )
