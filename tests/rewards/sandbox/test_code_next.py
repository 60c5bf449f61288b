"""The processes that wait for the next test while one runs: out of its reach, and never used after an unclean one."""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from helpers import code_abuse, code_attacks
from helpers.sandboxes import BACKENDS, need

from holdfast.rewards.sandbox import Limits
from holdfast.rewards.sandbox.backends import bubblewrap
from holdfast.rewards.sandbox.channel import LostError
from holdfast.rewards.sandbox.session import Session, StaleError

LIMITS = Limits(timeout=5.0, total=20.0, memory=256)
GOOD = "def f(x): return x + 1\n"

# What a program tries on every other process; it answers with what worked. `ready` lets the next processes settle.
REACH = """
import ctypes, os, resource, signal, time

def others():
    return [int(p) for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid()]

def waiting():
    return [p for p in others() if status(p) == (os.getppid(), "candidate")]

def status(p):
    try:
        parent = int(open(f"/proc/{p}/stat").read().rpartition(")")[2].split()[1])
        uid = os.stat(f"/proc/{p}").st_uid
    except OSError:
        return 0, "gone"
    return parent, "candidate" if uid >= 20000 and uid != os.getuid() else "other"

def ready():
    deadline = time.monotonic() + 3
    while not waiting() and time.monotonic() < deadline:
        time.sleep(0.01)
    return len(waiting())

def reach():
    libc = ctypes.CDLL(None, use_errno=True)
    done = []
    for p in others():
        for name, attempt in {
            "kill": lambda: os.kill(p, 0),
            "stop": lambda: os.kill(p, signal.SIGSTOP),
            "pidfd": lambda: signal.pidfd_send_signal(os.pidfd_open(p), 0),
            "mem": lambda: open(f"/proc/{p}/mem", "rb"),
            "mem rw": lambda: open(f"/proc/{p}/mem", "r+b"),
            "environ": lambda: open(f"/proc/{p}/environ", "rb").read(),
            "maps": lambda: open(f"/proc/{p}/maps").read() and None,
            "fd": lambda: os.listdir(f"/proc/{p}/fd"),
            "cwd": lambda: os.readlink(f"/proc/{p}/cwd"),
            "oom": lambda: os.open(f"/proc/{p}/oom_score_adj", os.O_WRONLY),
            "clear": lambda: os.open(f"/proc/{p}/clear_refs", os.O_WRONLY),
            "limits": lambda: resource.prlimit(p, resource.RLIMIT_NOFILE),
            "nice": lambda: os.setpriority(0, p, 5),
            "affinity": lambda: os.sched_setaffinity(p, {0}),
            "ptrace": lambda: libc.ptrace(16, p, 0, 0) == 0 or no(),
            "seize": lambda: libc.ptrace(0x4206, p, 0, 0) == 0 or no(),
            "vm_readv": lambda: libc.syscall(310, p, None, 0, None, 0, 0) >= 0 or no(),
            "getfd": lambda: libc.syscall(438, os.pidfd_open(p), 0, 0) >= 0 or no(),
            "group": lambda: os.setpgid(p, os.getpid()),
        }.items():
            try:
                attempt()
                done.append(name)
            except OSError:
                pass
    return done

def no():
    raise OSError
"""


def job(program: str, *tests: str) -> dict[str, Any]:
    return {"style": "asserts", "program": program, "tests": list(tests), "limits": LIMITS.for_job()}


def script(program: str, text: str = "") -> dict[str, Any]:
    return {"style": "stdin", "program": program, "cases": [{"input": text}], "limits": LIMITS.for_job()}


@contextlib.contextmanager
def session(backend: str) -> Iterator[Session]:
    start: Callable[[], Any] = lambda: bubblewrap.start(LIMITS)  # noqa: E731
    if backend == "docker":
        from holdfast.rewards.sandbox.backends import docker_engine

        start = lambda: docker_engine.start(LIMITS)  # noqa: E731
    made = Session(start)
    try:
        yield made
    finally:
        made.close()


def results(reply: dict[str, Any]) -> list[bool]:
    return [passed for passed, _ in reply["results"]]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_program_reaches_no_process_that_waits(backend: str) -> None:
    with session(need(backend)) as sandbox:
        assert results(sandbox.run(job(GOOD, "assert f(1) == 2"))) == [True]
        reply = sandbox.run(job(REACH, "assert ready() == 1", "assert reach() == []", "assert ready() == 1"))
        assert results(reply) == [True] * 3, reply
        # The one that waited was out of reach and does the next job.
        assert results(sandbox.run(job(GOOD, "assert f(1) == 2"))) == [True]


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_program_has_a_user_and_a_process_of_its_own(backend: str) -> None:
    who = "import os\ndef f(): return [os.getuid(), os.getpid(), os.geteuid(), os.getgroups()]"
    with session(need(backend)) as sandbox:
        seen = []
        for _ in range(6):
            reply = sandbox.run(job(who, "raise ValueError(f())"))
            seen.append(reply["results"][0][1])
            reply = sandbox.run(script("import os\nprint(os.getuid(), os.getpid())"))
            seen.append(reply["runs"][0]["stdout"])
    users = {int(re.findall(r"\d+", text)[0]) for text in seen}
    assert len(users) == 12 and all(20_000 <= user < 50_000 for user in users), seen


