"""The nursery: forks candidates from a warm interpreter that has never seen a program or a test.

The supervisor reads tests, so a process forked from it would carry expected values in its memory, freed or not. The
nursery is forked off before the first job and only ever sees commands and descriptors.
Commands: `{"spawn": "serve"|"script", …}` with descriptors → `{"pid"}`; `{"wait": pid}` → status and usage;
`{"sweep": uid, "wipe": [paths]}` → ends what is left of that user and empties the directories as that user.
"""

import contextlib
import gc
import json
import os
import signal
import socket
import sys
from typing import Any

from . import confine, script, wipe
from .serve import Server


def serve_forks(channel: socket.socket) -> None:
    """Answer commands until the supervisor is gone. Never returns."""
    _fresh_streams()
    gc.freeze()
    while True:
        data, descriptors, _, _ = socket.recv_fds(channel, 65536, 8)
        if not data:
            os._exit(0)
        command = json.loads(data)
        channel.send(json.dumps(_obey(command, descriptors)).encode())
        for fd in descriptors:
            os.close(fd)


def _obey(command: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    if "spawn" in command:
        return {"pid": os.fork() or _candidate(command, descriptors)}
    if "wait" in command:
        _, status, usage = os.wait4(command["wait"], 0)
        return {
            "exit": os.waitstatus_to_exitcode(status),
            "cpu": usage.ru_utime + usage.ru_stime,
            "memory": usage.ru_maxrss * 1024,
        }
    pid = os.fork() or _sweeper(command)
    os.waitpid(pid, 0)
    return {}


def _candidate(command: dict[str, Any], descriptors: list[int]) -> int:
    """In the child: confine, then run the program. Never returns."""
    try:
        confine.place_descriptors(descriptors)
        if command["separation"] == "namespaces":
            confine.enter_namespaces()
        confine.confine(command["limits"], command["separation"], command["uid"], command["home"])
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if command["spawn"] == "serve":
            Server(3, 4).run()
            os._exit(0)
        os._exit(script.run(3))
    except BaseException as error:  # noqa: BLE001 - a forked child must never return into the nursery's loop
        os.write(2, f"{type(error).__name__}: {error}\n".encode()[:2000])
    finally:
        os._exit(70)


def _fresh_streams() -> None:
    """Made once: a candidate inherits them over descriptors of its own."""
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]


def _sweeper(command: dict[str, Any]) -> int:
    """In the child: as the candidate's user, end all of its processes and empty the directories. Never returns."""
    try:
        if command["separation"] == "uids":
            uid = command["sweep"]
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
        signal.alarm(5)
        for path in command["wipe"]:
            wipe.empty(path)
    finally:
        os._exit(0)
