"""An environment of ours as an OpenEnv server: any client of OpenEnv plays it (openenv 0.10, core/env_server).

Tasks are listed by the Task API and chosen by `reset(split=, index=)`. A step is `{"message": text}`, or a tool call
(`{"type": "call_tool", "tool_name", "arguments"}`); the reward comes with the step that ends the episode. An episode
that cannot be judged ends with an error, never with a reward of 0.
"""

import asyncio
import itertools
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from holdfast.environment import Environment, EnvironmentSpec, Episode, EpisodeError, Row
from holdfast.errors import HoldfastError
from holdfast.sample import message_text

_TEXT = {"type": "string", "description": "What the model says"}
_ACTION = {"type": "object", "properties": {"message": _TEXT}, "required": ["message"]}
_OBSERVATION = {"type": "object", "properties": {"messages": {"type": "array"}, "tools": {"type": "array"}}}


class OpenEnvServer:
    """The routes of one environment."""

    def __init__(self, spec: EnvironmentSpec, environment: Environment, splits: Sequence[str]) -> None:
        self.spec, self.environment = spec, environment
        self.name = re.sub(r"[^\w.-]+", "_", spec.name.rpartition("/")[2] if "/" in spec.name else spec.name)
        self.rows: dict[str, list[Row]] = {split: list(environment.tasks(split)) for split in splits}
        self._sessions: dict[str, Session] = {}

    def app(self, *more: Sequence[BaseRoute]) -> Starlette:
        """The ASGI application, with other protocols' routes behind OpenEnv's."""
        post = ["POST"]
        return Starlette(
            routes=[
                Route("/health", self._health),
                Route("/metadata", self._metadata),
                Route("/schema", self._schema),
                Route("/openapi.json", self._openapi),
                Route("/list_environments", self._names),
                Route("/{name}/splits", self._splits),
                Route("/{name}/tasks", self._tasks, methods=post),
                Route("/{name}/num_tasks", self._count, methods=post),
                Route("/{name}/task", self._task, methods=post),
                Route("/mcp", self._mcp, methods=post),
                WebSocketRoute("/ws", self._session),
                *(route for routes in more for route in routes),
            ]
        )

    def row(self, split: str | None, index: int | None, seed: int | None) -> Row:
        """The task that a reset asks for. Raises EpisodeError naming what there is."""
        chosen = split or next(iter(self.rows))
        if chosen not in self.rows:
            raise EpisodeError(f"no split {chosen!r}; there are {sorted(self.rows)}")
        rows = self.rows[chosen]
        number = (seed or 0) % len(rows) if index is None else index
        if not 0 <= number < len(rows):
            raise EpisodeError(f"no task {number} in split {chosen!r}, which has {len(rows)}")
        return rows[number]

    async def _health(self, request: Request) -> JSONResponse:
        return JSONResponse({"status": "healthy"})

    async def _metadata(self, request: Request) -> JSONResponse:
        spec = self.spec
        return JSONResponse({"name": self.name, "description": spec.summary, "version": spec.version})

    async def _schema(self, request: Request) -> JSONResponse:
        return JSONResponse({"action": _ACTION, "observation": _OBSERVATION, "state": {"type": "object"}})

    async def _openapi(self, request: Request) -> JSONResponse:
        """The paths of the application, as the package's validator reads them (1.0.0 is the protocol's version)."""
        paths = {
            route.path: {
                method.lower(): {"responses": {"200": {"description": "an answer"}}} for method in route.methods
            }
            for route in request.app.routes
            if isinstance(route, Route) and route.methods
        }
        info = {"title": self.name, "version": "1.0.0"}
        return JSONResponse({"openapi": "3.1.0", "info": info, "paths": paths})

    async def _names(self, request: Request) -> JSONResponse:
        return JSONResponse([self.name])

    async def _splits(self, request: Request) -> JSONResponse:
        kinds = {"train", "validation", "test"}
        return JSONResponse([{"name": s, "type": s if s in kinds else "validation"} for s in self.rows])

    async def _tasks(self, request: Request) -> JSONResponse:
        split = (await request.json()).get("split")
        tasks = [_public_row(row, split, index) for index, row in enumerate(self.rows.get(split, []))]
        return JSONResponse({"tasks": tasks, "env_name": self.name})

    async def _count(self, request: Request) -> JSONResponse:
        return JSONResponse({"num_tasks": len(self.rows.get((await request.json()).get("split"), []))})

    async def _task(self, request: Request) -> JSONResponse:
        body = await request.json()
        try:
            split, index = body.get("split"), body.get("index")
            return JSONResponse({"task": _public_row(self.row(split, index, None), split, index)})
        except EpisodeError as error:
            return JSONResponse({"detail": str(error)}, 400)

    async def _session(self, socket: WebSocket) -> None:
        await socket.accept()
        known = self._sessions.get(socket.query_params.get("session_id", ""))
        session = known or Session(self)
        try:
            while (message := json.loads(await socket.receive_text())).get("type") != "close":
                await socket.send_text(json.dumps(await asyncio.to_thread(session.answer, message), default=str))
        except (WebSocketDisconnect, ValueError):
            return
        finally:
            if known is None:
                await asyncio.to_thread(session.close)

    async def _mcp(self, request: Request) -> JSONResponse:
        """JSON-RPC over HTTP: a session is made, used by its id (also by the WebSocket) and closed."""
        call = await request.json()
        method, data = call.get("method"), call.get("params") or {}
        reply = {"jsonrpc": "2.0", "id": call.get("id")}
        if method == "openenv/session/create":
            made = uuid.uuid4().hex
            self._sessions[made] = Session(self)
            return JSONResponse({**reply, "result": {"session_id": made}})
        session = self._sessions.get(str(data.get("session_id")))
        if session is None:
            return JSONResponse({**reply, "error": {"code": -32602, "message": "unknown session_id"}})
        if method == "openenv/session/close":
            self._sessions.pop(str(data["session_id"]))
            await asyncio.to_thread(session.close)
            return JSONResponse({**reply, "result": {}})
        answer = await asyncio.to_thread(session.answer, {"type": "mcp", "data": call})
        failed = {**reply, "error": {"code": -32603, "message": str(answer["data"].get("message"))}}
        return JSONResponse(answer["data"] if answer["type"] == "mcp" else failed)


