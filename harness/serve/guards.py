"""What every request passes: the token, the count and clock, and one line of log. Plain ASGI, to cost little."""

import hmac
import json
import logging
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
        self.expected = None if token is None else f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.expected is not None and scope["path"] not in _OPEN and not self._knows(scope):
            await _unauthorized(send)
            REQUESTS.labels("unauthorized", "401").inc()
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
            if access.isEnabledFor(logging.INFO):
                access.info(json.dumps({"route": route, "status": status, "ms": round(1000 * seconds, 2)}))

    def _knows(self, scope: Scope) -> bool:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        return hmac.compare_digest(given, self.expected or b"")


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


async def _unauthorized(send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"www-authenticate", b"Bearer")]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"error":"a bearer token is needed"}'})
