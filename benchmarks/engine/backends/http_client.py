"""Requests to a server that may be slow, busy or gone: tried again, waited for, refused in one line without secrets."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from holdfast.benchmarks.engine.backends.openai_wire import reason_of, streamed
from holdfast.errors import HoldfastError
from holdfast.retry import retry_after

_REFUSED = frozenset({400, 413, 422})
"""The request itself is refused: its length, its content, an argument."""
_MISCONFIGURED = {
    401: "it wants another API key",
    403: "this API key may not use the model",
    404: "there is no such address or model",
    405: "there is no such address",
}
_LONGEST_WAIT = 120.0
"""Seconds that one `Retry-After` is waited for at most."""
_WAITS = 30
"""How often a server may say `Retry-After` to one request; these do not count as tries."""


class RequestRefusedError(Exception):
    """The server refuses this request, with its reason; others may be answered."""


@dataclass
class Client:
    """One server. `headers` hold the key, which never leaves this object: it is masked in every text."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    timeout: float = 300.0
    """Seconds for one answer."""
    retries: int = 3
    verify: "bool | str" = True
    """Whether certificates are checked, or the path of a CA bundle."""
    connections: int = 8

    def __post_init__(self) -> None:
        self._client: Any = None
        self._lock = Lock()

    def post(self, body: Mapping[str, Any], read: Any) -> Any:
        """`read(reply)` of the answer. A reply that `read` refuses (ValueError) is asked for again.

        Raises RequestRefusedError for what the server refuses to answer or answers unreadably whenever it is asked,
        HoldfastError when it fails.
        """
        import httpx

        trouble, tries, waits, unreadable = "", 0, 0, False
        while tries <= self.retries:
            if trouble:
                time.sleep(min(0.5 * 2**tries, 10.0) * random.uniform(0.75, 1.25))
            try:
                response = self._http().post(self.url, json=dict(body))
            except httpx.HTTPError as error:
                trouble, tries, unreadable = f"{type(error).__name__}: {error}", tries + 1, False
                continue
            wait = _wait(response, waits)
            if wait and waits < _WAITS:
                time.sleep(wait)
                trouble, waits = "", waits + 1
                continue
            self._check(response)
            unreadable = response.status_code == 200
            if unreadable:
                try:
                    return read(_json(response))
                except ValueError as error:
                    trouble = str(error)
            else:
                trouble = reason_of(response.status_code, response.text or response.headers.get("location", ""))
            tries += 1
        if unreadable:
            raise RequestRefusedError(self.masked(trouble))
        raise HoldfastError(self.masked(trouble))

    def get(self, url: str) -> Any:
        """What a GET of another address of the same server answers as JSON; None where it does not."""
        import httpx

        try:
            response = self._http().get(url, timeout=min(self.timeout, 10.0))
            return response.json() if response.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            return None

    def _check(self, response: Any) -> None:
        status = response.status_code
        if status in _REFUSED:
            raise RequestRefusedError(self.masked(reason_of(status, response.text)))
        if status in _MISCONFIGURED:
            reason = self.masked(reason_of(status, response.text))
            raise HoldfastError(self.masked(f"{_MISCONFIGURED[status]} ({reason}); address {self.url}"))

    def masked(self, text: str) -> str:
        """The text without any secret, in one line."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return " ".join(text.split())[:400]

    def _http(self) -> Any:
        import httpx

        with self._lock:
            if self._client is None:
                limits = httpx.Limits(max_connections=self.connections, max_keepalive_connections=self.connections)
                self._client = httpx.Client(
                    headers=dict(self.headers), timeout=self.timeout, verify=self.verify, limits=limits
                )
            return self._client


def _wait(response: Any, waits: int) -> float | None:
    """Seconds that a busy server is left alone: what it says, else ever longer after a 429."""
    if response.status_code not in (429, 503):
        return None
    seconds = retry_after(response.headers)
    if seconds is None and response.status_code == 429:
        return min(2.0 ** min(waits, 5), 30.0) * random.uniform(0.75, 1.25)
    return min(seconds, _LONGEST_WAIT) if seconds else None


def _json(response: Any) -> Any:
    """The reply's JSON, that of a stream of events too. Raises ValueError naming what came instead."""
    kind = str(response.headers.get("content-type", ""))
    try:
        return streamed(response.text) if "event-stream" in kind else response.json()
    except ValueError as error:
        raise ValueError(f"the server's reply is no JSON ({kind or 'no type'}): {response.text[:120]}") from error
