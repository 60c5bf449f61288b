"""The forkserver: forks candidates and judges from a warm interpreter that has never seen a program or a test.

The supervisor reads tests, so a process forked from it would carry expected values in its memory, freed or not. The
forkserver is forked off before the first job and only ever sees commands and descriptors; a judge is given its job
after it was forked, through a pipe of its own. (Judges of pytest files come from a second forkserver, which has
imported pytest and forks no candidates.)
Commands: `{"spawn": [child, …]}` with the descriptors of all → `{"pids"}`; `{"wait": [pid, …]}` → their `exits`, and
usage of the first; `{"sweep": uid, "wipe": [paths], …}` → ends what is left of that user and empties the directories
as that user. A child is `{"mode": "serve"|"script"|"judge", "descriptors": how many, "limits", "separation", "uid",
"home"}`; on the last of its descriptors it says that it has begun.
"""

import _sitebuiltins
import builtins
import contextlib
import gc
import importlib
import os
import random
import signal
import socket
import sys
from collections.abc import Iterable
from typing import Any

from ..candidate import script
from ..candidate.candidate import Candidate
from ..confinement import confine, wipe
from ..judge import judge
from ..protocol import frames
from . import warmup


def serve_forks(channel: socket.socket, preload: Iterable[str]) -> None:
    """Answer commands until the supervisor is gone. Never returns."""
    _fresh_streams()
    _site_builtins()
    channel.send(frames.encode({"problem": _import(preload)}))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    warmup.warm_up()
    random.seed(0)
    gc.collect()
    gc.freeze()
    while True:
        data, descriptors, _, _ = socket.recv_fds(channel, 65536, 16)
        if not data:
            os._exit(0)
        command = frames.decode(data)
        channel.send(frames.encode(_obey(command, descriptors)))
        for fd in descriptors:
            os.close(fd)


def _import(names: Iterable[str]) -> str | None:
    try:
        for name in names:
            importlib.import_module(name)
    except ImportError as error:
        return str(error)
    return None


def _obey(command: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    if "spawn" in command:
        return {"pids": _spawn(command["spawn"], descriptors)}
    if "wait" in command:
        ended = [os.wait4(pid, 0) for pid in command["wait"]]
        usage = ended[0][2]
        return {
            "exits": [os.waitstatus_to_exitcode(status) for _, status, _ in ended],
            "cpu": usage.ru_utime + usage.ru_stime,
            "memory": usage.ru_maxrss * 1024,
        }
    pid = confine.plain_fork() or _sweeper(command)
    os.waitpid(pid, 0)
    return {}


def _spawn(children: list[dict[str, Any]], descriptors: list[int]) -> list[int]:
    pids = []
    for child in children:
        own, descriptors = descriptors[: child["descriptors"]], descriptors[child["descriptors"] :]
        pids.append(confine.plain_fork() or _child(child, own))
    return pids


def _child(child: dict[str, Any], descriptors: list[int]) -> int:
    """In the child: confine, then do its part. Never returns."""
    try:
        confine.place_descriptors(descriptors)
        if child["mode"] == "judge":
            confine.be_killed_first(False)
        elif child["separation"] == "namespaces":
            confine.enter_namespaces()
        confine.confine(child["limits"], child["separation"], child["uid"], child["home"])
        if child["mode"] != "judge" and (child["limits"].get("guarded") or child["separation"] == "none"):
            confine.forbid_own_kill()
        began = child["descriptors"] - 1
        os.write(began, b".")
        os.close(began)
        if child["mode"] == "judge":
            confine.hide()
            sys.set_int_max_str_digits(4300)
            judge.serve(3, 4, 5, 6)
            os._exit(0)
        if child["mode"] == "serve":
            Candidate(3, 4).run()
            os._exit(0)
        os._exit(script.run(3))
    except BaseException as error:  # noqa: BLE001 - a forked child must never return into the forkserver's loop
        os.write(2, f"{child['mode']}: {type(error).__name__}: {error}\n".encode()[:2000])
    finally:
        os._exit(70)


def _fresh_streams() -> None:
    """Made once: a candidate inherits them over descriptors of its own."""
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]


def _site_builtins() -> None:
    """What `site` adds to Python's builtins, which a program may use: `exit`, `quit`, `help`, `copyright`, …"""
    for name in ("exit", "quit"):
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))
    for name in ("copyright", "credits", "license"):
        setattr(builtins, name, _sitebuiltins._Printer(name, "See https://www.python.org"))
    builtins.help = _sitebuiltins._Helper()
    # Solutions of contests are older than the limit, and have a time limit anyway.
    sys.set_int_max_str_digits(0)


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
