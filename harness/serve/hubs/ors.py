"""An environment of ours by the Open Reward Standard (ors-sdk 0.1.0, ors/server.py): sessions over HTTP, calls by SSE.

The routes of tasks are those that OpenEnv has taken over (`/{name}/splits`, `/tasks`, `/num_tasks`, `/task`); here are
the others. What a model says without a call is the argument of the tool `submit`. An episode that cannot be judged ends
with no reward, never with 0. A session is named by its header `X-Session-ID`.
"""

import asyncio
import itertools
import json
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from holdfast.environment import Episode, EpisodeError, Step, ToolSpec
from holdfast.errors import HoldfastError
from holdfast.sample import Message, message_text
from holdfast.serve.hubs.openenv import OpenEnvServer, call_of

_ANSWER = {
    "type": "object",
    "properties": {"answer": {"type": "string", "description": "What the model says"}},
    "required": ["answer"],
}


class OrsRoutes:
    """The routes of the standard over the rows of one environment."""

    def __init__(self, server: OpenEnvServer) -> None:
        self._server = server
        self._sessions: dict[str, OrsSession] = {}

    def routes(self) -> list[Route]:
        """What an application mounts beside OpenEnv's routes."""
        post = ["POST"]
        return [
            Route("/ping", self._ping, methods=post),
            Route("/create", self._create, methods=post),
            Route("/delete", self._delete, methods=post),
            Route("/create_session", self._named, methods=post),
            Route("/delete_session", self._delete, methods=post),
            Route("/{name}/tools", self._tools),
            Route("/{name}/task_tools", self._task_tools),
            Route("/{name}/prompt", self._prompt),
            Route("/{name}/call", self._call, methods=post),
            Route("/{name}/task_range", self._range, methods=post),
        ]

    def _session(self, request: Request) -> "OrsSession | None":
        return self._sessions.get(request.headers.get("x-session-id", ""))

    async def _ping(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"}) if self._session(request) else _missing()

    async def _named(self, request: Request) -> Response:
        import uuid

        return _events(("task_id", uuid.uuid4().hex), ("end", ""))

    async def _create(self, request: Request) -> Response:
        name = request.headers.get("x-session-id")
        if not name or name in self._sessions:
            return _refused("Session already exists" if name else "X-Session-ID is missing")
        try:
            body = await request.json()
            task = body.get("task_spec") or body
            row = self._server.row(task.get("split"), int(task["index"]), None)
            episode = await asyncio.to_thread(self._server.environment.open, row, 0)
        except (HoldfastError, KeyError, TypeError, ValueError, AttributeError) as error:
            return _refused(str(error))
        self._sessions[name] = OrsSession(episode)
        return JSONResponse({"sid": name})

    async def _delete(self, request: Request) -> Response:
        name = request.headers.get("x-session-id", "")
        session = self._sessions.pop(name, None)
        if session is not None:
            await asyncio.to_thread(session.episode.close)
        return JSONResponse({"sid": name})

    async def _tools(self, request: Request) -> Response:
        episode = await asyncio.to_thread(self._server.environment.open, self._server.row(None, 0, None), 0)
        try:
            return JSONResponse({"tools": tool_specs(episode.tools)})
        finally:
            await asyncio.to_thread(episode.close)

    async def _task_tools(self, request: Request) -> Response:
        session = self._session(request)
        return JSONResponse({"tools": tool_specs(session.episode.tools)}) if session else _missing()

    async def _prompt(self, request: Request) -> Response:
        session = self._session(request)
        return JSONResponse([_block(shown(session.episode.messages))]) if session else _missing()

    async def _range(self, request: Request) -> Response:
        body = await request.json()
        rows = self._server.rows.get(str(body.get("split")))
        if rows is None:
            return _refused("Invalid split")
        indices = range(len(rows))[slice(body.get("start"), body.get("stop"))]
        return JSONResponse({"tasks": [{"split": body["split"], "index": index} for index in indices]})

    async def _call(self, request: Request) -> Response:
        session = self._session(request)
        if session is None:
            return _missing()
        body = await request.json()
        try:
            name, given = str(body["name"]), dict(body.get("input") or {})
            answer = await asyncio.to_thread(session.called, name, given)
        except EpisodeError as error:
            return _events(("task_id", "call"), ("error", str(error)))
        except (KeyError, TypeError, ValueError) as error:
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        return _events(("task_id", "call"), ("end", json.dumps(answer, default=str)))


class OrsSession:
    """The episode of one session."""

    def __init__(self, episode: Episode) -> None:
        self.episode = episode
        self._numbers, self._over = itertools.count(), False

    def called(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The output of a tool; the reward comes with the call that ends the episode."""
        known = {tool["name"] for tool in tool_specs(self.episode.tools)}
        if name not in known:
            return {"ok": False, "error": f"Tool {name!r} not found"}
        if self._over:
            return {"ok": False, "error": "the episode is over"}
        step = self._step(name, arguments)
        self._over = step.done
        score = self.episode.score() if step.done else None
        metadata = None if score is None else {"outcome": str(score.outcome), "reason": score.reason}
        output = {
            "blocks": [_block(message_text(message)) for message in step.messages],
            "metadata": metadata,
            "reward": None if score is None else score.value,
            "finished": step.done,
        }
        return {"ok": True, "output": output}

    def _step(self, name: str, arguments: dict[str, Any]) -> Step:
        if name == submit_name(self.episode.tools):
            return self.episode.step({"role": "assistant", "content": str(arguments["answer"])})
        return self.episode.step(call_of(next(self._numbers), name, arguments))


def submit_name(tools: Sequence[ToolSpec]) -> str:
    """What the tool is called by which a model speaks: `submit`, or `say` where the environment has a `submit`."""
    return "say" if any(tool["function"]["name"] == "submit" for tool in tools) else "submit"


def tool_specs(tools: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    """The environment's tools as the standard lists them, and the one by which a model speaks."""
    specs = [
        {"name": f["name"], "description": f.get("description") or "", "input_schema": f.get("parameters") or {}}
        for f in (tool["function"] for tool in tools)
    ]
    return [*specs, {"name": submit_name(tools), "description": "Say something.", "input_schema": _ANSWER}]


def shown(messages: Sequence[Message]) -> str:
    """An episode's first messages as one text."""
    if len(messages) == 1:
        return message_text(messages[0])
    return "\n\n".join(
        message_text(one) if one["role"] in ("system", "user") else f"{one['role']}: {message_text(one)}"
        for one in messages
    )


def _block(text: str) -> dict[str, Any]:
    return {"text": text, "detail": None, "type": "text"}


def _events(*events: tuple[str, str]) -> Response:
    text = "".join(f"event: {event}\r\ndata: {data}\r\n\r\n" for event, data in events)
    return Response(text, media_type="text/event-stream")


def _missing() -> JSONResponse:
    return JSONResponse({"detail": "Active environment not found"}, 404)


def _refused(reason: str) -> JSONResponse:
    return JSONResponse({"detail": reason}, 400)
