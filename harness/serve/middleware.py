"""What every request passes: the token, the count and clock, and one line of log. Plain ASGI, to cost little."""

import base64
import hmac
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from prometheus_client import Counter, Histogram

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Any, Send], Awaitable[None]]

access = logging.getLogger("holdfast.serve.access")
REQUESTS = Counter("holdfast_requests", "Requests answered", ("route", "status"))
SECONDS = Histogram("holdfast_request_seconds", "Time to answer", ("route",))
_OPEN = frozenset({"/healthz", "/readyz"})


class Guard:
    """Refuses requests without the token before anything reads them, counts and logs the rest."""

    def __init__(self, app: App, token: str | None) -> None:
        self.app = app
        self.token = None if token is None else token.encode()

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] == "websocket":
            # nothing here speaks it, and a mounted application is not asked without a token
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.token is not None and scope["path"] not in _OPEN and not self._knows(scope, self.token):
            REQUESTS.labels("unauthorized", "401").inc()
            _log(scope, "unauthorized", 401, 0.0)
            await _refuse(send, 401, "a bearer token is needed")
            return
        await self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Any, send: Send) -> None:
        started = time.perf_counter()
        status = 500

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            seconds = time.perf_counter() - started
            route = _route(scope)
            REQUESTS.labels(route, str(status)).inc()
            SECONDS.labels(route).observe(seconds)
            _log(scope, route, status, seconds)

    def _knows(self, scope: Scope, token: bytes) -> bool:
        """A bearer token; or, for clients that cannot send one, the same as X-API-Key (Open Reward Standard) or as the
        password of http://user:token@host, where a browser or OpenRLHF have nothing but an address."""
        kind, _, given = _header(scope, b"authorization").partition(b" ")
        if kind.lower() == b"basic":
            given = _password(given)
        elif kind.lower() != b"bearer":
            given = _header(scope, b"x-api-key")
        return hmac.compare_digest(given.strip(), token)


class Bounded:
    """An application of others whose requests' bodies end at `max_body` bytes: what sends more is cut off."""

    def __init__(self, app: App, max_body: int) -> None:
        self.app = app
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        """Handle one ASGI connection."""
        size = 0

        async def counted() -> MutableMapping[str, Any]:
            nonlocal size
            message: MutableMapping[str, Any] = await receive()
            size += len(message.get("body", b""))
            return message if size <= self.max_body else {"type": "http.disconnect"}

        length = _header(scope, b"content-length") if scope["type"] == "http" else b""
        if length.isdigit() and int(length) > self.max_body:
            await _refuse(send, 413, f"the body is larger than {self.max_body} bytes")
        else:
            await self.app(scope, counted, send)


def _log(scope: Scope, route: str, status: int, seconds: float) -> None:
    if not access.isEnabledFor(logging.INFO):
        return
    entry = {"time": round(time.time(), 3), "route": route, "status": status, "ms": round(1000 * seconds, 2)}
    name = _header(scope, b"x-request-id")[:128].decode("latin-1")
    access.info(json.dumps({**entry, "pid": os.getpid(), **({"id": name} if name else {})}))


def _header(scope: Scope, key: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == key), b"")


def _password(encoded: bytes) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True).partition(b":")[2]
    except ValueError:
        return b""


def log_requests() -> None:
    """Write the access log, bare JSON lines, to stderr."""
    if not access.handlers:
        access.addHandler(logging.StreamHandler())
    access.setLevel(logging.INFO)
    access.propagate = False


def _route(scope: Scope) -> str:
    """The route's template, so that a metric has as many labels as there are routes; unknown paths share one."""
    route = scope.get("route")
    return str(getattr(route, "path", "unknown"))


async def _refuse(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"application/json")]
    if status == 401:
        headers += [(b"www-authenticate", b"Bearer"), (b"www-authenticate", b'Basic realm="holdfast"')]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"error": text}).encode()})
