"""Asking an OpenAI-compatible endpoint: retries with backoff, a concurrency limit, and answers kept on disk.

Everything that goes wrong is an EndpointError, which a reward turns into `error` without a value: a judge that does
not answer has not judged.
"""

import hashlib
import json
import os
import random
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from holdfast.retry import retry_after

T = TypeVar("T")
Messages = Sequence[Mapping[str, str]]

_RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_LONGEST_WAIT = 30.0


class EndpointError(RuntimeError):
    """The endpoint gave no usable answer."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask and how. Times in seconds."""

    base_url: str
    """Up to and including `/v1`."""
    model: str
    api_key_env: str = "OPENAI_API_KEY"
    timeout: float = 60.0
    retries: int = 4
    concurrency: int = 8
    max_tokens: int = 1024
    temperature: float = 0.0
    cache: str | None = None
    """Path of an SQLite file that keeps answers; None keeps none."""

    def ask(self, messages: Messages, read: Callable[[str], T], attempt: int = 0) -> T:
        """`read` of the answer's text. An answer that `read` refuses (ValueError) is asked for again.

        `attempt` numbers repeated questions, so that votes are kept apart in the cache. Raises EndpointError.
        """
        body = self._body(messages)
        key = hashlib.sha256(json.dumps([self.base_url, body, attempt], sort_keys=True).encode()).hexdigest()
        kept = self._cached(key)
        if kept is not None:
            return read(kept)
        return self._request(body, key, read)

    def map(self, question: Callable[[T], Any], items: Sequence[T]) -> list[Any]:
        """`question` of every item, at most `concurrency` at once, in order."""
        if len(items) <= 1:
            return [question(item) for item in items]
        with ThreadPoolExecutor(min(self.concurrency, len(items))) as pool:
            return list(pool.map(question, items))

    def _request(self, body: Mapping[str, Any], key: str, read: Callable[[str], T]) -> T:
        trouble, after = "not asked", None
        for number in range(self.retries + 1):
            if number:
                time.sleep(_wait(number, after))
            try:
                text = self._answer(body)
                found = read(text)
            except _TransientError as error:
                trouble, after = str(error), error.retry_after
            except ValueError as error:
                trouble, after = f"unusable answer: {error}", None
            else:
                self._keep(key, text)
                return found
        raise EndpointError(f"{self.model} at {self.base_url} gave no verdict in {self.retries + 1} tries: {trouble}")

    def _answer(self, body: Mapping[str, Any]) -> str:
        import httpx

        key = os.environ.get(self.api_key_env, "")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        url = self.base_url.rstrip("/") + "/chat/completions"
        try:
            response = httpx.post(url, json=body, headers=headers, timeout=self.timeout)
        except httpx.HTTPError as error:
            raise _TransientError(f"{type(error).__name__}: {error}") from error
        if response.status_code in _RETRIED:
            raise _TransientError(f"HTTP {response.status_code}", retry_after(response.headers))
        if response.status_code != 200:
            raise EndpointError(f"HTTP {response.status_code} from {url}: {response.text[:200]}")
        return _content(response)

    def _body(self, messages: Messages) -> dict[str, Any]:
        return {
            "model": self.model,
            "messages": [dict(message) for message in messages],
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
        }

    def _cached(self, key: str) -> str | None:
        if self.cache is None:
            return None
        with closing(_open(self.cache)) as store:
            row = store.execute("SELECT text FROM answers WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def _keep(self, key: str, text: str) -> None:
        if self.cache is not None:
            with closing(_open(self.cache)) as store:
                store.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, text))


class _TransientError(Exception):
    """Worth another try; `retry_after` is how long the server asked to be left alone, in seconds."""

    def __init__(self, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


def _wait(number: int, after: float | None) -> float:
    """Seconds before try `number`: what the server asked for, else doubling, with jitter."""
    if after is not None:
        return min(after, _LONGEST_WAIT)
    return float(min(0.25 * 2 ** (number - 1), _LONGEST_WAIT) * random.uniform(0.75, 1.25))


def _content(response: Any) -> str:
    """The text of a chat completion. Truncated or foreign JSON is transient: servers recover."""
    try:
        message = response.json()["choices"][0]["message"]
        content = message["content"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise _TransientError(f"not a chat completion: {type(error).__name__}: {error}") from error
    if not isinstance(content, str) or not content:
        raise _TransientError("an empty answer")
    return content


def _open(path: str) -> sqlite3.Connection:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    store = sqlite3.connect(path, timeout=30, isolation_level=None)
    if not store.execute("SELECT 1 FROM sqlite_master WHERE name = 'answers'").fetchone():
        store.execute("BEGIN IMMEDIATE")  # waits for its turn; a read that turns into a write is refused at once
        store.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, text TEXT)")
        store.execute("COMMIT")
    return store
