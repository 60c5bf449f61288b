"""What a forked process gives up before it runs the program or the tests.

`separation` says what keeps candidate and judge apart: `uids` (the supervisor is root and gives each its own user),
`namespaces` (it has one user only: the candidate goes into a user and process namespace of its own) or `none`
(unsafe-local).
"""

import ctypes
import os
import resource
import signal
from collections.abc import Sequence
from typing import Any

from . import seccomp

LIBC = ctypes.CDLL(None, use_errno=True)
_FORK = ctypes.PyDLL(None, use_errno=True).fork
JUDGE_UID = 10_001
BUILD_UID = 10_002
_FIRST_UID, _UIDS = 20_000, 30_000
_DUMPABLE, _DEATH_SIGNAL = 4, 1
_NEW_USER, _NEW_PID = 0x10000000, 0x20000000
_FILTER = seccomp.program()


def candidate_uid(number: int) -> int:
    """The user of the number-th test: none is used twice while a leftover could live."""
    return _FIRST_UID + number % _UIDS


def hide(hidden: bool = True) -> None:
    """Let nobody of the same user read or trace this process (PR_SET_DUMPABLE)."""
    LIBC.prctl(_DUMPABLE, int(not hidden), 0, 0, 0)


def plain_fork() -> int:
    """`os.fork` without Python's preparations for other threads, of which there are none: they would write to two
    hundred pages, each of which the kernel then copies. Raises OSError."""
    pid: int = _FORK()
    if pid < 0:
        raise OSError(ctypes.get_errno(), "fork")
    return pid


def place_descriptors(descriptors: Sequence[int]) -> None:
    """Make `descriptors` 0, 1, 2, … and close every other one."""
    high = [os.dup2(fd, 200 + i, inheritable=False) for i, fd in enumerate(descriptors)]
    for number, fd in enumerate(high):
        os.dup2(fd, number)
    os.closerange(len(high), 1024)


def confine(limits: dict[str, Any], separation: str, uid: int, home: str) -> None:
    """Limits, session, user and system-call filter of the calling process, for good. Raises OSError."""
    os.setpgid(0, 0)
    os.umask(0o077)
    _limit(limits, own_user=separation != "none")
    if separation == "uids":
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    os.chdir(home)
    if separation == "namespaces":
        filter_calls()


def filter_calls() -> None:
    """Refuse dangerous system calls to this process and all its children, for good. Raises OSError."""
    if _FILTER is not None:
        seccomp.install(LIBC, _FILTER)


def forbid_own_kill() -> None:
    """Nothing that this process and its children do kills this process by SIGKILL, from now on. Raises OSError."""
    code = seccomp.no_kill_of(os.getpid())
    if code is not None:
        seccomp.install(LIBC, code)


def enter_namespaces() -> None:
    """Go into a new user and process namespace; returns in its first process, whose parent waits for it and ends
    with its status. Raises OSError."""
    user, group = os.getuid(), os.getgid()
    hide(False)
    if LIBC.unshare(_NEW_USER | _NEW_PID):
        raise OSError(ctypes.get_errno(), "unshare")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")
    hide()
    child = os.fork()
    if child:
        os.closerange(0, 1024)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            number = os.WTERMSIG(status)
            if number != signal.SIGKILL:
                signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        os._exit(os.WEXITSTATUS(status))
    LIBC.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() == 0:
        _drop_capabilities()
        return
    os._exit(70)


def _drop_capabilities() -> None:
    """Give up what the new user namespace granted, so that nothing in it is worth having."""
    for capability in range(64):
        LIBC.prctl(24, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    LIBC.capset(header, (ctypes.c_uint32 * 6)())


def be_killed_first(first: bool = True) -> None:
    """When memory runs out the kernel takes this process or a child of it before the supervisor (or not)."""
    hide(False)
    _write("/proc/self/oom_score_adj", "1000" if first else "0")
    hide()


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def _limit(limits: dict[str, Any], own_user: bool) -> None:
    memory = int(limits["memory"])
    bounds = [
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, int(limits["disk"])),
        (resource.RLIMIT_NOFILE, int(limits["files"])),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_CPU, int(limits["cpu"]) + 1),
    ]
    if own_user:
        bounds.append((resource.RLIMIT_NPROC, int(limits["processes"])))
    for what, bound in bounds:
        hard = resource.getrlimit(what)[1]
        bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(what, (bound, bound))
