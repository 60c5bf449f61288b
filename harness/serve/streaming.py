"""NDJSON of samples in, NDJSON of scores out, while the body still comes.

Clients that send their whole body before they read (most of them) would deadlock if answers were held back until they
read, so up to a body's size of answers is kept for them; beyond that, reading waits.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from holdfast.errors import HoldfastError
from holdfast.sample import Sample
from holdfast.serve.batcher import Batcher, FullError
from holdfast.serve.schemas import ErrorBody, SampleBody, ScoreBody, encode

_CHUNK = 256


class StreamEndError(Exception):
    """Why a stream was not read to its end."""


class ScoreStream(Response):
    """The answer of one stream. Starlette's own StreamingResponse would read the body away while it listens for a
    disconnect (uvicorn speaks ASGI 2.3)."""

    media_type = "application/x-ndjson"

    def __init__(self, request: Request, batcher: Batcher, max_kept: int, pause: float) -> None:
        super().__init__()
        del self.headers["content-length"]
        self.request, self.batcher, self.max_kept, self.pause = request, batcher, max_kept, pause
        self.kept: list[bytes] = []
        self.size = 0
        self.changed = asyncio.Condition()
        self.over = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI: a task reads and scores, this one answers."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        reader = asyncio.create_task(self._read())
        try:
            async for piece in self._pieces():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await reader
            await send({"type": "http.response.body", "body": b""})
        finally:
            reader.cancel()

    async def _pieces(self) -> AsyncIterator[bytes]:
        while True:
            async with self.changed:
                await self.changed.wait_for(lambda: self.kept or self.over)
                pieces, self.kept, self.size = self.kept, [], 0
                self.changed.notify_all()
            if not pieces:
                return
            yield b"".join(pieces)

    async def _keep(self, piece: bytes) -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.size < self.max_kept)
            self.kept.append(piece)
            self.size += len(piece)
            self.changed.notify_all()

    async def _read(self) -> None:
        """Score the whole body; what ends it early becomes the last line, `{"error": …}`."""
        try:
            with contextlib.suppress(ClientDisconnect):
                await self._score_lines()
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, StreamEndError, HoldfastError) as error:
            await self._keep(encode(ErrorBody(f"the stream ends here: {error}")) + b"\n")
        finally:
            async with self.changed:
                self.over = True
                self.changed.notify_all()

    async def _score_lines(self) -> None:
        """Whatever has come is judged before more is awaited: a client may wait for an answer before it sends on."""
        async for lines in self._lines():
            samples: list[Sample] = []
            try:
                for line in lines:
                    samples.append(msgspec.json.decode(line, type=SampleBody).sample())
            finally:
                for start in range(0, len(samples), _CHUNK):
                    await self._keep(await self._judged(samples[start : start + _CHUNK]))

    async def _lines(self) -> AsyncIterator[list[bytes]]:
        """The lines of a body that need not end, as many as came together. Raises StreamEndError for one that stalls or
        is too long."""
        pending = b""
        stream = self.request.stream().__aiter__()
        while piece := await self._next(stream):
            *lines, pending = (pending + piece).split(b"\n")
            yield [line for line in lines if line.strip()]
            if len(pending) > self.max_kept:
                raise StreamEndError(f"a line is longer than {self.max_kept} bytes")
        if pending.strip():
            yield [pending]

    async def _next(self, stream: AsyncIterator[bytes]) -> bytes:
        try:
            return await asyncio.wait_for(anext(stream, b""), self.pause)
        except TimeoutError:
            raise StreamEndError(f"no more of the body came within {self.pause:g} s") from None

    async def _judged(self, samples: list[Sample]) -> bytes:
        """A chunk's answers, waiting for room rather than refusing."""
        step = max(1, min(len(samples), self.batcher.max_queue))
        answers: list[bytes] = []
        for start in range(0, len(samples), step):
            for score in await self._waited(samples[start : start + step]):
                answers.append(encode(ScoreBody.of(score)) + b"\n")
        return b"".join(answers)

    async def _waited(self, samples: list[Sample]) -> Any:
        while True:
            try:
                return await self.batcher.score(samples)
            except FullError:
                await asyncio.sleep(0.01)
