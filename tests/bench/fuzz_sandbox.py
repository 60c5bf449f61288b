"""Random and mutated messages for the sandbox's codec and frames: only their own errors, never a hang.

python -m tests.bench.fuzz_sandbox [seconds]      (default 600)
"""

import contextlib
import json
import os
import random
import sys
import time
from typing import Any

from holdfast.rewards.sandbox.inside.protocol import codec, frames

_ATOMS: list[Any] = [0, 1, -1, 2**63, 10**40, 0.5, float("inf"), "", "x", "\ud800", True, None, [], {}]
_TAGS = [
    "i",
    "l",
    "t",
    "s",
    "z",
    "d",
    "O",
    "C",
    "f",
    "q",
    "b",
    "B",
    "c",
    "r",
    "e",
    "T",
    "D",
    "Q",
    "dx",
    "dt",
    "dh",
    "dd",
    "P",
]
_TAGS += ["o", "j", "F", "x", "n", "?"]


def _data(rng: random.Random, depth: int = 0) -> Any:
    """Something that looks like coded data."""
    if depth > 6 or rng.random() < 0.3:
        return rng.choice(_ATOMS)
    items = [_data(rng, depth + 1) for _ in range(rng.randrange(5))]
    kind = rng.random()
    if kind < 0.7:
        return [rng.choice(_TAGS), *items]
    return items if kind < 0.9 else {str(i): item for i, item in enumerate(items)}


def _mutated(rng: random.Random, body: bytes) -> bytes:
    found = bytearray(body)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(found) + 1)
        found[at : at + rng.randrange(3)] = os.urandom(rng.randrange(4))
    return bytes(found)


def _once(rng: random.Random) -> None:
    data = _data(rng)
    try:
        value = codec.decode(data)
        assert codec.decode(codec.encode(value)) == value or value != value or "nan" in repr(value).lower()
    except codec.CodecError:
        pass
    body = json.dumps(data).encode("utf-8", "surrogatepass")
    with contextlib.suppress(frames.ClosedError):
        frames.decode(_mutated(rng, body))
    read, write = os.pipe()
    try:
        os.write(write, len(body).to_bytes(4, "big") + _mutated(rng, body)[:4000])
        os.close(write)
        frames.receive(read, 4096)
    except frames.ClosedError:
        pass
    finally:
        os.close(read)


def main(seconds: float) -> None:
    """Run for so long, or until something else than the codec's own errors comes out."""
    rng = random.Random(time.time_ns())
    end, count, slowest = time.monotonic() + seconds, 0, 0.0
    while time.monotonic() < end:
        started = time.process_time()
        _once(rng)
        slowest, count = max(slowest, time.process_time() - started), count + 1
    print(f"{count} messages in {seconds:.0f} s, the slowest {slowest:.3f} s of processor time, no foreign error")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 600.0)
