"""Length-prefixed JSON frames on file descriptors."""

import json.decoder
import json.encoder
import os
from collections.abc import Callable
from typing import Any

MAX_FRAME = 64 * 2**20
"""Bytes: a longer frame ends the conversation."""

# json.dumps and json.loads make these anew at each call, which costs a forked process a hundred pages.
_scan: Callable[[str, int], tuple[Any, int]] = getattr(json.decoder.JSONDecoder(), "scan_once")  # noqa: B009 - typeshed does not know it
_make: Any = getattr(json.encoder, "c_make_encoder", None)


def _refuse(value: object) -> Any:
    raise TypeError(f"a {type(value).__name__} is not JSON")


_pieces = _make and _make(None, _refuse, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, True)


class ClosedError(Exception):
    """The other end is gone, or sent something that is not a frame."""


def encode(message: Any) -> bytes:
    """The message as compact JSON."""
    return ("".join(_pieces(message, 0)) if _pieces else json.dumps(message, separators=(",", ":"))).encode()


def decode(data: bytes) -> Any:
    """From compact JSON. Raises ClosedError for anything else."""
    try:
        text = data.decode()
        message, end = _scan(text, 0)
    except (ValueError, RecursionError, StopIteration) as error:
        raise ClosedError(f"not JSON: {error}") from None
    if end != len(text):
        raise ClosedError("not JSON: more follows")
    return message


def send(fd: int, message: Any) -> None:
    """Write one frame. Raises ClosedError when nobody reads any more."""
    body = encode(message)
    view = memoryview(len(body).to_bytes(4, "big") + body)
    try:
        while view:
            view = view[os.write(fd, view) :]
    except OSError as error:
        raise ClosedError(str(error)) from None


def receive(fd: int, limit: int = MAX_FRAME) -> Any:
    """Read one frame. Raises ClosedError at the end of the stream, for one over `limit` bytes or bad JSON."""
    size = int.from_bytes(read_exactly(fd, 4), "big")
    if size > limit:
        raise ClosedError(f"a frame of {size} bytes is over the limit of {limit}")
    return decode(read_exactly(fd, size))


def read_exactly(fd: int, size: int) -> bytes:
    """`size` bytes. Raises ClosedError when the stream ends before."""
    chunks = []
    while size:
        try:
            chunk = os.read(fd, min(size, 2**20))
        except OSError as error:
            raise ClosedError(str(error)) from None
        if not chunk:
            raise ClosedError("end of stream")
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
