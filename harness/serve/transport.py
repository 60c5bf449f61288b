"""How the client asks: retries, hedging, a deadline; a verdict from a whole and sound answer only.

All requests of a process run on one event loop in a thread of its own, so that callers from any thread or loop share
its connections, and a request that is no longer needed is really cancelled: its connection closes and the server drops
the work.
"""

import asyncio
import json
import os
import random
import threading
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

from holdfast.errors import HoldfastError
from holdfast.retry import retry_after
from holdfast.sample import Outcome, Sample, Score

T = TypeVar("T")
_AGAIN = frozenset({0, 408, 429, 500, 502, 503, 504})
_CONNECTIONS = 64


class ServerError(HoldfastError):
    """The server gave no verdict."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom to ask, and how long. Times in seconds."""

    urls: Sequence[str]
    reward: str
    token: str | None
    timeout: float
    deadline: float
    retries: int
    hedge: float | None

    def url(self, number: int) -> str:
        """The server of the `number`-th request."""
        return self.urls[number % len(self.urls)].rstrip("/")

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return headers | {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `value` is None when it was none. Status 0: nothing came, or nothing sound."""

    status: int
    trouble: str = ""
    value: Any = None
    retry_after: float = 0.0


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run on the process's loop, from a thread that waits for it."""
    future = asyncio.run_coroutine_threadsafe(work, _home().loop)
    try:
        return future.result()
    finally:
        future.cancel()


async def arun(work: Coroutine[Any, Any, T]) -> T:
    """Run on the process's loop, from another event loop."""
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, _home().loop))


async def scored(policy: Policy, samples: Sequence[Sample]) -> list[Score]:
    """The scores of one request's samples. Raises ServerError."""
    body = {"samples": [_sent(sample) for sample in samples]}
    path = f"/v1/rewards/{policy.reward}/score_batch"

    def read(answer: Any) -> list[Score]:
        scores = [_received(score) for score in answer["scores"]]
        if len(scores) != len(samples):
            raise ValueError(f"{len(scores)} scores for {len(samples)} samples")
        return scores

    found: list[Score] = await _request(policy, "POST", path, body, read)
    return found


async def served(policy: Policy) -> dict[str, Any]:
    """What the server tells of the reward. Raises ServerError."""
    rewards: dict[str, Any] = await _request(policy, "GET", "/v1/rewards", None, lambda answer: answer["rewards"])
    if policy.reward not in rewards:
        raise ServerError(f"reward server {policy.url(0)} serves {sorted(rewards)}, not {policy.reward!r}")
    return dict(rewards[policy.reward])


async def _request(policy: Policy, method: str, path: str, body: Any, read: Any) -> Any:
    clock = asyncio.get_running_loop().time
    ends = clock() + policy.deadline
    first = random.randrange(len(policy.urls))
    trouble = "no time to ask"
    for number in range(policy.retries + 1):
        request = _Request(policy, method, path, body, read, first + number, min(policy.timeout, ends - clock()))
        answer = await _hedged(request)
        if answer.value is not None:
            return answer.value
        trouble = answer.trouble
        pause = _pause(number, answer.retry_after)
        if answer.status not in _AGAIN or number == policy.retries or clock() + pause >= ends:
            break
        await asyncio.sleep(pause)
    raise ServerError(f"reward server {policy.url(first)} gave no verdict: {trouble}")


@dataclass(frozen=True, slots=True)
class _Request:
    policy: Policy
    method: str
    path: str
    body: Any
    read: Any
    number: int
    limit: float

    async def ask(self, shift: int) -> Answer:
        """Ask one server once."""
        try:
            return await asyncio.wait_for(self._ask(shift), max(self.limit, 0))
        except TimeoutError:
            return Answer(0, f"no answer within {self.limit:.3g} s")

    async def _ask(self, shift: int) -> Answer:
        import httpx

        content = None
        if self.body is not None:
            content = json.dumps(self.body | {"deadline_ms": int(1000 * self.limit)}).encode()
        url = self.policy.url(self.number + shift) + self.path
        home = _home()
        try:
            async with home.gate if shift == 0 else nullcontext():
                response = await home.client.request(self.method, url, content=content, headers=self.policy.headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Answer(0, f"{type(error).__name__}: {error}")
        if response.status_code != 200:
            text = f"HTTP {response.status_code}: {response.text[:200]}"
            return Answer(response.status_code, text, None, retry_after(response.headers) or 0.0)
        try:
            return Answer(200, "", self.read(response.json()))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return Answer(0, f"an unsound answer: {error}")


async def _hedged(request: _Request) -> Answer:
    """The first good answer of one request, or of two when the first takes longer than `hedge`."""
    waiting = {asyncio.create_task(request.ask(0))}
    started = set(waiting)
    answers: list[Answer] = []
    limit = request.policy.hedge
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                limit = None
                waiting = {*waiting, asyncio.create_task(request.ask(1))}
                started |= waiting
            answers += [task.result() for task in done]
            if any(answer.value is not None for answer in answers):
                break
    finally:
        for task in started:
            task.cancel()
    return next((answer for answer in answers if answer.value is not None), answers[-1])


class _Home:
    """The loop of this process's requests, and their connections."""

    def __init__(self) -> None:
        import httpx

        self.loop = asyncio.new_event_loop()
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=_CONNECTIONS, keepalive_expiry=10)
        self.gate = asyncio.Semaphore(
            _CONNECTIONS
        )  # httpx's own queue takes time quadratic in its length; a hedge does not wait here
        self.client = httpx.AsyncClient(timeout=None, limits=limits)
        threading.Thread(target=self.loop.run_forever, name="holdfast-client", daemon=True).start()


_homes: dict[int, _Home] = {}
_making = threading.Lock()


def _home() -> _Home:
    """One per process: a forked one must not share its parent's sockets."""
    with _making:
        if os.getpid() not in _homes:
            _homes.clear()
            _homes[os.getpid()] = _Home()
        return _homes[os.getpid()]


def _unlock() -> None:
    global _making
    _making = threading.Lock()


os.register_at_fork(after_in_child=_unlock)


def _pause(number: int, retry_after: float) -> float:
    """At least what the server asked for, at least doubling; with jitter, or all would come back at once."""
    return float(max(retry_after, min(0.1 * 2**number, 10.0)) * random.uniform(1.0, 1.25))


def _sent(sample: Sample) -> dict[str, Any]:
    """The sample as JSON has it; columns of other types stay here. Raises HoldfastError for a reference of one."""
    info = {str(key): value for key, value in sample.info.items() if _is_plain(value)}
    return {
        "completion": _json(sample.completion),
        "reference": _json(sample.reference),
        "prompt": _json(sample.prompt),
        "info": _json(info),
    }


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | list | tuple | Mapping) or hasattr(value, "tolist")


def _json(value: Any) -> Any:
    """Plain JSON: numpy's and torch's values as Python's; what JSON over HTTP cannot carry as null (NaN, infinities)
    or question marks (lone surrogates)."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {str(key): _json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_json(inner) for inner in value]
    if hasattr(value, "tolist"):
        return _json(value.tolist())
    raise HoldfastError(f"a {type(value).__name__} cannot be sent to a reward server: {value!r:.80}")


def _received(body: Mapping[str, Any]) -> Score:
    value = body["value"]
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise TypeError(f"a value of {value!r:.80}")
    return Score(value, Outcome(body["outcome"]), body["reason"], body.get("extracted"), dict(body.get("parts") or {}))
