"""The HTTP protocol with every idle state bounded: uvicorn itself only bounds the pause between two requests.

A connection that sends no whole head of a request, or does not take its answer, is cut after STALL seconds. The body
has its own clock (`Settings.body_timeout`).
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

STALL = 30.0


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol that cuts connections which stand still."""

    _reading: asyncio.TimerHandle | None = None
    _writing: asyncio.TimerHandle | None = None
    _refusing: asyncio.TimerHandle | None = None
    _whole = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._reading = self.loop.call_later(STALL, self._cut)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._whole = True
        _stop(self._refusing)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Answered; a body that was refused must end in time too."""
        super().on_response_complete()
        if not self._whole:
            self._refusing = self.loop.call_later(STALL, self._cut)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop both timers."""
        _stop(self._reading)
        _stop(self._writing)
        _stop(self._refusing)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins: its head must end in time."""
        super().on_message_begin()
        self._whole = False
        _stop(self._reading)
        self._reading = self.loop.call_later(STALL, self._cut)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        _stop(self._reading)
        super().on_headers_complete()

    def pause_writing(self) -> None:
        """The client does not take its answer."""
        super().pause_writing()
        self._writing = self.loop.call_later(STALL, self._cut)

    def resume_writing(self) -> None:
        """It takes it again."""
        _stop(self._writing)
        super().resume_writing()

    def _cut(self) -> None:
        self.transport.abort()


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
