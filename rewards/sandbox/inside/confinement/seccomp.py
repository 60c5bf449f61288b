"""A system-call filter for the candidate, set by itself before it runs the program.

It refuses what no test needs and what would reach out of the process: tracing, mounts, new namespaces, keys, shared
memory that outlives its maker, io_uring, priorities, and sockets other than Unix and IP ones (a vsock reaches the
hypervisor from any network namespace). A second filter (`no_kill_of`) keeps a program from a death by SIGKILL that is
its own doing, so that such a death is always somebody else's. Numbers: Linux's syscall tables.
"""

import ctypes
import errno
import os
import struct

_BLOCKED = {
    "x86_64": (101, 310, 311, 272, 308, 165, 166, 155, 161, 429, 428, 430, 431, 432, 433, 442, 250, 248, 249)
    + (321, 298, 323, 425, 426, 427, 246, 320, 175, 313, 176, 319, 447, 29, 68, 64, 240, 304, 312, 438, 135, 167, 169)
    + (141, 142, 144, 314),
    "aarch64": (117, 270, 271, 97, 268, 40, 39, 41, 51, 429, 428, 430, 431, 432, 433, 442, 219, 217, 218)
    + (
        280,
        241,
        282,
        425,
        426,
        427,
        104,
        294,
        105,
        273,
        106,
        279,
        447,
        194,
        186,
        190,
        180,
        265,
        272,
        438,
        92,
        224,
        142,
    )
    + (140, 118, 119, 274),
}
"""ptrace, process_vm_readv/writev, unshare, setns, mount, umount2, pivot_root, chroot, move_mount, open_tree, fsopen,
fsconfig, fsmount, fspick, mount_setattr, keyctl, add_key, request_key, bpf, perf_event_open, userfaultfd, io_uring_*,
kexec_*, *_module, memfd_create, memfd_secret, shmget, msgget, semget, mq_open, open_by_handle_at, kcmp, pidfd_getfd,
personality, swapon, reboot; setpriority, sched_setparam, sched_setscheduler, sched_setattr (who makes itself wait for a
processor would be given the time back)."""
_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE = {"x86_64": 56, "aarch64": 220}
_SOCKET = {"x86_64": 41, "aarch64": 198}
_CLONE3 = 435
_NEW_NAMESPACES = 0x7E020080
_FAMILIES = (1, 2, 10)
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _EQUAL, _SET, _ABOVE, _AND, _RETURN = 0x20, 0x15, 0x45, 0x25, 0x54, 0x06
_REFUSE, _PRETEND = _ERRNO | errno.EPERM, _ERRNO
_SIGKILL, _DEATH_SIGNAL, _SET_SIGNAL = 9, 1, 10
_NUMBERS = {
    "x86_64": {
        "kill": 62, "tkill": 200, "tgkill": 234, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297, "fcntl": 72,
        "prctl": 157, "setpgid": 109, "timer_create": 222, "mq_notify": 244, "setrlimit": 160, "prlimit64": 302,
    },
    "aarch64": {
        "kill": 129, "tkill": 130, "tgkill": 131, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240, "fcntl": 25,
        "prctl": 167, "setpgid": 154, "timer_create": 107, "mq_notify": 184, "setrlimit": 164, "prlimit64": 261,
    },
}  # fmt: skip
_PIDFD_SEND_SIGNAL = 424
Line = tuple[int, int, int, int]


