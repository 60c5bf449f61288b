"""A system-call filter for the candidate, set by itself before it runs the program.

It refuses what no test needs and what would reach out of the process: tracing, mounts, new namespaces, keys, shared
memory that outlives its maker, io_uring, priorities, and sockets other than Unix and IP ones (a vsock reaches the
hypervisor from any network namespace). Numbers: Linux's syscall tables.
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
_LOAD, _EQUAL, _SET, _ABOVE, _RETURN = 0x20, 0x15, 0x45, 0x25, 0x06


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
