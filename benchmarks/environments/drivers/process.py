"""A foreign package in a process and an interpreter of its own: one JSON object a line, there and back.

The host sends `{"verb": …, **arguments}` and reads `{"result": …}` or `{"error": …}`. What dies, hangs or answers what
is no JSON is an EpisodeError, and the next request starts a new process: the episodes it held are gone (the driver
plays them again). No foreign code is imported here and no text of a model is sent but as data.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from holdfast.environment import EpisodeError
from holdfast.errors import UsageError

_WORKERS = Path(__file__).parent / "workers"
_LONGEST = 64_000_000
"""Bytes of one answer."""
PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "HF_HUB_OFFLINE")
"""Variables of this process's environment that a worker sees: no keys."""


class PackageError(EpisodeError):
    """The package raised; the message is its exception."""


class Worker:
    """One worker process, started when it is first needed."""

    def __init__(
        self,
        script: str,
        python: str,
        timeout: float = 120.0,
        settings: Mapping[str, Any] | None = None,
        folder: str | None = None,
    ) -> None:
        """`script`: a file of `workers`; `python`: the interpreter that has the package; `timeout`: seconds of one
        answer; `settings`: said to the worker when it starts; `folder`: its working directory, default ours."""
        self._folder = folder
        self._script, self._python, self._timeout = _WORKERS / script, python, timeout
        self._settings = dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._lock = threading.Lock()
        self.generation = 0
        """How many processes there were: an episode of an earlier one is gone."""

    @property
    def running(self) -> int:
        """The number of the process that runs; 0 where none does."""
        return self.generation if self._process is not None and self._process.poll() is None else 0

    def ask(self, verb: str, **arguments: Any) -> Any:
        """The worker's result. Raises PackageError for an exception of the package, EpisodeError for a lost worker."""
        with self._lock:
            return self._request(verb, arguments)

    def _request(self, verb: str, arguments: Mapping[str, Any]) -> Any:
        if self._process is None or self._process.poll() is not None:
            self._start()
        answer = self._exchange({"verb": verb, **arguments})
        if "error" in answer:
            raise PackageError(f"{self._script.stem}: {answer['error']}")
        return answer["result"]

    def _start(self) -> None:
        self._kill()
        environment = {name: os.environ[name] for name in PASSED if name in os.environ}
        try:
            self._process = subprocess.Popen(
                [self._python, "-u", "-s", str(self._script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
                cwd=self._folder,
            )
        except OSError as error:
            raise UsageError(f"cannot start {self._python}: {error}") from error
        self._buffer = b""
        self.generation += 1
        ready = self._exchange({"verb": "start", **self._settings})
        if "error" in ready:
            self._kill()
            raise UsageError(f"{self._script.stem} with {self._python}: {ready['error']}")

    def _exchange(self, request: Mapping[str, Any]) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdin is None:
            raise EpisodeError(f"{self._script.stem} is not running")
        try:
            process.stdin.write(json.dumps(request, ensure_ascii=True).encode() + b"\n")
            process.stdin.flush()
            answer = json.loads(self._line(process))
        except (OSError, ValueError) as error:
            code = process.poll()
            self._kill()
            raise EpisodeError(f"{self._script.stem} died (exit {code}): {error}") from error
        if not isinstance(answer, dict) or not ("result" in answer or "error" in answer):
            self._kill()
            raise EpisodeError(f"{self._script.stem} answered {answer!r:.100}")
        return answer

    def _line(self, process: "subprocess.Popen[bytes]") -> bytes:
        """The next line. Raises ValueError at the time limit, the size limit and the end."""
        assert process.stdout is not None
        end = time.monotonic() + self._timeout
        while b"\n" not in self._buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                raise ValueError(f"no answer within {self._timeout:g} seconds")
            chunk = os.read(process.stdout.fileno(), 1 << 20)
            if not chunk:
                raise ValueError("it closed its output")
            self._buffer += chunk
            if len(self._buffer) > _LONGEST:
                raise ValueError("its answer is too long")
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._kill()

    def __del__(self) -> None:
        self._kill()


@cache
def shared_worker(script: str, python: str) -> Worker:
    """The worker of a script and interpreter that every environment of this process shares."""
    return Worker(script, python)


@cache
def placed_worker(script: str, python: str, folder: str | None) -> Worker:
    """A worker that also looks for modules in a folder."""
    return Worker(script, python, settings={"paths": [folder] if folder else []})


def interpreter(python: str | None, variable: str, package: str) -> str:
    """The interpreter that has a package: what was set, the environment variable's, or this one when it has it.

    Raises UsageError that says how to make one."""
    import importlib.util

    python_path = python or os.environ.get(variable)
    if python_path:
        found = shutil.which(python_path)
        if found is None:
            raise UsageError(f"there is no interpreter {python_path!r}")
        return found
    if importlib.util.find_spec(package.split("==")[0].replace("-", "_")) is not None:
        return sys.executable
    raise UsageError(
        f"this environment runs {package} in an interpreter of its own: "
        f"`python -m venv VENV && VENV/bin/pip install {package}`, then python=VENV/bin/python or ${variable}"
    )
