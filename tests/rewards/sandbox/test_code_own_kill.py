"""A program that tries to kill itself is wrong, never unjudged: SIGKILL is only ever somebody else's."""

import pytest
from helpers.sandboxes import BACKENDS, need

from holdfast.reward import Reward
from holdfast.rewards.sandbox import Limits, close_pools
from holdfast.rewards.sandbox.backends import bubblewrap
from holdfast.rewards.sandbox.session import Session
from holdfast.sample import Sample

SELF = {
    "itself": "os.kill(os.getpid(), 9)",
    "its group": "os.kill(0, 9)",
    "its group by number": "os.killpg(os.getpgid(0), 9)",
    "all": "os.kill(-1, 9)",
    "its main thread": "signal.pthread_kill(threading.main_thread().ident, 9)",
    "raised": "signal.raise_signal(9)",
    "from a thread": "t = threading.Thread(target=os.kill, args=(os.getpid(), 9)); t.start(); t.join(); time.sleep(1)",
    "by a descriptor": "signal.pidfd_send_signal(os.pidfd_open(os.getpid()), 9)",
    "tgkill": "libc.syscall(234, os.getpid(), os.getpid(), 9)",
    "queued": "libc.syscall(129, os.getpid(), 9, (ctypes.c_int * 32)(9, 0, -1))",
    "queued to a thread": "libc.syscall(297, os.getpid(), os.getpid(), 9, (ctypes.c_int * 32)(9, 0, -1))",
    "a child kills it": "child('os.kill(parent, 9)')",
    "a grandchild kills it": "child('child(\"os.kill(parent, 9)\")')",
    "a child kills its group": "child('os.killpg(parent, 9)')",
    "a child kills all": "child('os.kill(-1, 9)')",
    "a group it joined": "p = subprocess.Popen([sys.executable, '-c', 'input()'], start_new_session=True)\n"
    "    os.setpgid(0, p.pid); os.killpg(p.pid, 9)",
    "a child's group it joined": "c = os.fork()\n    if c == 0: os.setpgid(0, 0); time.sleep(2); os._exit(0)\n"
    "    time.sleep(0.2); os.setpgid(0, c); os.killpg(c, 9)",
    "the signal of a child's end": "libc.syscall(56, 9, 0, 0, 0, 0); time.sleep(1)",
    "a timer": "libc.syscall(222, 0, (ctypes.c_int * 16)(0, 0, 9, 0), (ctypes.c_int * 2)())",
    "a descriptor's signal": "fcntl.fcntl(os.pipe()[0], 10, 9)",
    "its parent's death": "libc.prctl(1, 9, 0, 0, 0)",
    "no processor time": "resource.setrlimit(resource.RLIMIT_CPU, (0, 0))\n    while True: pass",
    "prlimit": "resource.prlimit(0, resource.RLIMIT_CPU, (0, 0))\n    while True: pass",
    "a child's prlimit": "child('resource.prlimit(parent, resource.RLIMIT_CPU, (0, 0))')\n    while True: pass",
    "a stop": "os.kill(os.getpid(), 19)",
    "another end": "os.kill(os.getpid(), 15)",
    "ignored, then": "signal.signal(15, signal.SIG_IGN); os.kill(os.getpid(), 9)",
}
HEAD = """
import ctypes, fcntl, os, resource, signal, subprocess, sys, threading, time
libc = ctypes.CDLL(None)
parent = os.getpid()
def child(text):
    if os.fork() == 0:
        exec(text)
        os._exit(0)
    time.sleep(0.5)
"""
CALLS, PRINTS = {"tests": ["assert f(1) == 2"]}, {"tests": [{"input": "", "output": "done"}]}


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_program_that_kills_itself_is_wrong(backend: str) -> None:
    reward = Reward("code", backend=need(backend), timeout=3.0, total_timeout=6.0)
    texts = [f"{HEAD}def f(x):\n    {act}\n    return 3\n" for act in SELF.values()]
    called = reward.score_batch([Sample(text, CALLS) for text in texts])
    printed = reward.score_batch([Sample(f"{text}f(1)\nprint('over')\n", PRINTS) for text in texts])
    for name, *both in zip(SELF, called, printed, strict=True):
        assert [score.value for score in both] == [0.0, 0.0], (name, both)


@pytest.mark.bubblewrap
def test_a_few_ways_in_the_fast_tier() -> None:
    reward = Reward("code", backend=need("bubblewrap"), timeout=3.0)
    for name in ("itself", "all", "raised", "tgkill", "a child kills it"):
        score = reward.score(Sample(f"{HEAD}def f(x):\n    {SELF[name]}\n    return 3\n", CALLS))
        assert score.value == 0.0, (name, score)


ALLOWED = """
import os, resource, signal, subprocess, sys, threading, time
def f(x):
    c = os.fork()
    if c == 0:
        time.sleep(9)
    os.kill(c, 9)
    assert os.waitpid(c, 0)[1] == 9
    g = os.fork()
    if g == 0:
        os.setsid()
        time.sleep(9)
    time.sleep(0.3)
    os.killpg(g, 9)
    assert os.waitpid(g, 0)[1] == 9
    signal.signal(signal.SIGUSR1, lambda *a: None)
    os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), 0)
    signal.setitimer(signal.ITIMER_REAL, 60)
    resource.setrlimit(resource.RLIMIT_CPU, (5, 9))
    resource.setrlimit(resource.RLIMIT_STACK, resource.getrlimit(resource.RLIMIT_STACK))
    t = threading.Thread(target=time.sleep, args=(0.01,))
    t.start()
    t.join()
    return 2
"""


@pytest.mark.bubblewrap
@pytest.mark.parametrize("guarded", [False, True])
def test_what_programs_do_with_signals_works(guarded: bool) -> None:
    """In the guarded tries, too, that follow a kill which nobody explains."""
    need("bubblewrap")
    session = Session(lambda: bubblewrap.start(Limits()))
    job = {"style": "asserts", "program": ALLOWED, "tests": CALLS["tests"]}
    reply = session.run(job | {"limits": Limits().for_job() | {"guarded": guarded}})
    session.close()
    assert reply["results"] == [[True, ""]], reply


def test_without_isolation_every_try_is_guarded() -> None:
    """A program that kills all that it may would else end the session of whoever debugs it."""
    reward = Reward("code", backend="unsafe-local", workers=1)
    score = reward.score(Sample("import os\ndef f(x): os.kill(os.getpid(), 9)", CALLS))
    close_pools()
    assert score.value == 0.0 and "forbidden call" in score.reason, score
