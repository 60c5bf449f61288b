"""A load generator for loopback: keep-alive connections, open or closed loop, every answer kept with its number.

In the open loop, requests are due at a fixed rate whatever the server does, and a latency counts from when its request
was due, not from when a connection was free to send it: a stalled server cannot hide its own delays.
"""

import asyncio
import collections
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

CUT = 0
"""The status of a request whose connection ended without one byte of an answer."""
TORN = -1
"""Its answer began and did not end."""


@dataclass(slots=True)
class Answer:
    """What came of request `number`."""

    number: int
    status: int
    body: bytes
    seconds: float
    head: bytes = b""


@dataclass
class Load:
    """POST `bodies[number % len(bodies)]` to a path of 127.0.0.1, `count` times."""

    port: int
    path: str
    bodies: Sequence[bytes]
    count: int
    connections: int
    rate: float | None = None
    """Requests a second; None: as fast as the answers come."""
    headers: str = ""
    patience: float = 60.0
    """Seconds without any answer before what is missing is given up."""
    bodied: bool = True
    """Keep the answers' bodies."""
    answers: list[Answer] = field(default_factory=list)
    refused: bool = False
    """The server takes no more connections."""

    def run(self) -> "Load":
        """Run to the end, on a loop of its own."""
        import uvloop

        asyncio.Runner(loop_factory=uvloop.new_event_loop).run(self.go())
        return self

    async def go(self) -> None:
        """Send everything, wait for every answer."""
        loop = asyncio.get_running_loop()
        self._due: collections.deque[tuple[int, float]] = collections.deque()
        self._idle: list[_Connection] = []
        self._flying = 0
        self._open: set[asyncio.Transport] = set()
        self._over = loop.create_future()
        if self.rate is None:
            now = loop.time()
            self._due.extend((number, now) for number in range(self.count))
        await asyncio.gather(*(self.connect() for _ in range(self.connections)))
        if self.rate is not None:
            await self._pace()
        before = -1
        while not self._over.done() and before < len(self.answers):
            before = len(self.answers)
            await asyncio.wait({self._over}, timeout=self.patience)
        for transport in self._open:
            transport.close()
        await asyncio.sleep(0)

    @property
    def done(self) -> bool:
        """Whether every request has its answer, or no more can come."""
        return len(self.answers) >= self.count or (self.refused and not self._flying)

    async def connect(self) -> None:
        """Open one connection."""
        try:
            await asyncio.get_running_loop().create_connection(lambda: _Connection(self), "127.0.0.1", self.port)
        except OSError:
            self.refused = True
            self._check()

    async def _pace(self) -> None:
        loop = asyncio.get_running_loop()
        begin, number = loop.time() + 0.05, 0
        while number < self.count and not self.refused:
            now = loop.time()
            while number < self.count and begin + number / self.rate <= now:
                self._due.append((number, begin + number / self.rate))
                number += 1
            while self._due and self._idle:
                self._idle.pop().send()
            await asyncio.sleep(0.0005)

    def opened(self, transport: asyncio.Transport) -> None:
        """A connection stands."""
        self._open.add(transport)

    def free(self, connection: "_Connection") -> None:
        """A connection has nothing to do."""
        if self._due:
            connection.send()
        else:
            self._idle.append(connection)

    def take(self) -> tuple[int, float]:
        """The next request and when it was due."""
        self._flying += 1
        return self._due.popleft()

    def keep(self, answer: Answer) -> None:
        """One more is known."""
        self._flying -= 1
        self.answers.append(answer)
        self._check()

    def _check(self) -> None:
        if self.done and not self._over.done():
            self._over.set_result(None)

    def lost(self, connection: "_Connection") -> None:
        """A connection has ended: another takes its place."""
        self._open.discard(connection.transport)
        if connection in self._idle:
            self._idle.remove(connection)
        if not self._over.done() and not self.refused:
            self._opening = asyncio.ensure_future(self.connect())


class _Connection(asyncio.Protocol):
    def __init__(self, load: Load) -> None:
        self.load, self.buffer, self.asked = load, b"", None
        self.loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self.load.opened(transport)
        self.load.free(self)

    def send(self) -> None:
        self.asked = number, _ = self.load.take()
        body = self.load.bodies[number % len(self.load.bodies)]
        head = (
            f"POST {self.load.path} HTTP/1.1\r\nHost: h\r\nX-Request-Id: {number}\r\n{self.load.headers}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.transport.write(head.encode() + body)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0 or self.asked is None:
            return
        head = self.buffer[:end].lower()
        size = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if len(self.buffer) < end + 4 + size:
            return
        body, self.buffer = self.buffer[end + 4 : end + 4 + size], self.buffer[end + 4 + size :]
        self._answered(int(head[9:12]), body, head)
        if b"connection: close" in head:
            self.transport.close()
        else:
            self.load.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.asked is not None:
            self._answered(TORN if self.buffer else CUT, b"", b"")
        self.load.lost(self)

    def _answered(self, status: int, body: bytes, head: bytes) -> None:
        assert self.asked is not None
        number, due = self.asked
        self.asked = None
        kept = body if self.load.bodied else b""
        self.load.keep(Answer(number, status, kept, self.loop.time() - due, head))


def percentile(answers: Sequence[Answer], share: float) -> float:
    """Milliseconds within which the share of the answers came."""
    times = sorted(answer.seconds for answer in answers)
    return 1000 * times[min(len(times) - 1, int(share * len(times)))]


def rate_of(load: Load, began: float) -> float:
    """Requests a second since `began` (time.perf_counter)."""
    return len(load.answers) / (time.perf_counter() - began)
