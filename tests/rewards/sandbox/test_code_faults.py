"""Our own slowness and our engine's death are never a program's 0: every way to lose a sandbox, injected."""

import contextlib
import dataclasses
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.sandboxes import BACKENDS, DOCKER_SLOW, containers, descendants, need

from holdfast.reward import Reward
from holdfast.rewards.sandbox import close_pools
from holdfast.rewards.sandbox.backends import bubblewrap
from holdfast.rewards.sandbox.channel import LostError
from holdfast.rewards.sandbox.limits import Limits
from holdfast.rewards.sandbox.pool import Pool, UnavailableError
from holdfast.rewards.sandbox.session import Session
from holdfast.rewards.sandbox.source import languages
from holdfast.sample import Outcome, Sample, Score

CALLS = {"tests": ["assert f(1) == 2"]}
PRINTS = {"tests": [{"input": "1", "output": "2"}]}
SLEEPS = "import time\ntime.sleep({seconds})\n"
GOOD, WRITES = "def f(x): return x + 1\n", "print(int(input()) + 1)\n"
BUSY = "n = 0\nfor i in range({rounds}): n += i\n"

OK: dict[str, Any] = {"results": [[True, ""]], "finished": True}
DIED: dict[str, Any] = {"results": [], "finished": True, "died": True, "exit": -9, "cpu": 0.1}
FULL, GONE = {"memory": True}, {"gone": True}
FATES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "answers": ([OK], "reply"),
    "lost once": ([GONE, OK], "reply"),
    "lost three times": ([GONE, GONE, GONE, OK], "reply"),
    "always lost": ([GONE] * 9, "error"),
    "memory once": ([FULL, OK], "reply"),
    "memory twice, a control passes": ([FULL, FULL, OK], "memory"),
    "memory twice, a control is lost": ([FULL, FULL, GONE], "error"),
    "memory twice, a control fails": ([FULL, FULL, OK | {"results": [[False, ""]]}], "error"),
    "memory, and lost otherwise": ([FULL, GONE, FULL, OK], "memory"),
    "could not begin": ([{"lost": "no process"}, OK], "reply"),
    "never begins": ([{"lost": "no process"}] * 9, "error"),
    "the judge ends": ([OK | {"finished": False}] * 9, "error"),
    "stale": ([{"stale": True}, OK], "reply"),
    "always stale": ([{"stale": True}] * 9, "error"),
    "starved": ([{"starved": "too busy"}], "error"),
    "killed once": ([DIED, OK], "reply"),
    "killed twice": ([DIED, DIED, OK], "reply"),
    "killed always": ([DIED] * 9, "error"),
    "works for long": ([{"alive": True}, {"alive": True}, OK], "reply"),
    "not JSON": ([{"raw": b"\0\0\0\1{"}] * 9, "error"),
}


class Scripted:
    """A channel that plays fates: each job takes the next."""

    def __init__(self, fates: list[dict[str, Any]]) -> None:
        self._fates, self._bytes, self._full = fates, self._frame({"python": "3"}), False

    @staticmethod
    def _frame(message: dict[str, Any]) -> bytes:
        import json

        body = json.dumps(message).encode()
        return len(body).to_bytes(4, "big") + body

    def write(self, data: bytes) -> None:
        while True:
            fate = self._fates.pop(0)
            if fate in (FULL, GONE):
                self._full = fate is FULL
                raise LostError("the sandbox ended")
            self._bytes += fate.get("raw") or self._frame(fate)
            if not fate.get("alive"):
                return

    def read(self, size: int, deadline: float) -> bytes:
        if not self._bytes:
            raise LostError("silent")
        found, self._bytes = self._bytes[:size], self._bytes[size:]
        return found

    def mark(self) -> None:
        self._full = False

    def out_of_memory(self) -> bool:
        return self._full

    def close(self) -> None:
        pass


@pytest.mark.parametrize("name", FATES)
def test_every_fate_of_a_sandbox(name: str) -> None:
    fates, wanted = FATES[name]
    left = list(fates)
    pool = Pool([lambda: Scripted(left)], 1)
    job = {"style": "asserts", "program": "", "tests": [], "limits": Limits().for_job()}
    reply = pool.run([job])[0]
    pool.close()
    if isinstance(reply, UnavailableError):
        assert wanted == "error", reply
    else:
        assert wanted == ("memory" if reply.get("broke") else "reply"), reply


def _inside(pids: Sequence[int]) -> list[int]:
    """The processes of our sandboxes that are Python."""
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):
            if b"python" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]:
                found.append(pid)
    return found


