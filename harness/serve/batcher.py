"""Batcher: the bounded queue of one reward, and the thread that scores it in batches.

The event loop never scores: it hands samples over and awaits futures. What waits together is scored together, so a
burst of single requests costs as little as one batch.
"""

import asyncio
import collections
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.errors import HoldfastError
from holdfast.reward import Reward
from holdfast.sample import Sample, Score
from holdfast.serve.settings import with_parts

_BATCH = 256


class FullError(Exception):
    """The queue cannot take the samples now; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"busy: try again in {retry_after} s")
        self.retry_after = retry_after


@dataclass(slots=True)
class _Job:
    samples: Sequence[Sample]
    answer: "asyncio.Future[list[Score]]"
    loop: asyncio.AbstractEventLoop


class Batcher:
    """One reward's queue and scorer."""

    def __init__(self, name: str, reward: Reward, max_queue: int) -> None:
        self.name = name
        self.reward = reward
        self.max_queue = max_queue
        self._merges = independent(reward)
        self.waiting = 0
        """Samples accepted and not yet answered."""
        self._jobs: collections.deque[_Job] = collections.deque()
        self._wake = threading.Condition()
        self._rate = 1000.0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"batcher-{name}", daemon=True)
        self._thread.start()

    def submit(self, samples: Sequence[Sample]) -> "asyncio.Future[list[Score]]":
        """The scores to come; cancelled, those that still wait are not judged. Raises FullError: there is no room."""
        loop = asyncio.get_running_loop()
        job = _Job(samples, loop.create_future(), loop)
        if not samples:
            job.answer.set_result([])
            return job.answer
        with self._wake:
            if self.waiting + len(samples) > self.max_queue or self._closing:
                raise FullError(self._retry_after())
            self.waiting += len(samples)
            self._jobs.append(job)
            self._wake.notify()
        return job.answer

    async def score(self, samples: Sequence[Sample]) -> list[Score]:
        """The scores. Raises FullError when the queue has no room."""
        return await self.submit(samples)

    @property
    def alive(self) -> bool:
        """True while the scoring thread lives."""
        return self._thread.is_alive()

    @property
    def room(self) -> int:
        """How many more samples fit."""
        return self.max_queue - self.waiting

    def close(self) -> None:
        """Refuse what comes and finish what was accepted."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(timeout=60)

    def _retry_after(self) -> int:
        return max(1, min(60, round(self.waiting / self._rate)))

    def _run(self) -> None:
        while True:
            jobs = self._next()
            if not jobs:
                return
            self._answer(jobs)

    def _next(self) -> list[_Job]:
        """Jobs of about a batch, or none when the batcher closes."""
        with self._wake:
            while not self._jobs and not self._closing:
                self._wake.wait()
            taken: list[_Job] = []
            count = 0
            while self._jobs and (not taken or count + len(self._jobs[0].samples) <= _BATCH):
                taken.append(self._jobs.popleft())
                count += len(taken[-1].samples)
            return taken

    def _answer(self, jobs: list[_Job]) -> None:
        """Answer the jobs whose callers still wait: together, where no sample's verdict depends on another's."""
        alive = [job for job in jobs if not job.answer.cancelled()]
        started = time.perf_counter()
        for batch in [alive] if self._merges else [[job] for job in alive]:
            self._score(batch)
        count = sum(len(job.samples) for job in alive)
        if count:
            spent = max(time.perf_counter() - started, 1e-6)
            self._rate = 0.8 * self._rate + 0.2 * count / spent
        with self._wake:
            self.waiting -= sum(len(job.samples) for job in jobs)

    def _score(self, jobs: list[_Job]) -> None:
        """Score and deliver; a job the reward refuses takes no other down."""
        try:
            scores = self.reward.score_batch([sample for job in jobs for sample in job.samples])
        except HoldfastError as error:
            if len(jobs) > 1:
                for job in jobs:
                    self._score([job])
            elif jobs:
                jobs[0].loop.call_soon_threadsafe(_refuse, jobs[0].answer, error)
            return
        position = 0
        for job in jobs:
            part = scores[position : position + len(job.samples)]
            position += len(job.samples)
            job.loop.call_soon_threadsafe(_deliver, job.answer, part)


def independent(reward: Reward) -> bool:
    """Whether each sample's verdict is its own: no group reward, and none inside a composite."""
    return all(part.spec.scope != "group" for part in with_parts(reward))


def _refuse(answer: "asyncio.Future[list[Score]]", error: HoldfastError) -> None:
    if not answer.done():
        answer.set_exception(error)


def _deliver(answer: "asyncio.Future[list[Score]]", scores: list[Score]) -> None:
    if not answer.done():
        answer.set_result(scores)
