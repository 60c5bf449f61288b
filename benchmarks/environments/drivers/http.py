"""JSON over HTTP from an environment's server: one connection pool a server, errors as EpisodeError."""

import json
import os
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from holdfast.environment import EpisodeError
from holdfast.errors import UsageError

_REQUIRED = object()
_IDLE = 2.0
"""Seconds that a connection is kept unused: less than servers do (uvicorn 5), or a request meets one that is closed."""


def server_url(scheme: str, address: str) -> str:
    """The http(s) URL of `scheme:ADDRESS`. Raises UsageError for what is no server's address, or holds a secret."""
    whole = address if "://" in address else f"http://{address}"
    try:
        url = urlsplit(whole)
        known = url.scheme in ("http", "https", "ws", "wss") and bool(url.hostname) and (url.port or 1) > 0
    except ValueError:
        known = False
    if not known:
        raise UsageError(f"{scheme}: takes the address of a server ({scheme}:http://localhost:8000), not {address!r}")
    if "@" in url.netloc or url.query:
        raise UsageError(f"{scheme}: an address holds no password and no key; token_env=VARIABLE names the token")
    return f"{url.scheme.replace('ws', 'http')}://{url.netloc}{url.path.rstrip('/')}"


def get_json(url: str, timeout: float, missing: Any = _REQUIRED, headers: Mapping[str, str] | None = None) -> Any:
    """The JSON at a URL; `missing` where the server says that it has no such thing (404, 501). Raises EpisodeError."""
    return _json("GET", url, timeout, missing, None, headers)


def post_json(url: str, body: Any, timeout: float, headers: Mapping[str, str] | None = None) -> Any:
    """The JSON that a server answers to a body. Raises EpisodeError."""
    return _json("POST", url, timeout, _REQUIRED, body, headers)


def post_events(url: str, body: Any, timeout: float, headers: Mapping[str, str]) -> Any:
    """The JSON that a server streams as events `chunk` … `end`. Raises EpisodeError, also for an event `error`."""
    import httpx

    text, event = "", ""
    try:
        with _client().stream("POST", url, json=body, timeout=timeout, headers=dict(headers)) as answer:
            if answer.is_error:
                answer.read()
                raise EpisodeError(f"POST {url}: {answer.status_code} {answer.text[:300]}")
            for line in answer.iter_lines():
                key, _, value = line.partition(": ")
                event = value if key == "event" else event
                if key == "data" and event == "error":
                    raise EpisodeError(f"the environment failed: {value[:500]}")
                if key == "data" and event in ("chunk", "end"):
                    text += value
        return json.loads(text)
    except (httpx.HTTPError, ValueError) as error:
        raise EpisodeError(f"POST {url}: {type(error).__name__} {error}") from error


def _json(method: str, url: str, timeout: float, missing: Any, body: Any, headers: Mapping[str, str] | None) -> Any:
    import httpx

    try:
        answer = _client().request(method, url, json=body, timeout=timeout, headers=dict(headers or {}))
        if answer.status_code in (404, 501) and missing is not _REQUIRED:
            return missing
        if answer.is_error:
            raise EpisodeError(f"{method} {url}: {answer.status_code} {answer.text[:300]}")
        return answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise EpisodeError(f"{method} {url}: {type(error).__name__} {error}") from error


@cache
def tls_context() -> ssl.SSLContext:
    """The certificates of this machine, read once: a client of its own would read them for every episode."""
    return ssl.create_default_context()


@cache
def _client() -> Any:
    """One pool for all threads; cookies are each episode's own, so none are kept."""
    import logging

    import httpx

    logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of every request
    return httpx.Client(
        verify=tls_context(),
        limits=httpx.Limits(max_connections=256, max_keepalive_connections=64, keepalive_expiry=_IDLE),
    )


def bearer(variable: str | None) -> dict[str, str]:
    """The header of a token that an environment variable holds: named in settings, never written anywhere.

    Raises UsageError where the variable is not set.
    """
    if variable is None:
        return {}
    if not os.environ.get(variable):
        raise UsageError(f"token_env={variable}: no such environment variable is set")
    return {"Authorization": f"Bearer {os.environ[variable]}"}
