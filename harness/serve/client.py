"""The client of a reward server: retries, hedging, and never a 0 for a server that failed.

    client = Client("http://rewards:8000", reward="math", token=os.environ["TOKEN"])
    client.score(Sample(completion, reference))

A Client is also a TRL reward function. When the server cannot be had, `on_failure="raise"` raises ServerError and
`on_failure="none"` gives scores without a value.
"""

import asyncio
import os
import random
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Literal

from holdfast.errors import HoldfastError
from holdfast.sample import Outcome, Sample, Score, Text

_RETRIED = frozenset({408, 429, 500, 502, 503, 504})


class ServerError(HoldfastError):
    """The server gave no verdict."""


@dataclass(frozen=True, slots=True)
class Client:
    """One reward of one server. Times in seconds; picklable."""

    url: str
    reward: str
    token: str | None = None
    timeout: float = 60.0
    retries: int = 5
    hedge: float | None = None
    """Ask a second time when there is no answer after so long, and take the first to come."""
    batch: int = 256
    reference: str = "reference"
    """The data-set column with the ground truth, when TRL calls."""
    on_failure: Literal["raise", "none"] = "raise"

    @property
    def __name__(self) -> str:
        return self.reward

    def score(self, sample: Sample) -> Score:
        """The score of one sample."""
        return self.score_batch([sample])[0]

    def score_batch(self, samples: Sequence[Sample]) -> list[Score]:
        """The scores, in order, always complete. Raises ServerError unless `on_failure="none"`."""
        chunks = [samples[start : start + self.batch] for start in range(0, len(samples), self.batch)]
        return [score for chunk in chunks for score in self._chunk(chunk)]

    async def ascore_batch(self, samples: Sequence[Sample]) -> list[Score]:
        """The same from an event loop."""
        return await asyncio.to_thread(self.score_batch, samples)

    async def ascore(self, sample: Sample) -> Score:
        """The score of one sample, from an event loop."""
        return (await self.ascore_batch([sample]))[0]

    def __call__(
        self, prompts: Sequence[Text] | None = None, completions: Sequence[Text] = (), **columns: Any
    ) -> list[float | None]:
        """TRL's reward call."""
        from holdfast.reward import Reward

        samples = Reward("exact_match", reference=self.reference).samples_of(prompts, completions, columns)
        return [score.value for score in self.score_batch(samples)]

    def _chunk(self, samples: Sequence[Sample]) -> list[Score]:
        try:
            return self._retried(samples)
        except ServerError as error:
            if self.on_failure == "raise":
                raise
            return [Score.error(str(error)) for _ in samples]

    def _retried(self, samples: Sequence[Sample]) -> list[Score]:
        trouble = "not asked"
        for number in range(self.retries + 1):
            status, trouble, scores = self._hedged(samples)
            if scores is not None:
                return scores
            if status not in _RETRIED and status != 0:
                break
            if number < self.retries:
                time.sleep(_pause(number, trouble))
        raise ServerError(f"reward server {self.url} gave no verdict: {trouble}")

    def _hedged(self, samples: Sequence[Sample]) -> "Answer":
        if self.hedge is None:
            return self._ask(samples)
        pool = ThreadPoolExecutor(2)
        try:
            return self._first_good(pool, samples)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _first_good(self, pool: ThreadPoolExecutor, samples: Sequence[Sample]) -> "Answer":
        asked: set[Future[Answer]] = {pool.submit(self._ask, samples)}
        done, waiting = wait(asked, timeout=self.hedge)
        if not done:
            waiting = waiting | {pool.submit(self._ask, samples)}
        answers = [future.result() for future in done]
        while not any(answer[2] is not None for answer in answers) and waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            answers += [future.result() for future in done]
        return next((answer for answer in answers if answer[2] is not None), answers[-1])

    def _ask(self, samples: Sequence[Sample]) -> "Answer":
        """(status, trouble, scores): scores only from a whole and sound answer; status 0 when there was none."""
        import httpx

        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url = f"{self.url.rstrip('/')}/v1/rewards/{self.reward}/score_batch"
        body = {"samples": [_sent(sample) for sample in samples]}
        try:
            response = _session(os.getpid()).post(url, json=body, headers=headers, timeout=self.timeout)
        except httpx.HTTPError as error:
            return 0, f"{type(error).__name__}: {error}", None
        if response.status_code != 200:
            after = response.headers.get("retry-after")
            asked = f", retry after {after}" if after else ""
            return response.status_code, f"HTTP {response.status_code}: {response.text[:200]}{asked}", None
        try:
            scores = [_received(score) for score in response.json()["scores"]]
        except (ValueError, KeyError, TypeError) as error:
            return 0, f"an unsound answer: {error}", None
        if len(scores) != len(samples):
            return 0, f"{len(scores)} scores for {len(samples)} samples", None
        return 200, "", scores


Answer = tuple[int, str, list[Score] | None]
_sessions: dict[int, Any] = {}


def _session(process: int) -> Any:
    """One connection pool per process: a forked one must not share its parent's sockets."""
    if process not in _sessions:
        import httpx

        _sessions[process] = httpx.Client()
    return _sessions[process]


def _pause(number: int, trouble: str) -> float:
    """What the server asked for, else doubling with jitter."""
    asked = trouble.rpartition("retry after ")[2]
    if asked != trouble and asked.isdigit():
        return min(float(asked), 30.0)
    return float(min(0.1 * 2**number, 10.0) * random.uniform(0.75, 1.25))


def _sent(sample: Sample) -> dict[str, Any]:
    info = {key: value for key, value in sample.info.items() if _is_plain(value)}
    body = {"completion": sample.completion, "reference": sample.reference, "prompt": sample.prompt, "info": info}
    return {key: _utf8(value) for key, value in body.items()}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool | list | Mapping)


def _utf8(value: Any) -> Any:
    """Lone surrogates, which JSON over HTTP cannot carry, become question marks."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {str(key): _utf8(inner) for key, inner in value.items()}
    return [_utf8(inner) for inner in value] if isinstance(value, list | tuple) else value


def _received(body: Mapping[str, Any]) -> Score:
    return Score(
        body["value"], Outcome(body["outcome"]), body["reason"], body.get("extracted"), dict(body.get("parts") or {})
    )
