"""Length-prefixed JSON frames on file descriptors."""

import json
import os
from typing import Any

MAX_FRAME = 64 * 2**20
"""Bytes: a longer frame ends the conversation."""


class Closed(Exception):
    """The other end is gone, or sent something that is not a frame."""


def send(fd: int, message: Any) -> None:
    """Write one frame. Raises Closed when nobody reads any more."""
    body = json.dumps(message, separators=(",", ":")).encode()
    view = memoryview(len(body).to_bytes(4, "big") + body)
    try:
        while view:
            view = view[os.write(fd, view) :]
    except OSError as error:
        raise Closed(str(error)) from None


def receive(fd: int, limit: int = MAX_FRAME) -> Any:
    """Read one frame. Raises Closed at the end of the stream, for a longer one than `limit` bytes or for bad JSON."""
    size = int.from_bytes(read_exactly(fd, 4), "big")
    if size > limit:
        raise Closed(f"a frame of {size} bytes is over the limit of {limit}")
    try:
        return json.loads(read_exactly(fd, size))
    except (ValueError, RecursionError) as error:
        raise Closed(f"not JSON: {error}") from None


def read_exactly(fd: int, size: int) -> bytes:
    """`size` bytes. Raises Closed when the stream ends before."""
    chunks = []
    while size:
        try:
            chunk = os.read(fd, min(size, 2**20))
        except OSError as error:
            raise Closed(str(error)) from None
        if not chunk:
            raise Closed("end of stream")
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
