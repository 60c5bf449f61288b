"""A session of an OpenEnv server: JSON messages over one WebSocket (openenv 0.10, core/env_server/types.py).

{"type": "reset", "data": {"seed": 3}}        →   {"type": "observation", "data": {"observation", "reward", "done"}}
{"type": "step", "data": {…action…}}          →   the same, or {"type": "error", "data": {"code", "message"}}
"""

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from holdfast.environment import BusyError, EpisodeError

_LONGEST = 64 * 2**20


class RefusedError(EpisodeError):
    """The server did not accept an action: its schema forbids it."""


class RaisedError(EpisodeError):
    """The environment raised while it took an action: EXECUTION_ERROR. The session goes on."""


class Session:
    """One episode's connection; the server holds one environment for it."""

    def __init__(self, url: str, timeout: float, headers: Mapping[str, str] | None = None) -> None:
        from websockets.exceptions import InvalidHandshake, InvalidURI
        from websockets.sync.client import connect

        self.timeout = timeout
        try:
            self._socket = connect(
                url,
                open_timeout=timeout,
                max_size=_LONGEST,
                compression=None,
                ping_interval=None,  # a busy server that answers no ping within 20 s is not dead: `timeout` says when
                additional_headers=dict(headers or {}),
            )
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
            raise EpisodeError(f"cannot reach the environment at {url}: {error}") from error

    def ask(self, kind: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The data of the answer. Raises Refused for an action that the schema forbids, EpisodeError for the rest."""
        from websockets.exceptions import ConnectionClosed, WebSocketException

        message = {"type": kind} if data is None else {"type": kind, "data": dict(data)}
        try:
            with contextlib.suppress(ConnectionClosed):  # a server that hung up has said why
                self._socket.send(json.dumps(message))
            answer = json.loads(self._socket.recv(timeout=self.timeout))
        except (OSError, TimeoutError, WebSocketException, ValueError) as error:
            raise EpisodeError(f"the environment does not answer: {type(error).__name__} {error}") from error
        found = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(found, dict):
            raise EpisodeError(f"the environment answered {str(answer)[:120]}")
        if answer.get("type") == "error":
            raise _error(found)
        return found

    def close(self) -> None:
        """Say goodbye and hang up."""
        from websockets.exceptions import WebSocketException

        with contextlib.suppress(OSError, WebSocketException):
            self._socket.send(json.dumps({"type": "close"}))
        self._socket.close()


def _error(found: Mapping[str, Any]) -> EpisodeError:
    text = str(found.get("message", ""))[:500]
    if found.get("code") == "VALIDATION_ERROR":
        return RefusedError(f"{text}: {json.dumps(found.get('errors', ''), default=str)[:500]}")
    kind = {"CAPACITY_REACHED": BusyError, "EXECUTION_ERROR": RaisedError}.get(str(found.get("code")), EpisodeError)
    return kind(f"the environment failed: {text} ({found.get('code')})")
