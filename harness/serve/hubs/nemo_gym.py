"""An environment of ours as a resources server of NeMo-Gym (07d6b0d0, nemo_gym/base_resources_server.py).

`GET /rows?split=test` gives the rows of its data file; each names its task in `holdfast`. An agent seeds a session (a
cookie), posts calls to `/NAME`, and has `/verify` judge the response. Without a session the response's items are played
from the start. What cannot be judged is reward 0.0 with `judged` false and `mask_sample`, as NeMo-RL understands it.
"""

import asyncio
import json
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from holdfast.environment import Episode, EpisodeError, Row
from holdfast.errors import HoldfastError
from holdfast.rewards.adapters.nemo_gym import answer_of
from holdfast.sample import Score, message_text
from holdfast.serve.hubs.openenv import OpenEnvServer, call_of

COOKIE = "holdfast_session"


class NemoGymRoutes:
    """The routes over the rows of one environment."""

    def __init__(self, server: OpenEnvServer) -> None:
        self._server = server
        self._sessions: dict[str, Episode] = {}

    def routes(self) -> list[Route]:
        """What an application mounts last: a tool's route is any other name."""
        post = ["POST"]
        return [
            Route("/rows", self._rows),
            Route("/seed_session", self._seed, methods=post),
            Route("/verify", self._verify, methods=post),
            Route("/aggregate_metrics", self._aggregate, methods=post),
            Route("/{tool}", self._tool, methods=post),
        ]

    async def _rows(self, request: Request) -> Response:
        split = request.query_params.get("split") or next(iter(self._server.rows))
        if split not in self._server.rows:
            return JSONResponse({"detail": f"no split {split!r}"}, 404)
        lines = await asyncio.to_thread(self._lines, split)
        return PlainTextResponse("".join(lines), media_type="application/jsonl")

    def _lines(self, split: str) -> list[str]:
        return [
            json.dumps(self.public_row(split, index), default=str) + "\n"
            for index in range(len(self._server.rows[split]))
        ]

    def public_row(self, split: str, index: int) -> dict[str, Any]:
        """A row of the data file: the question, the tools, and which task it is; never the answer."""
        episode = self._server.environment.open(self._server.row(split, index, None), 0)
        try:
            tools = [{"type": "function", "strict": False, **tool["function"]} for tool in episode.tools]
            messages = [{"role": one["role"], "content": message_text(one)} for one in episode.messages]
        finally:
            episode.close()
        return {
            "id": f"{split}-{index}",
            "responses_create_params": {"input": messages, **({"tools": tools} if tools else {})},
            "holdfast": {"split": split, "index": index},
        }

    def _row(self, body: Mapping[str, Any]) -> Row:
        named = body.get("holdfast")
        if not isinstance(named, Mapping):
            raise EpisodeError("the row does not name its task: take the rows from GET /rows")
        return self._server.row(named.get("split"), int(named["index"]), None)

    async def _seed(self, request: Request) -> Response:
        try:
            episode = await asyncio.to_thread(self._server.environment.open, self._row(await request.json()), 0)
        except (HoldfastError, KeyError, TypeError, ValueError) as error:
            return JSONResponse({"detail": str(error)}, 422)
        name, answer = uuid.uuid4().hex, JSONResponse({})
        self._sessions[name] = episode
        answer.set_cookie(COOKIE, name)
        return answer

    async def _tool(self, request: Request) -> Response:
        episode = self._sessions.get(request.cookies.get(COOKIE, ""))
        name = request.path_params["tool"]
        if episode is None or name not in {tool["function"]["name"] for tool in episode.tools}:
            return JSONResponse({"detail": f"no session, or no tool {name!r}"}, 404)
        try:
            step = await asyncio.to_thread(episode.step, call_of(0, name, dict(await request.json())))
        except (TypeError, ValueError) as error:
            return JSONResponse({"detail": str(error)}, 422)
        except EpisodeError as error:
            return JSONResponse({"detail": str(error)}, 500)
        return JSONResponse({"output": "\n".join(map(message_text, step.messages)), "done": step.done})

    async def _verify(self, request: Request) -> Response:
        body = await request.json()
        episode = self._sessions.pop(request.cookies.get(COOKIE, ""), None)
        try:
            score = await asyncio.to_thread(self._judged, episode, body)
        except EpisodeError as error:
            score = Score.error(str(error))
        except (HoldfastError, KeyError, TypeError, ValueError) as error:
            return JSONResponse({"detail": str(error)}, 422)
        return JSONResponse(answer_of(body, score))

    def _judged(self, seeded: Episode | None, body: Mapping[str, Any]) -> Score:
        """The score of a response: its text in the seeded session, or all its items in a fresh one."""
        episode = seeded or self._server.environment.open(self._row(body), 0)
        try:
            done = False
            for item in (body.get("response") or {}).get("output") or ():
                if done:
                    break
                if item.get("type") == "function_call" and seeded is None:
                    arguments = json.loads(item.get("arguments") or "{}")
                    done = episode.step(call_of(0, str(item["name"]), dict(arguments))).done
                elif item.get("type", "message") == "message":
                    done = episode.step({"role": "assistant", "content": _text(item)}).done
            return episode.score() if done else Score.timeout("the episode is not over")
        finally:
            episode.close()

    async def _aggregate(self, request: Request) -> Response:
        rewards = [
            one["reward"] for one in (await request.json()).get("verify_responses", []) if one.get("judged", True)
        ]
        return JSONResponse({"mean_reward": sum(rewards) / len(rewards) if rewards else None, "count": len(rewards)})


def _text(item: Mapping[str, Any]) -> str:
    content = item.get("content")
    if not isinstance(content, list):
        return content if isinstance(content, str) else ""
    return "".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
