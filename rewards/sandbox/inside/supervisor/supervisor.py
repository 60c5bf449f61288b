"""The supervisor: one program for every backend, on standard input and output.

It takes one job at a time (a frame), has the forkserver fork the candidate, forks the judge, and answers with a frame.
The next job begins when both are gone, with everything they started, and the scratch directories are empty. It ends
when its input does, so nothing outlives the owner. It reads tests, so it never forks a candidate itself.
"""

import functools
import gc
import importlib
import os
import sys
import time
from typing import Any

from ..confinement import confine
from ..protocol import frames
from .allowance import MachineFaultError, StarvedError
from .housekeeping import Housekeeping
from .run_script import run_script
from .run_tests import run_tests

# No more than most programs use: every page of this process is copied for every test.
WARM = (
    "abc array bisect collections copy datetime decimal enum fractions functools heapq itertools math operator "
    "random re string threading typing"
).split()
_SUBREAPER = 36


class Supervisor:
    """The loop of one sandbox. `config`: separation, home and judge_home (directories), wipe, preload."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._housekeeping = Housekeeping(config)
        self._stale = False

    def serve(self) -> None:
        """Answer jobs until the owner is gone. A sandbox that could not be cleaned answers `stale`: throw it away."""
        while True:
            job = frames.receive(0)
            started = time.monotonic()
            if self._stale:
                self._answer(job, started, {"stale": True})
                continue
            run = run_script if job["style"] == "stdin" else run_tests
            try:
                self._stale = not run(self._housekeeping, job, functools.partial(self._answer, job, started))
            except MachineFaultError as fault:
                self._stale = True
                self._answer(job, started, {"starved" if isinstance(fault, StarvedError) else "lost": str(fault)})

    def _answer(self, job: dict[str, Any], started: float, reply: dict[str, Any]) -> None:
        frames.send(1, {"id": job.get("id"), "seconds": time.monotonic() - started, **reply})


def main(config: dict[str, Any]) -> None:
    """Run a sandbox until the owner closes our input. Never returns."""
    confine.hide()
    confine.LIBC.prctl(_SUBREAPER, 1, 0, 0, 0)
    sys.path[:0] = config.get("path", [])
    for name in [*WARM, *config.get("preload", [])]:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    try:
        if config["separation"] == "uids":
            confine.filter_calls()
        supervisor = Supervisor(config)
        frames.send(1, {"ready": True, "python": sys.version.split()[0], "pid": os.getpid()})
        supervisor.serve()
    except frames.ClosedError:
        os._exit(0)
    except Exception as error:  # noqa: BLE001 - the owner reads the complaint; process 1 must not linger
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(1)
