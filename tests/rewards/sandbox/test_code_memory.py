"""The sandbox's own memory over 10,000 mixed programs: right, wrong, scripts, crashes, time-outs, daemons, floods."""

import contextlib
import ctypes
import gc
import os
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.sandboxes import BACKENDS, containers, descendants, need

from holdfast.reward import Reward
from holdfast.rewards.sandbox import close_pools
from holdfast.sample import Sample, Score

COUNT, STEP, WARM = 10_000, 500, 2_000
_ASSERTS = {"tests": ["assert f(3) == 4", "assert f([1, [2]]) == [1, [2], 3]"]}
_PRINTS = {"tests": [{"input": "7\n", "output": "8\n"}]}
_ODD = [
    ("import time\ntime.sleep(9)", _PRINTS),
    ("while True: pass", _PRINTS),
    ("def f(x): return f(x)", _ASSERTS),
    ("import os\ndef f(x): os._exit(3)", _ASSERTS),
    ("import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(99)\nprint(int(input()) + 1)", _PRINTS),
    ("open('/tmp/left', 'w').write('x' * 10**6)\nprint(int(input()) + 1)", _PRINTS),
    ("while True: print('x' * 10**5)", _PRINTS),
    ("x = []\nwhile True: x.append(bytearray(2**24))", _PRINTS),
    ("import os\ndef f(x): os.kill(-1, 9)", _ASSERTS),
    ("def f(x): return 'y' * 10**6", _ASSERTS),
]
"""One of these in every fifty."""


def mixed(number: int) -> tuple[Sample, float | None]:
    """A sample that no other equals, and its value where that is certain."""
    mark = f"# {number}\n"
    if number % 50 == 49:
        program, reference = _ODD[number // 50 % len(_ODD)]
        return Sample(mark + program, reference), None
    if number % 5 == 0:
        return Sample(mark + "print(int(input()) + 1)", _PRINTS), 1.0
    if number % 5 == 1:
        return Sample(mark + "def f(x): return x", _ASSERTS), 0.0
    program = "def f(x):\n    return x + 1 if isinstance(x, int) else [*x, 3]\n"
    return Sample(mark + program, _ASSERTS), 1.0


def anonymous(pid: int) -> int:
    """KiB of private memory of a process."""
    found = re.search(r"RssAnon:\s*(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


def trimmed() -> int:
    """KiB of private memory of this process, without what its allocator merely keeps (a flood is 4 MiB of text)."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return anonymous(os.getpid())


def supervisors(backend: str) -> Iterator[int]:
    """The supervisor of each living sandbox of ours, by the machine's numbers."""
    if backend == "docker":
        import docker

        client = docker.from_env()
        try:
            yield from (client.containers.get(name).attrs["State"]["Pid"] for name in containers(os.getpid()))
        finally:
            client.close()
        return
    for pid in descendants(os.getpid()):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # one that has ended meanwhile
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            if b"python" in words[0] and b"bwrap" in Path(f"/proc/{parent}/cmdline").read_bytes():
                yield pid


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_memory_stays_flat_over_ten_thousand_mixed_tests(backend: str) -> None:
    reward = Reward("code", backend=need(backend), workers=2, timeout=0.4, total_timeout=2.0, memory=200)
    own: list[int] = []
    inside: dict[int, list[tuple[int, int]]] = {}
    wrong: list[tuple[str, Score]] = []
    for start in range(0, COUNT, STEP):
        samples, values = zip(*map(mixed, range(start, start + STEP)), strict=True)
        for sample, value, score in zip(samples, values, reward.score_batch(samples), strict=True):
            if score.value is None or value not in (None, score.value):
                wrong.append((sample.text, score))
        own.append(trimmed())
        for pid in supervisors(backend):
            forkserver = min(descendants(pid))
            inside.setdefault(pid, []).append((anonymous(pid), anonymous(forkserver)))
    close_pools()
    print(f"\n{backend}: client KiB {own}\nsupervisor, forkserver KiB {inside}")
    assert not wrong, wrong[:5]
    # A flood of 4 MiB stays in an allocator for a while: medians of the last half against what came after warming up.
    half = COUNT // STEP // 2
    assert statistics.median(own[half:]) - statistics.median(own[WARM // STEP : half]) < 4096, own
    assert inside
    for pid, sizes in inside.items():
        for part in (0, 1):
            later, warm = [size[part] for size in sizes[len(sizes) // 2 :]], sizes[min(2, len(sizes) - 1)][part]
            assert statistics.median(later) - warm < 1024, (pid, sizes)
