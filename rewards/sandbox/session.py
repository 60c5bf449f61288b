"""One live sandbox: sends it jobs, knows when it is worn out."""

from collections.abc import Callable
from typing import Any

from holdfast.rewards.sandbox.channel import Channel, LostError, MemoryLostError, receive, send

_START_TIME = 60.0
_SILENCE = 60.0
"""Seconds without a message after which a sandbox is lost: one that works sends one every two seconds."""
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
        """The supervisor's reply; `unexplained` in it says that the program's process was killed and nobody knows why.
        Raises StaleError, or LostError when the sandbox ended or is silent: close it."""
        self.jobs += 1
        self._channel.mark()
        try:
            send(self._channel, job)
            while (reply := receive(self._channel, _SILENCE)).get("alive"):
                pass
            self._refuse(reply)
        except LostError as error:
            if self._channel.out_of_memory():
                raise MemoryLostError(str(error)) from None
            raise
        self.dirty = bool(reply.get("dirty"))
        if _killed(reply, job["limits"]["cpu"]) and not self._channel.out_of_memory():
            reply["unexplained"] = True
        return reply

    @staticmethod
    def _refuse(reply: dict[str, Any]) -> None:
        if reply.get("stale"):
            raise StaleError
        if reply.get("lost"):
            raise LostError(str(reply["lost"]))
        if not (reply.get("finished", True) or reply.get("timeout")):
            raise LostError("the judge ended before the tests did")

    @property
    def worn(self) -> bool:
        """It should be replaced: something of a program may have stayed, or it did its share."""
        return self.dirty or self.jobs >= _MAX_JOBS

    def close(self) -> None:
        """End the session and its process."""
        self._channel.close()


def _killed(reply: dict[str, Any], cpu: float) -> bool:
    """Did a signal that cannot be caught end the program, before its processor time did?"""
    ends = reply.get("runs") or ([reply] if reply.get("died") and not reply.get("timeout") else [])
    return any(end["exit"] == -9 and end["cpu"] < cpu - 0.5 and not end.get("broke") for end in ends)
