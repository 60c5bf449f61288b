"""The client of a reward server: retries, hedging, and never a 0 for a server that failed.

    client = Client("http://rewards:8000", reward="math", token=os.environ["TOKEN"])
    client.score(Sample(completion, reference))
    await client.ascore_batch(samples)

A Client is also a TRL reward function. When the server cannot be had, `on_failure="raise"` raises ServerError and
`on_failure="none"` gives scores without a value.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from holdfast.reward import samples_from
from holdfast.sample import Sample, Score, Text
from holdfast.serve.transport import Policy, ServerError, arun, run, scored, served

__all__ = ["Client", "ServerError"]


@dataclass(frozen=True, slots=True)
class Client:
    """One reward of one server, or of several equal ones. Times in seconds; picklable; from any thread or loop."""

    url: str | Sequence[str]
    """The balancer's address, or several servers': each further try, and a hedge, goes to the next."""
    reward: str
    token: str | None = None
    timeout: float = 60.0
    """Longest wait for one answer."""
    deadline: float = 300.0
    """Longest wait for the verdicts of one request, with all its tries and pauses."""
    retries: int = 10
    hedge: float | None = None
    """Ask a second time when there is no answer after so long, take the first to come, and drop the other."""
    batch: int = 256
    """Samples of one request."""
    parallel: int = 4
    """Requests at a time, for more samples than a batch."""
    reference: str = "reference"
    """The data-set column with the ground truth, when TRL calls; not needed for a reward that needs none."""
    on_failure: Literal["raise", "none"] = "raise"

    @property
    def __name__(self) -> str:
        return self.reward

    def score(self, sample: Sample) -> Score:
        """The score of one sample."""
        return self.score_batch([sample])[0]

    def score_batch(self, samples: Sequence[Sample]) -> list[Score]:
        """The scores, in order, always complete. Raises ServerError unless `on_failure="none"`."""
        return run(self._all(samples)) if samples else []

    async def ascore(self, sample: Sample) -> Score:
        """The score of one sample, from an event loop."""
        return (await self.ascore_batch([sample]))[0]

    async def ascore_batch(self, samples: Sequence[Sample]) -> list[Score]:
        """The same from an event loop; a cancelled call is cancelled at the server."""
        return await arun(self._all(samples)) if samples else []

    def __call__(
        self, prompts: Sequence[Text] | None = None, completions: Sequence[Text] = (), **columns: Any
    ) -> list[float | None]:
        """TRL's reward call.

        Raises UsageError when the reference column is missing and the served reward needs one.
        """
        needed = self.reference in columns or self._needs_reference()
        samples = samples_from(prompts, completions, columns, self.reference, self.reward if needed else None)
        return [score.value for score in self.score_batch(samples)]

    def _needs_reference(self) -> bool:
        try:
            return bool(run(served(self._policy())).get("needs_reference", True))
        except ServerError:
            if self.on_failure == "raise":
                raise
            return False

    def _policy(self) -> Policy:
        urls = [self.url] if isinstance(self.url, str) else list(self.url)
        return Policy(urls, self.reward, self.token, self.timeout, self.deadline, self.retries, self.hedge)

    async def _all(self, samples: Sequence[Sample]) -> list[Score]:
        """Every chunk's scores; the first chunk that fails ends the others."""
        policy = self._policy()
        try:
            chunks = await self._chunks(policy, samples)
        except ServerError as error:
            return self._failed(samples, error)
        gate = asyncio.Semaphore(self.parallel)
        tasks = [asyncio.create_task(self._chunk(policy, chunk, gate)) for chunk in chunks]
        try:
            return [score for scores in await asyncio.gather(*tasks) for score in scores]
        finally:
            for task in tasks:
                task.cancel()

    async def _chunks(self, policy: Policy, samples: Sequence[Sample]) -> list[Sequence[Sample]]:
        """One request's samples each: all of them, for a reward that judges groups."""
        if len(samples) <= self.batch or not (await served(policy)).get("independent", True):
            return [samples]
        return [samples[start : start + self.batch] for start in range(0, len(samples), self.batch)]

    async def _chunk(self, policy: Policy, samples: Sequence[Sample], gate: asyncio.Semaphore) -> list[Score]:
        async with gate:
            try:
                return await scored(policy, samples)
            except ServerError as error:
                return self._failed(samples, error)

    def _failed(self, samples: Sequence[Sample], error: ServerError) -> list[Score]:
        if self.on_failure == "raise":
            raise error
        return [Score.error(str(error)) for _ in samples]
