"""NeMo-Gym: rows of a JSONL file judged by a resources server, `nemo_gym:http://localhost:8000` with `data=rows.jsonl`.

    {"responses_create_params": {"input": [{"role": "user", …}], "tools": […]}, "expected_answer": "4", …}

A row's other fields belong to its verifier and are sent back as they are. Tools are routes of the server. One session
(`/seed_session`, its cookie) an episode; `/verify` gives the reward. Read from NeMo-Gym 07d6b0d0
(nemo_gym/base_resources_server.py); the package needs Python ≥ 3.12, so it is spoken to, never imported.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast.benchmarks.environments.drivers.http import bearer, get_json, server_url, tls_context
from holdfast.benchmarks.environments.drivers.scores import foreign_score
from holdfast.environment import Count, EpisodeError, Row, Seconds, Step, ToolSpec, call_arguments, environment
from holdfast.errors import UsageError
from holdfast.files import digest, file_sha256
from holdfast.records import read_records
from holdfast.sample import Message, Score, message_text


@environment("nemo_gym:", splits=("test",), turns=30, max_tokens=1024, metric="reward", varies_by="itself")
class NemoGym:
    """A resources server of NeMo-Gym with rows of its own data file."""

    workers = 16

    def __init__(
        self,
        address: str,
        *,
        data: str | None = None,
        items: Count | None = None,
        token_env: str | None = None,
        timeout: Seconds = 120.0,
    ) -> None:
        self.url = server_url("nemo_gym", address)
        self.data, self.items, self.timeout = data, items, timeout
        self.headers = bearer(token_env)

    def tasks(self, split: str) -> Iterable[Row]:
        """The rows of the data file. Raises UsageError where none is named, DataError for one that cannot be read."""
        if self.data is None:
            raise UsageError("nemo_gym: needs data=ROWS.jsonl, the rows of the server's own data set")
        found: list[Row] = []
        for number, (_, record) in enumerate(read_records(Path(self.data))):
            if self.items is not None and number >= self.items:
                break
            found.append({"key": str(record.get("id", number)), "row": dict(record)})
        return found

    def open(self, row: Row, seed: int) -> "Session":
        """A session of the server."""
        return Session(self, row["row"])

    def pinned(self) -> Mapping[str, Any]:
        """What was run: the server's title and version and a hash of the routes it states, and one of the rows."""
        stated = get_json(f"{self.url}/openapi.json", self.timeout, missing={}, headers=self.headers)
        info = stated.get("info") or {}
        rows = {} if self.data is None else {"rows_sha256": file_sha256(Path(self.data))}
        named = {"name": info.get("title"), "version": info.get("version"), "sha256": digest(stated)}
        return {"address": self.url, **named, **rows}


class Session:
    """One episode: the conversation as items of OpenAI's Responses API, which the verifier reads."""

    def __init__(self, server: NemoGym, row: Row) -> None:
        import httpx

        self._server, self._row, self._output = server, row, list[dict[str, Any]]()
        self._client = httpx.Client(timeout=server.timeout, headers=server.headers, verify=tls_context())
        parameters = row.get("responses_create_params") or {}
        prompt = parameters.get("input", "")
        self.messages: Sequence[Message] = (
            [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt)
        )
        self.tools: Sequence[ToolSpec] = [_tool(tool) for tool in parameters.get("tools") or ()]
        self._post("/seed_session", dict(row))

    def step(self, message: Message) -> Step:
        """Calls are posted to the tool's route; a message without one ends the episode."""
        text = message_text(message)
        if text:
            self._output.append(_output_message(text))
        calls = message.get("tool_calls") or ()
        return Step([self._called(call) for call in calls], done=not calls)

    def score(self) -> Score:
        """The verifier's reward; no value where it says that it could not judge."""
        response = {"id": "response", "object": "response", "output": self._output, "tool_choice": "auto", "tools": [],
                    "parallel_tool_calls": True, "created_at": 0, "model": "model"}  # fmt: skip
        answer = self._post("/verify", {**self._row, "response": response})
        if answer.get("judged") is False or (answer.get("instance_config") or {}).get("mask_sample"):
            return Score.error(f"the verifier could not judge: {answer.get('reason', '')}")
        return foreign_score(answer.get("reward"))

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _called(self, call: Mapping[str, Any]) -> Message:
        name, arguments = call_arguments(call)
        known = {tool["function"]["name"] for tool in self.tools}
        answer = self._post(f"/{name}", arguments) if name in known else {"error": f"no tool {name!r}"}
        content = json.dumps(answer, ensure_ascii=False)
        identity = str(call.get("id", ""))
        self._output += [
            {"type": "function_call", "call_id": identity, "name": name, "arguments": json.dumps(arguments)},
            {"type": "function_call_output", "call_id": identity, "output": content},
        ]
        return {"role": "tool", "tool_call_id": identity, "name": name, "content": content}

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        import httpx

        try:
            answer = self._client.post(self._server.url + path, json=dict(body))
            if answer.status_code == 422:
                return {"error": answer.text[:500]}
            answer.raise_for_status()
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise EpisodeError(f"{self._server.url}{path}: {type(error).__name__} {error}") from error
        return found if isinstance(found, dict) else {"result": found}


def _tool(tool: Mapping[str, Any]) -> ToolSpec:
    """A tool of the Responses API as the chat API has it."""
    if "function" in tool:
        return dict(tool)
    return {
        "type": "function",
        "function": {key: tool[key] for key in ("name", "description", "parameters") if key in tool},
    }


def _output_message(text: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"id": "message", "type": "message", "role": "assistant", "status": "completed", "content": content}