def program() -> bytes | None:
    """The filter as an array of `sock_filter`; None on a machine whose numbers are unknown."""
    machine = os.uname().machine
    if machine not in _ARCH:
        return None
    code = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, _ARCH[machine]), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    code += [(_ABOVE, 0, 1, 0x3FFFFFFF), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    code += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    for number in _BLOCKED[machine]:
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    code += [(_EQUAL, 0, 4, _CLONE[machine]), (_LOAD, 0, 0, 16)]
    code += [(_SET, 0, 1, _NEW_NAMESPACES), (_RETURN, 0, 0, _ERRNO | errno.EPERM), (_RETURN, 0, 0, _ALLOW)]
    code += [(_EQUAL, 0, 5, _SOCKET[machine]), (_LOAD, 0, 0, 16)]
    code += [(_EQUAL, 3 - i, 0, family) for i, family in enumerate(_FAMILIES)]
    code += [(_RETURN, 0, 0, _ERRNO | errno.EPERM), (_RETURN, 0, 0, _ALLOW)]
    return _packed(code)


def no_kill_of(pid: int) -> bytes | None:
    """A filter under which nothing that process `pid` or its descendants do sends it SIGKILL. A call that would ends
    the caller by SIGSYS (`kill` of itself, its group or all, any thread's or queued SIGKILL); what would bring one
    later is refused (as a child's or a timer's signal, as that of a descriptor, for a parent's death, in somebody
    else's group) or, of a lower limit of processor time, pretended. None on a machine whose numbers are unknown."""
    machine = os.uname().machine
    if machine not in _ARCH:
        return None
    numbers = _NUMBERS[machine]
    itself = [pid, 0, 2**32 - 1, 2**32 - pid]
    code: list[Line] = [(_LOAD, 0, 0, 0)]
    code += _call(numbers["kill"], [_argument(1), (_EQUAL, 0, 5, _SIGKILL), _argument(0)]
                  + [(_EQUAL, 4 - i, 0, target) for i, target in enumerate(itself)]
                  + [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _KILL)])  # fmt: skip
    for name, argument_index in (("tkill", 1), ("tgkill", 2), ("rt_sigqueueinfo", 1), ("rt_tgsigqueueinfo", 2)):
        code += _call(numbers[name], _where({argument_index: _SIGKILL}, _KILL))
    code += _call(_PIDFD_SEND_SIGNAL, _where({1: _SIGKILL}, _KILL))
    code += _call(numbers["fcntl"], _where({1: _SET_SIGNAL, 2: _SIGKILL}, _REFUSE))
    code += _call(numbers["prctl"], _where({0: _DEATH_SIGNAL, 1: _SIGKILL}, _REFUSE))
    code += _call(numbers["setpgid"], _where({1: 0}, _ALLOW, _REFUSE))
    signal_of_child = [_argument(0), (_AND, 0, 0, 0xFF), (_EQUAL, 0, 1, _SIGKILL)]
    code += _call(_CLONE[machine], [*signal_of_child, (_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)])
    code += _call(numbers["timer_create"], [(_RETURN, 0, 0, _REFUSE)])
    code += _call(numbers["mq_notify"], [(_RETURN, 0, 0, _REFUSE)])
    code += _call(numbers["setrlimit"], _where({0: 0}, _PRETEND))
    no_limit_given = [_argument(2), (_EQUAL, 0, 2, 0), (_LOAD, 0, 0, 36), (_EQUAL, 1, 0, 0)]
    code += _call(numbers["prlimit64"], [_argument(1), (_EQUAL, 0, 5, 0), *no_limit_given,
                                         (_RETURN, 0, 0, _PRETEND), (_RETURN, 0, 0, _ALLOW)])  # fmt: skip
    return _packed([*code, (_RETURN, 0, 0, _ALLOW)])


def _argument(index: int) -> Line:
    """Load the low half of an argument."""
    return _LOAD, 0, 0, 16 + 8 * index


def _call(number: int, body: list[Line]) -> list[Line]:
    """What is done about one call; `body` returns, whatever it finds."""
    return [(_EQUAL, 0, len(body), number), *body]


def _where(arguments: dict[int, int], then: int, otherwise: int = _ALLOW) -> list[Line]:
    """`then` where all arguments have these values, else `otherwise`."""
    code: list[Line] = []
    for number, (index, value) in enumerate(arguments.items()):
        code += [_argument(index), (_EQUAL, 0, 2 * (len(arguments) - number) - 1, value)]
    return [*code, (_RETURN, 0, 0, then), (_RETURN, 0, 0, otherwise)]


def _packed(code: list[Line]) -> bytes:
    return b"".join(struct.pack("HBBI", *line) for line in code)


def install(libc: ctypes.CDLL, code: bytes) -> None:
    """Set the filter on this process for good. Raises OSError."""
    buffer = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer)))
    no_new_privileges, set_seccomp, filter_mode = 38, 22, 2
    if libc.prctl(no_new_privileges, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    if libc.prctl(set_seccomp, filter_mode, header, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")
