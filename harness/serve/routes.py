"""The endpoints. Every one reads a bounded body, asks a batcher, and answers JSON."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from holdfast.errors import HoldfastError, suggestion
from holdfast.sample import Sample, Score
from holdfast.serve.batcher import Batcher, FullError
from holdfast.serve.schemas import (
    BatchAnswer,
    BatchRequest,
    ErrorBody,
    OpenRLHFRequest,
    ScoreBody,
    ScoreRequest,
    encode,
)
from holdfast.serve.settings import Settings
from holdfast.serve.streaming import ScoreStream

T = TypeVar("T")
_GLANCE = 0.1
"""Seconds before it is worth while to look whether the client still waits."""
_GONE = 499
"""Nobody reads this status; it tells the metrics that the client left."""
Handler = Callable[[Request], Awaitable[Response]]


class RefusedError(Exception):
    """An answer other than 200, with its reason."""

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers


def guarded(handler: Handler) -> Handler:
    """Turn refusals into JSON answers."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except RefusedError as refused:
            return reply(ErrorBody(refused.text), refused.status, refused.headers)
        except HoldfastError as error:
            return reply(ErrorBody(str(error)), 400)
        except ClientDisconnect:
            return Response(status_code=_GONE)

    return answer


def reply(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response with the reply's fields."""
    return Response(encode(value), status, headers, media_type="application/json")


@guarded
async def score(request: Request) -> Response:
    """POST /v1/rewards/{reward}/score"""
    _batcher(request)
    body = await _decoded(request, ScoreRequest)
    scores = await _judged(request, [body.sample.sample()], body.deadline_ms)
    return reply(ScoreBody.of(scores[0]))


@guarded
async def score_batch(request: Request) -> Response:
    """POST /v1/rewards/{reward}/score_batch"""
    _batcher(request)
    body = await _decoded(request, BatchRequest)
    scores = await _judged(request, [sample.sample() for sample in body.samples], body.deadline_ms)
    return reply(BatchAnswer([ScoreBody.of(score) for score in scores]))


@guarded
async def score_stream(request: Request) -> Response:
    """POST /v1/rewards/{reward}/score_stream: NDJSON of samples in, NDJSON of scores out, as they are judged.

    The body is read no faster than it is scored, so a stream of any length needs bounded memory.
    """
    settings: Settings = request.app.state.settings
    return ScoreStream(request, _batcher(request), settings.max_body, settings.body_timeout)


@guarded
async def openrlhf(request: Request) -> Response:
    """POST /openrlhf/{reward}: OpenRLHF's `--reward.remote_url`."""
    from holdfast.rewards.adapters import openrlhf as adapter

    _batcher(request)
    body = await _decoded(request, OpenRLHFRequest)
    queries, prompts = (_listed(value) for value in (body.query, body.prompts))
    labels = body.labels if isinstance(body.labels, list) else [body.labels] * len(queries)
    if not len(queries) == len(prompts) == len(labels):
        raise RefusedError(400, f"{len(queries)} queries, {len(prompts)} prompts and {len(labels)} labels")
    samples = adapter.samples_of(queries, prompts, labels)
    found = await _judged(request, [sample for sample in samples if sample is not None], None)
    return reply(adapter.http_answer(adapter.scores_of(samples, found)))


@guarded
async def nemo_gym_verify(request: Request) -> Response:
    """POST /nemo_gym/{reward}/verify: NeMo-Gym's resources server."""
    from holdfast.rewards.adapters.nemo_gym import answer_of, sample_of

    _batcher(request)
    body = await _decoded(request, dict[str, Any])
    scores = await _judged(request, [sample_of(body)], None)
    return reply(answer_of(body, scores[0]))


@guarded
async def nemo_gym_seed(request: Request) -> Response:
    """POST /nemo_gym/{reward}/seed_session: nothing to seed."""
    _batcher(request)
    await _decoded(request, dict[str, Any])
    return reply({})


@guarded
async def nemo_gym_aggregate(request: Request) -> Response:
    """POST /nemo_gym/{reward}/aggregate_metrics: the mean reward, and how many were judged."""
    _batcher(request)
    body = await _decoded(request, dict[str, Any])
    rows = body.get("verify_responses", [])
    if not isinstance(rows, list):
        raise RefusedError(400, f"verify_responses must be a list, not {type(rows).__name__}")
    answers = [row for row in rows if isinstance(row, dict)]
    found = [_number(row.get("reward")) for row in answers if row.get("judged", True)]
    rewards = [reward for reward in found if reward is not None]
    mean = sum(rewards) / len(rewards) if rewards else None
    return reply({"metrics": {"mean_reward": mean, "judged": len(rewards), "rows": len(answers)}})


async def _judged(request: Request, samples: list[Sample], deadline_ms: int | None) -> list[Score]:
    """The scores within the deadline. Raises RefusedError (413, 429, 504), and ClientDisconnect."""
    settings: Settings = request.app.state.settings
    limit = settings.deadline if deadline_ms is None else min(settings.deadline, max(0, deadline_ms) / 1000)
    batcher = _batcher(request)
    try:
        answer = batcher.submit(samples)
    except FullError as full:
        if len(samples) > batcher.max_queue:
            text = f"{len(samples)} samples are more than the queue's {batcher.max_queue}; use score_stream"
            raise RefusedError(413, text) from full
        raise RefusedError(429, str(full), {"Retry-After": str(full.retry_after)}) from full
    try:
        await asyncio.wait({answer}, timeout=min(limit, _GLANCE))
        if not answer.done() and limit > _GLANCE:
            await _while_asked(request, answer, limit - _GLANCE)
        if not answer.done():
            raise RefusedError(504, f"no verdict within {limit:g} s")
        return answer.result()
    finally:
        answer.cancel()


async def _while_asked(request: Request, answer: "asyncio.Future[list[Score]]", limit: float) -> None:
    """Wait for the answer, to its deadline. Raises ClientDisconnect when the client leaves first."""
    leaving: asyncio.Future[Any] = asyncio.create_task(_left(request))
    try:
        waited: set[asyncio.Future[Any]] = {answer, leaving}
        await asyncio.wait(waited, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        if leaving.done() and not answer.done():
            raise ClientDisconnect
    finally:
        leaving.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _batcher(request: Request) -> Batcher:
    """The batcher of the path's reward. Raises RefusedError 404 naming the nearest one served."""
    batchers: dict[str, Batcher] = request.app.state.batchers
    name = request.path_params["reward"]
    if name not in batchers:
        raise RefusedError(404, f"no reward {name!r} is served here{suggestion(name, batchers)}")
    return batchers[name]


async def _decoded(request: Request, kind: type[T]) -> T:
    """The body as `kind`. Raises RefusedError (400, 408, 413)."""
    raw = await _body(request)
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise RefusedError(400, f"the body is not a {kind.__name__}: {error}") from error


async def _body(request: Request) -> bytes:
    settings: Settings = request.app.state.settings
    pieces: list[bytes] = []
    size = 0
    stream = request.stream().__aiter__()
    while True:
        try:
            piece = await asyncio.wait_for(anext(stream, b""), settings.body_timeout)
        except TimeoutError:
            raise RefusedError(408, f"no more of the body came within {settings.body_timeout:g} s") from None
        if not piece:
            return b"".join(pieces)
        size += len(piece)
        if size > settings.max_body:
            raise RefusedError(413, f"the body is larger than {settings.max_body} bytes")
        pieces.append(piece)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _number(value: Any) -> float | None:
    """A JSON number; None for anything else, and for one of more digits than a float takes."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
