"""The ASGI application: batchers made at start, drained at the end."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from holdfast.serve import metrics, routes
from holdfast.serve.batcher import Batcher, independent
from holdfast.serve.documentation.docs_page import docs_page
from holdfast.serve.documentation.openapi import document
from holdfast.serve.middleware import Bounded, Guard, log_requests
from holdfast.serve.schemas import ErrorBody
from holdfast.serve.settings import Settings
from holdfast.serve.workers import follow_parent


def make_app(settings: Settings | None = None) -> Starlette:
    """The application of the settings (those of the environment, in a worker process)."""
    chosen = settings or Settings.from_environment()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    if chosen.log:
        log_requests()
    rewards = chosen.build()
    openapi_document = document(rewards, chosen.token is not None)
    ors = _ors_app(chosen)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.settings = chosen
        app.state.batchers = {}
        async with AsyncExitStack() as stack:
            for name, reward in rewards.items():
                app.state.batchers[name] = Batcher(name, reward, chosen.max_queue)
                stack.callback(app.state.batchers[name].close)
            for watching in (metrics.watch(app.state.batchers), follow_parent()):
                stack.callback(asyncio.create_task(watching).cancel)
            if ors is not None:
                await stack.enter_async_context(ors.router.lifespan_context(ors))
            yield

    async def openapi(_request: Request) -> Response:
        return routes.reply(openapi_document)

    listed = {
        name: {
            **reward.describe(),
            "needs_reference": reward.needs_reference,
            "independent": independent(reward),
        }
        for name, reward in rewards.items()
    }

    async def served(_request: Request) -> Response:
        return routes.reply({"rewards": listed})

    page = docs_page(openapi_document, listed)

    async def docs(_request: Request) -> Response:
        return Response(page, media_type="text/html")

    mounted = (
        [Mount("/", app=Bounded(ors, chosen.max_body))] if ors is not None else []
    )  # its clients know no path before their own
    return Starlette(
        routes=[
            *_routes(),
            Route("/openapi.json", openapi),
            Route("/docs", docs),
            Route("/v1/rewards", served),
            *mounted,
        ],
        middleware=[Middleware(Guard, token=chosen.token)],
        exception_handlers={HTTPException: _refused},
        lifespan=lifespan,
    )


def _routes() -> list[Route]:
    post = ["POST"]
    return [
        Route("/v1/rewards/{reward}/score", routes.score, methods=post),
        Route("/v1/rewards/{reward}/score_batch", routes.score_batch, methods=post),
        Route("/v1/rewards/{reward}/score_stream", routes.score_stream, methods=post),
        Route("/openrlhf/{reward}", routes.openrlhf, methods=post),
        Route("/nemo_gym/{reward}/verify", routes.nemo_gym_verify, methods=post),
        Route("/nemo_gym/{reward}/seed_session", routes.nemo_gym_seed, methods=post),
        Route("/nemo_gym/{reward}/aggregate_metrics", routes.nemo_gym_aggregate, methods=post),
        Route("/healthz", _health),
        Route("/readyz", _ready),
        Route("/metrics", _metrics),
    ]


async def _health(request: Request) -> Response:
    """503 when a reward's scorer has died: this process cannot judge any more and is to be restarted."""
    dead = sorted(name for name, batcher in request.app.state.batchers.items() if not batcher.alive)
    return routes.reply({"status": "alive"}) if not dead else routes.reply(ErrorBody(f"dead: {', '.join(dead)}"), 503)


async def _ready(request: Request) -> Response:
    """503 while any queue is full or its scorer has died: a balancer then sends elsewhere."""
    batchers = request.app.state.batchers.items()
    full = sorted(name for name, batcher in batchers if batcher.room <= 0 or not batcher.alive)
    return routes.reply({"status": "ready"}) if not full else routes.reply(ErrorBody(f"full: {', '.join(full)}"), 503)


async def _metrics(request: Request) -> Response:
    """Prometheus metrics of every worker of this server."""
    metrics.note(request.app.state.batchers)
    return Response(metrics.page(), media_type=CONTENT_TYPE_LATEST)


async def _refused(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else "internal error"
    return routes.reply(ErrorBody(str(detail)), status, dict(getattr(error, "headers", None) or {}))


def _ors_app(settings: Settings) -> Any:
    """The Open Reward Standard's own server over the tasks of a file, judged by the first reward."""
    if settings.ors is None:
        return None
    from pathlib import Path

    from ors.server import Server

    from holdfast.records import read_records
    from holdfast.rewards.adapters.ors import make_environment

    rows = [record for _, record in read_records(Path(settings.ors))]
    config = next(iter(settings.rewards.values()))
    return Server([make_environment(config, {"test": rows})], return_errors="none").app
