"""One live sandbox: sends it jobs, knows when it is worn out."""

from collections.abc import Callable
from typing import Any

from holdfast.rewards.sandbox.channel import Channel, LostError, receive, send

_START_TIME = 20.0
_GRACE = 20.0
"""Seconds that a reply may take beyond the job's own limits: cleaning, a loaded machine, a remote engine."""
_MAX_JOBS = 5000


class StaleError(Exception):
    """The sandbox could not be cleaned after the test before: it did not begin this one."""


class Session:
    """A started sandbox. Used by one thread."""

    def __init__(self, start: Callable[[], Channel]) -> None:
        self._channel = start()
        self.jobs = 0
        self.dirty = False
        try:
            self.python = str(receive(self._channel, _START_TIME)["python"])
        except LostError:
            self._channel.close()
            raise

    def run(self, job: dict[str, Any]) -> dict[str, Any]:
        """The supervisor's reply. Raises StaleError, or LostError when the sandbox ended or is silent: close it."""
        self.jobs += 1
        send(self._channel, job)
        reply = receive(self._channel, float(job["limits"]["total"]) + _GRACE)
        if reply.get("stale"):
            raise StaleError
        self.dirty = bool(reply.get("dirty"))
        if not (reply.get("finished", True) or reply.get("timeout")):
            raise LostError("the judge ended before the tests did")
        return reply

    @property
    def worn(self) -> bool:
        """It should be replaced: something of a program may have stayed, or it did its share."""
        return self.dirty or self.jobs >= _MAX_JOBS

    def close(self) -> None:
        """End it."""
        self._channel.close()