def processes(backend: str) -> list[int]:
    """All processes of the sandboxes of this process, the outermost first."""
    if backend == "bubblewrap":
        return descendants(os.getpid())
    import docker

    client = docker.from_env()
    try:
        with contextlib.suppress(docker.errors.NotFound):
            tops = [client.containers.get(name).attrs["State"]["Pid"] for name in containers(os.getpid())]
            return [pid for top in tops if top for pid in (top, *descendants(top))]
        return []
    finally:
        client.close()


@contextlib.contextmanager
def meanwhile(act: Callable[[], None], every: float, after: float = 0.0) -> Iterator[None]:
    """Do something again and again."""
    done = threading.Event()

    def loop() -> None:
        done.wait(after)
        while not done.is_set():
            act()
            done.wait(every)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _signal(pids: Sequence[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _score(backend: str, program: str, reference: dict[str, Any], timeout: float = 10.0) -> Score:
    """In a pool of its own."""
    try:
        return Reward("code", backend=need(backend), workers=1, memory=357, timeout=timeout).score(
            Sample(program, reference)
        )
    finally:
        close_pools()


KINDS = [(GOOD, CALLS), (WRITES, PRINTS)]


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("program", "reference"), KINDS)
def test_a_sandbox_that_is_always_killed_gives_no_value(backend: str, program: str, reference: dict[str, Any]) -> None:
    need(backend)
    with meanwhile(lambda: _signal(processes(backend), signal.SIGKILL), 1.0, 1.5):
        score = _score(backend, SLEEPS.format(seconds=8) + program, reference, 30.0)
    assert score.value is None and score.outcome is Outcome.ERROR, score


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("program", "reference"), KINDS)
def test_a_program_that_is_always_killed_from_outside_gives_no_value(
    backend: str, program: str, reference: dict[str, Any]
) -> None:
    """The candidate's process alone: it has a user of its own, and works when it is found."""
    need(backend)

    def kill() -> None:
        working = [pid for pid in _inside(processes(backend)) if _worked(pid) > 0.2 and _user(pid) >= 20_000]
        _signal(working, signal.SIGKILL)

    with meanwhile(kill, 0.1):
        score = _score(backend, BUSY.format(rounds=10**9) + program, reference, 60.0)
    assert score.value is None and "killed from outside" in score.reason, score


def _worked(pid: int) -> float:
    """Seconds of processor time."""
    with contextlib.suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _user(pid: int) -> int:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}").stat().st_uid
    return 0


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("program", [GOOD, SLEEPS.format(seconds=1) + GOOD])
def test_a_sandbox_that_stands_still_takes_no_time_from_the_program(backend: str, program: str) -> None:
    need(backend)
    thawed = threading.Event()

    def freeze() -> None:
        stopped = [] if thawed.is_set() else processes(backend)[::-1]
        if stopped:
            _signal(stopped, signal.SIGSTOP)
            time.sleep(8.0)
            _signal(stopped[::-1], signal.SIGCONT)
            thawed.set()

    scores: list[Score] = []
    with meanwhile(freeze, 0.5, 2.0):
        reward = Reward("code", backend=backend, workers=1, memory=358, timeout=3.0, total_timeout=5.0)
        reward.score(Sample(GOOD, CALLS))
        while not thawed.is_set() or len(scores) < 6:
            scores.append(reward.score(Sample(f"# {len(scores)}\n" + program, CALLS)))
            time.sleep(0.05)
        sleeper = reward.score(Sample(SLEEPS.format(seconds=99), CALLS))
    close_pools()
    assert [score for score in scores if score.value != 1.0] == []
    assert sleeper.value == 0.0 and sleeper.outcome is Outcome.TIMEOUT


@pytest.mark.slow
@pytest.mark.parametrize("backend", DOCKER_SLOW)
def test_one_of_its_processes_killed_from_outside_is_no_verdict(backend: str) -> None:
    """Each process of a sandbox that works, in turn: supervisor, forkserver, candidate, judge, those that wait."""
    need(backend)
    reward = Reward("code", backend=backend, workers=1, memory=359, timeout=20.0)
    found: list[Score] = []
    for number in range(1, 8):
        reward.score(Sample(GOOD, CALLS))
        slow = Sample(f"# {number}\n" + SLEEPS.format(seconds=0.8) + GOOD, CALLS)
        thread = threading.Thread(target=lambda sample=slow: found.append(reward.score(sample)))
        thread.start()
        time.sleep(0.5)
        _signal(_inside(processes(backend))[-number:][:1], signal.SIGKILL)
        thread.join()
    close_pools()
    assert [score.value for score in found] == [1.0] * 7, found