class Session:
    """The episode of one connection."""

    def __init__(self, server: OpenEnvServer) -> None:
        self._server = server
        self._episode: Episode | None = None
        self._steps, self._calls = 0, itertools.count()

    def answer(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to a message; what goes wrong is a reply of type `error`."""
        data = message.get("data") or {}
        try:
            match message.get("type"):
                case "reset":
                    return _seen(self._reset(data))
                case "step":
                    return _seen(self._step(data))
                case "mcp":
                    return {"type": "mcp", "data": self._mcp(data)}
                case "state":
                    return {"type": "state", "data": {"episode_id": None, "step_count": self._steps}}
                case other:
                    return _error(f"unknown message type: {other}", "UNKNOWN_TYPE")
        except (TypeError, ValueError, KeyError) as error:
            return _error(f"invalid message: {error}", "VALIDATION_ERROR")
        except HoldfastError as error:
            return _error(str(error), "EXECUTION_ERROR")

    def close(self) -> None:
        """End the episode."""
        if self._episode is not None:
            self._episode.close()
        self._episode = None

    def _reset(self, data: Mapping[str, Any]) -> dict[str, Any]:
        self.close()
        row = self._server.row(data.get("split"), data.get("index"), data.get("seed"))
        self._episode, self._steps = self._server.environment.open(row, int(data.get("seed") or 0)), 0
        messages, tools = list(self._episode.messages), list(self._episode.tools)
        return {"observation": {"messages": messages, "tools": tools}, "reward": None, "done": False}

    def _step(self, data: Mapping[str, Any]) -> dict[str, Any]:
        if data.get("type") == "list_tools":
            return {"observation": {"tools": self._tools()}, "reward": None, "done": False}
        if data.get("type") == "call_tool":
            name, arguments = str(data["tool_name"]), dict(data.get("arguments") or {})
            return self._play(call_of(next(self._calls), name, arguments), name)
        return self._play({"role": "assistant", "content": str(data["message"])}, None)

    def _play(self, message: Mapping[str, Any], tool: str | None) -> dict[str, Any]:
        episode = self._playing()
        step = episode.step(message)
        self._steps += 1
        score = episode.score() if step.done else None
        if score is not None and score.value is None:
            raise EpisodeError(f"the episode cannot be judged: {score.reason}")
        shown: dict[str, Any] = {"messages": list(step.messages)}
        if tool is not None:
            shown = {"tool_name": tool, "result": "\n".join(map(message_text, step.messages)), "error": None}
        return {"observation": shown, "reward": None if score is None else score.value, "done": step.done}

    def _mcp(self, data: Mapping[str, Any]) -> dict[str, Any]:
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": data.get("id")}
        if data.get("method") == "tools/list":
            return {**reply, "result": {"tools": self._tools()}}
        if data.get("method") == "tools/call":
            parameters = data.get("params") or {}
            name = str(parameters["name"])
            seen = self._play(call_of(next(self._calls), name, dict(parameters.get("arguments") or {})), name)
            return {**reply, "result": seen["observation"]["result"]}
        return {**reply, "error": {"code": -32601, "message": f"Method not found: {data.get('method')}"}}

    def _tools(self) -> list[dict[str, Any]]:
        functions = [tool["function"] for tool in self._playing().tools]
        return [
            {"name": f["name"], "description": f.get("description", ""), "input_schema": f.get("parameters") or {}}
            for f in functions
        ]

    def _playing(self) -> Episode:
        if self._episode is None:
            raise EpisodeError("no episode: reset first")
        return self._episode


def call_of(number: int, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A model's message that is one call."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    call = {"id": f"call{number:05d}", "type": "function", "function": function}
    return {"role": "assistant", "content": "", "tool_calls": [call]}


def _public_row(row: Row, split: Any, index: Any) -> dict[str, Any]:
    """What a client may know of a task: never the answer."""
    return {"split": split, "index": index, **{key: row[key] for key in ("key", "prompt", "category") if key in row}}


def _seen(data: dict[str, Any]) -> dict[str, Any]:
    return {"type": "observation", "data": data}


def _error(text: str, code: str) -> dict[str, Any]:
    return {"type": "error", "data": {"message": text, "code": code}}
