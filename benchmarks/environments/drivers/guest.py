"""A guest: a foreign package in a process and an interpreter of its own, asked by JSON lines.

Nothing of the package is imported here. A guest that died or did not answer in time is started again by the next call;
the call that met it raises EpisodeError, so its episode has no value and no model's 0.
"""

import atexit
import contextlib
import importlib.util
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

from holdfast.environment import EpisodeError
from holdfast.errors import UsageError

_FOLDER = Path(__file__).parent / "guests"
_LONGEST = 64 * 2**20
"""Bytes of one answer at most."""


class GuestError(EpisodeError):
    """The package raised; the message is its exception."""


class Guest:
    """One process. Calls from many threads are answered one after the other."""

    def __init__(self, name: str, python: str, timeout: float = 120.0) -> None:
        self.name, self.python, self.timeout = name, python, timeout
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        self._rest = b""

    def call(self, method: str, **arguments: Any) -> Any:
        """The method's result. Raises GuestError with the package's exception, EpisodeError for a dead guest."""
        with self._lock:
            answer = self._exchange({"method": method, "arguments": arguments})
        if "error" in answer:
            raise GuestError(f"{self.name}: {answer['error']}")
        return answer["result"]

    def close(self) -> None:
        """End the process and what it started."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        process = self._running()
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = self._line(process)
            answer = json.loads(line)
        except (OSError, ValueError) as error:
            self.close()
            raise EpisodeError(f"the {self.name} process failed: {error or 'no answer'}{self._last_words()}") from error
        if not isinstance(answer, dict):
            raise EpisodeError(f"the {self.name} process answered {line[:80]!r}")
        return answer

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        self._rest = b""
        command = [self.python, str(_FOLDER / "loop.py"), str(_FOLDER / f"{self.name}.py")]
        environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
                start_new_session=True, env=environment,
            )  # fmt: skip
        except OSError as error:
            raise EpisodeError(f"cannot start {self.python}: {error.strerror}") from error
        return self._process

    def _line(self, process: "subprocess.Popen[bytes]") -> bytes:
        """One line of the answer. Raises OSError at its end, after the time limit, or past the longest answer."""
        assert process.stdout is not None
        until = time.monotonic() + self.timeout
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if not selector.select(max(until - time.monotonic(), 0)):
                    raise TimeoutError(f"no answer in {self.timeout:g} s")
                piece = os.read(process.stdout.fileno(), 2**20)
                if not piece:
                    raise OSError("it ended")
                self._rest += piece
                if len(self._rest) > _LONGEST:
                    raise OSError(f"an answer of over {_LONGEST} bytes")
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _last_words(self) -> str:
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(size - 400, 0))
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return f" ({lines[-1]})" if lines else ""


@cache
def guest(name: str, python: str) -> Guest:
    """The guest of a package and interpreter; every environment of this process shares it."""
    made = Guest(name, python)
    atexit.register(made.close)
    return made


def interpreter(package: str, module: str, python: str | None) -> str:
    """The interpreter that has a package: the one named, else HOLDFAST_PYTHON_<MODULE>, else this one.

    Raises UsageError, saying how to install the package in an environment of its own.
    """
    variable = f"HOLDFAST_PYTHON_{module.upper()}"
    chosen = python or os.environ.get(variable)
    if chosen:
        if not Path(chosen).is_file():
            raise UsageError(f"no interpreter at {chosen} (python= or {variable})")
        return str(chosen)
    if importlib.util.find_spec(module) is not None:
        return sys.executable
    raise UsageError(
        f"{package} is not installed; in an environment of its own: python -m venv .envs/{package} &&"
        f" .envs/{package}/bin/pip install {package}, then python=.envs/{package}/bin/python (or {variable}=…)"
    )