@pytest.fixture
def quota() -> Iterator[Callable[[Sequence[int], float], None]]:
    """Gives processes a share of one processor, by a control group."""
    folder = Path(f"/sys/fs/cgroup/cpu/holdfast-test-{os.getpid()}")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("no control group for processor time can be made here")

    def give(pids: Sequence[int], share: float) -> None:
        (folder / "cpu.cfs_quota_us").write_text(str(int(share * 100_000)))
        for pid in pids:
            with contextlib.suppress(OSError):
                (folder / "cgroup.procs").write_text(str(pid))

    yield give
    for _ in range(100):
        with contextlib.suppress(OSError):
            folder.rmdir()
            break
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("style", ["calls", "prints"])
def test_a_slow_machine_takes_no_time_from_the_program(
    backend: str, style: str, quota: Callable[[Sequence[int], float], None]
) -> None:
    reward = Reward("code", backend=need(backend), workers=1, memory=360, timeout=2.0, total_timeout=6.0)
    reference, last = (CALLS, "def f(x): return x + 1 if n else 0\n") if style == "calls" else (PRINTS, WRITES)
    reward.score(Sample(GOOD if style == "calls" else WRITES, reference))
    quota(processes(backend), 0.08)
    right = reward.score(Sample(BUSY.format(rounds=4 * 10**6) + last, reference))
    endless = reward.score(Sample("while True: pass", reference))
    sleeper = reward.score(Sample(SLEEPS.format(seconds=99), reference))
    close_pools()
    assert right.value == 1.0, right
    assert (endless.value, endless.outcome) == (0.0, Outcome.TIMEOUT), endless
    assert (sleeper.value, sleeper.outcome) == (0.0, Outcome.TIMEOUT), sleeper


@pytest.mark.slow
@pytest.mark.bubblewrap
def test_a_machine_that_is_far_too_slow_gives_no_value(quota: Callable[[Sequence[int], float], None]) -> None:
    reward = Reward("code", backend=need("bubblewrap"), workers=1, memory=361, timeout=1.0, total_timeout=3.0)
    reward.score(Sample(GOOD, CALLS))
    quota(processes("bubblewrap"), 0.015)
    score = reward.score(Sample(BUSY.format(rounds=10**8) + GOOD, CALLS))
    close_pools()
    assert score.value is None and "too busy" in score.reason, score


@pytest.mark.bubblewrap
@pytest.mark.parametrize("style", ["asserts", "stdin"])
def test_processes_that_cannot_begin_are_no_verdict(style: str) -> None:
    need("bubblewrap")
    session = Session(lambda: bubblewrap.start(Limits()))
    job = {"style": style, "program": "", "tests": ["assert f(1)"], "cases": [{"input": ""}]}
    with pytest.raises(LostError, match="could not begin"):
        session.run(job | {"limits": Limits().for_job() | {"files": "none"}})
    session.close()


@pytest.mark.bubblewrap
def test_only_the_programs_own_time_counts_to_its_total() -> None:
    """A checker that takes longer than the program may."""
    checker = "import time\ntime.sleep(0.7)\nprint(1)\n"
    reference = {"tests": [{"input": str(i), "output": "x"} for i in range(5)], "checker": checker}
    reward = Reward("code", backend=need("bubblewrap"), workers=1, timeout=1.0, total_timeout=2.0)
    assert reward.score(Sample("print(input())", reference)).value == 1.0
    close_pools()


@pytest.mark.bubblewrap
@pytest.mark.parametrize(
    ("tests", "program", "value"),
    [
        (["import os", "os._exit(0)", "assert f(1) == 2"], GOOD, None),
        (["assert f(1) == 2", "import os\nos.kill(os.getpid(), 9)"], GOOD, None),
        (["raise KeyboardInterrupt", "assert f(1) == 2"], GOOD, None),
        (["import time\ntime.sleep(60)", "assert f(1) == 2"], GOOD, None),
        (["import time\ntime.sleep(60)", "assert f(1) == 2"], "while True: pass", 0.0),
        (["assert f(1) == 2"], "import os, threading\ndef f(x): os._exit(0)", 0.0),
        (["assert f(1) == 2"], "def f(x):\n    while True: pass", 0.0),
    ],
)
def test_who_ended_or_slept(tests: list[str], program: str, value: float | None) -> None:
    reward = Reward("code", backend=need("bubblewrap"), workers=1, timeout=2.0)
    score = reward.score(Sample(program, {"tests": tests}))
    assert score.value == value, score


@pytest.mark.bubblewrap
@pytest.mark.parametrize("command", [["python3", "-c", "raise SystemExit(1)"], ["no-such-compiler"]])
def test_a_compiler_that_builds_nothing_is_no_verdict(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "LANGUAGES", {**languages.LANGUAGES, "c": _with_build(command)})
    score = Reward("code", backend=need("bubblewrap"), workers=1).score(
        Sample("int main() { return 0; }", {"tests": [{"input": "", "output": ""}], "language": "c"})
    )
    assert score.value is None and score.outcome is Outcome.ERROR, score


def _with_build(command: list[str]) -> languages.Language:
    return dataclasses.replace(languages.LANGUAGES["c"], build=command)