@pytest.mark.parametrize("backend", BACKENDS)
def test_after_each_attack_the_next_test_is_judged_by_its_own_program(backend: str) -> None:
    """Each attack, then at once a right and a wrong program: what waited was neither spoilt nor bribed."""
    attacks = [program for name, program in code_attacks.CALLED.items() if name.startswith(("next", "kill", "others"))]
    reference = code_attacks.references()["asserts"]
    assert len(attacks) >= 9
    with session(need(backend)) as sandbox:
        for program in attacks:
            assert not all(results(sandbox.run(job(program, *reference["tests"])))), program
            assert results(sandbox.run(job(GOOD, "assert f(1) == 2"))) == [True], program
            assert results(sandbox.run(job(GOOD, "assert f(1) == 3"))) == [False], program


@pytest.mark.parametrize("backend", BACKENDS)
def test_after_each_abuse_the_next_test_is_unaffected(backend: str) -> None:
    with session(need(backend)) as sandbox:
        for name, program in code_abuse.ABUSE.items():
            if name.startswith("next"):
                run = sandbox.run(script(program))["runs"][0]
                assert run["stdout"].replace("more\n", "") == "", name
                assert sandbox.run(script("print(input())", "x\n"))["runs"][0]["stdout"] == "x\n", name
                assert results(sandbox.run(job(GOOD, "assert f(1) == 2", "assert f(1) == 3"))) == [True, False], name
                assert not sandbox.dirty, name


def test_other_limits_are_never_served_by_what_waits() -> None:
    need("bubblewrap")
    peak = "import resource\ndef f(): return resource.getrlimit(resource.RLIMIT_AS)[0], resource.getrlimit(8)[0]"
    with session("bubblewrap") as sandbox:
        for memory in (200, 201, 300, 200):
            asked = job(peak, f"assert f()[0] == {memory} * 2 ** 20")
            asked["limits"] = Limits(memory=memory).for_job()
            assert results(sandbox.run(asked)) == [True]


def test_time_limits_start_with_the_work_not_with_the_process() -> None:
    """The process that waits is older than the limit when its job comes."""
    need("bubblewrap")
    limits = Limits(timeout=0.8, total=0.8).for_job()
    with session("bubblewrap") as sandbox:
        for _ in range(2):
            assert results(sandbox.run(job(GOOD, "assert f(1) == 2") | {"limits": limits})) == [True]
            time.sleep(1.0)
        slow = sandbox.run(job("def f(x):\n    while True: pass", "assert f(1)") | {"limits": limits})
        assert slow["timeout"] in ("test", "total")


def test_tests_of_the_job_before_are_not_in_the_candidate() -> None:
    """Memory of a candidate that was forked while another test ran, searched for that test's text."""
    need("bubblewrap")
    # The pattern is not itself what it finds; the second test is the proof that it finds.
    hunt = (
        "import ctypes, re\nkept = []\ndef keep(text): kept.append(text)\ndef hunt():\n    found = 0\n"
        "    for line in open('/proc/self/maps'):\n        a, b = (int(x, 16) for x in line.split()[0].split('-'))\n"
        "        if ' rw' in line and b - a < 2**26:\n"
        "            found += len(re.findall(rb'hidden-7391445501[0]', ctypes.string_at(a, b - a)))\n    return found\n"
    )
    with session("bubblewrap") as sandbox:
        for _ in range(3):
            assert results(sandbox.run(job(GOOD, "assert f(1) == 2, 'hidden-73914455010'"))) == [True]
            reply = sandbox.run(job(hunt, "assert hunt() == 0", "keep('hidden-73914455010')\nassert hunt() > 0"))
            assert results(reply) == [True, True], reply


def test_programs_start_from_one_random_state_and_judges_do_not() -> None:
    need("bubblewrap")
    drawn = []
    test = "import random\nraise ValueError([f(), random.random()])"
    for _ in range(2):
        with session("bubblewrap") as sandbox:
            for _ in range(2):
                reply = sandbox.run(job("import random\ndef f(): return random.random()", test) | {"entry_point": "f"})
                drawn.append(re.findall(r"0\.\d+", reply["results"][0][1])[:2])
    assert len({theirs for theirs, _ in drawn}) == 1 and len({own for _, own in drawn}) == 4, drawn


def test_a_sandbox_that_stays_dirty_is_replaced_and_nobody_pays_for_it() -> None:
    """A supervisor that cannot clean says so instead of doing the next job; the pool then takes another."""
    from holdfast.rewards.sandbox.backends import boot
    from holdfast.rewards.sandbox.pool import Pool

    need("bubblewrap")
    modules = boot._modules()
    kept = modules["inside.supervisor.housekeeping"]
    assert "def _wipe(self, uid: int) -> bool:\n" in kept
    try:
        modules["inside.supervisor.housekeeping"] = kept.replace(
            "def _wipe(self, uid: int) -> bool:\n",
            "def _wipe(self, uid: int) -> bool:\n        if self.spawner.count % 2: return False\n",
        )
        pool = Pool([lambda: bubblewrap.start(LIMITS)], 1)
        try:
            replies = pool.run([job(GOOD, "assert f(1) == 2", f"assert f({i}) == {i + 1}") for i in range(12)])
        finally:
            pool.close()
    finally:
        modules["inside.supervisor.housekeeping"] = kept
    assert [results(reply) for reply in replies if isinstance(reply, dict)] == [[True, True]] * 12
    assert pool.metrics.recycled > 0 and pool.metrics.lost == 0


def test_stale_is_not_lost() -> None:
    assert not issubclass(StaleError, LostError)
