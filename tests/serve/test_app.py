"""The application by itself: what its start leaves behind, what it says of a dead scorer, what it takes and refuses."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from holdfast.serve import app as serve_app
from holdfast.serve.app import make_app
from holdfast.serve.settings import Settings

NUMERIC = Settings(rewards={"numeric": "numeric"}, token="t")
BEARER = {"Authorization": "Bearer t"}


def scorers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("batcher-")]


def mounted(monkeypatch: pytest.MonkeyPatch, inner: Starlette) -> Starlette:
    """The application with another one at its root, where the Open Reward Standard's stands."""
    monkeypatch.setattr(serve_app, "_ors_app", lambda _settings: inner)
    return make_app(NUMERIC)


def test_a_start_that_fails_leaves_no_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def failing(_app: Any) -> AsyncIterator[None]:
        raise RuntimeError("no sessions today")
        yield

    app = mounted(monkeypatch, Starlette(lifespan=failing))
    with pytest.raises(RuntimeError, match="no sessions"), TestClient(app):
        pass
    assert scorers() == []


def test_the_end_closes_every_scorer() -> None:
    with TestClient(make_app(NUMERIC)):
        assert scorers() == ["batcher-numeric"]
    assert scorers() == []


def test_a_websocket_passes_no_token_and_reaches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[str] = []

    async def endpoint(socket: WebSocket) -> None:
        reached.append("there")
        await socket.accept()

    app = mounted(monkeypatch, Starlette(routes=[WebSocketRoute("/session", endpoint)]))
    with TestClient(app) as client:
        for headers in ({}, BEARER):
            with pytest.raises(WebSocketDisconnect), client.websocket_connect("/session", headers=headers):
                pass
    assert not reached


def test_a_dead_scorer_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app(NUMERIC)
    with TestClient(app) as client:
        assert client.get("/readyz").status_code == client.get("/healthz").status_code == 200
        app.state.batchers["numeric"].close()
        assert client.get("/readyz").status_code == client.get("/healthz").status_code == 503


@pytest.mark.parametrize("rows", ["null", "3", '"x"', "{}", "[1, null, {}]", '[{"reward": 1e308}, {"reward": true}]',
                                  '[{"reward": 1%s}]' % ("0" * 400)])  # fmt: skip
def test_an_odd_aggregate_gets_an_answer(rows: str) -> None:
    with TestClient(make_app(NUMERIC)) as client:
        body = f'{{"verify_responses": {rows}}}'
        answer = client.post("/nemo_gym/numeric/aggregate_metrics", content=body, headers=BEARER)
    assert answer.status_code == (200 if rows.startswith("[") else 400)
