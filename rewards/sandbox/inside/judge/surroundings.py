"""What tests change around a program, in the judge's process, carried over to the program's: `input`, standard input,
`sys.argv`, the environment, the working directory. And a folder in which both sides read and write files.

Only the tests' own settings cross, from the judge to the program, before it is called.
"""

import builtins
import functools
import io
import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from .candidate_client import CandidateClient


class Surroundings:
    """Tells the program what has changed since it was told last."""

    def __init__(self, client: CandidateClient) -> None:
        self._client = client
        self._input, self._stdin = builtins.input, sys.stdin
        self._known = self._now()

    def update(self) -> None:
        """Before the program is called."""
        now = self._now()
        changed = {name: value for name, value in now.items() if not _same(value, self._known[name])}
        if changed:
            self._known = now
            self._client.ask("surround", changed)

    def _now(self) -> dict[str, Any]:
        return {
            "input": None if builtins.input is self._input else builtins.input,
            "stdin": None if sys.stdin is self._stdin else _unread(sys.stdin),
            "argv": list(map(str, sys.argv)),
            "environ": dict(os.environ),
            "cwd": os.getcwd(),  # noqa: PTH109
        }


def share_files(client: CandidateClient) -> None:
    """A folder of this job for the files of both sides: temporary ones and those with relative names. What the tests
    make is open to the program and the other way round."""
    os.umask(0)
    folder = tempfile.mkdtemp(prefix="tests-", dir=client.scratch)
    os.chmod(folder, 0o777)  # noqa: PTH101
    tempfile.tempdir = os.environ["TMPDIR"] = folder
    os.chdir(folder)
    tempfile._mkstemp_inner = _opened(tempfile._mkstemp_inner, 0o666, lambda made: made[1])  # type: ignore[attr-defined]
    tempfile.mkdtemp = _opened(tempfile.mkdtemp, 0o777, lambda made: made)
    client.ask("surround", {"umask": 0, "cwd": folder, "environ": dict(os.environ)})


def _opened(make: Callable[..., Any], mode: int, path: Callable[[Any], str]) -> Callable[..., Any]:
    @functools.wraps(make)
    def made(*arguments: Any, **keywords: Any) -> Any:
        found = make(*arguments, **keywords)
        os.chmod(path(found), mode)  # noqa: PTH101
        return found

    return made


def _same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and isinstance(one, str | list | dict) and one == other)


def _unread(stream: Any) -> str:
    """What a stream that the tests put in place of standard input still holds."""
    if isinstance(stream, io.StringIO):
        return stream.getvalue()[stream.tell() :]
    raw = getattr(stream, "buffer", None)
    return raw.getvalue()[raw.tell() :].decode("utf-8", "replace") if isinstance(raw, io.BytesIO) else ""
