"""A container of an episode's own: commands are run in it and files put into it; what it answers is bounded.

The engine's failure is an EpisodeError. A command that outlives its time is killed, and says so; of its output the
first and the last part are kept. The container has no network unless it is asked for, limited memory and processes, and
is removed when the episode ends; one that a killed program left is removed when the next is opened.
"""

import contextlib
import io
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.environment import EpisodeError
from holdfast.errors import UsageError, install_hint
from holdfast.process.undo import unless_done
from holdfast.rewards.sandbox.backends.docker_engine import LABEL, owner, reap

_KEPT = 16_000
"""Characters of a command's output."""
_TIMEOUT = 60
"""Seconds of one exchange with the engine; a command's own time is added."""
_KILLED = 137


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did."""

    code: int
    output: str
    """Both streams together."""
    seconds: float = 0.0
    """How long it ran."""

    @property
    def killed(self) -> bool:
        """Whether it was killed: at its time limit, or for its memory."""
        return self.code == _KILLED


@contextlib.contextmanager
def engine_errors() -> Iterator[None]:
    """Whatever the engine's client raises is the environment's failure."""
    try:
        from docker.errors import DockerException
        from requests.exceptions import RequestException
        from urllib3.exceptions import HTTPError
    except ImportError:
        raise UsageError(f"containers need the package docker: {install_hint('sandbox')}") from None
    try:
        yield
    except (DockerException, RequestException, HTTPError, OSError) as error:  # a stream raises urllib3's own
        raise EpisodeError(f"the Docker engine: {str(error)[:300]}") from error


def limits(memory: str, cpus: float) -> dict[str, Any]:
    """What every container of ours is started with: little that it may use up, few capabilities, an owner's label.

    `memory` as Docker writes it (`512m`); swap is not added to it."""
    return {
        "init": True,
        "mem_limit": memory,
        "memswap_limit": memory,
        "nano_cpus": int(cpus * 1e9),
        "pids_limit": 512,
        "cap_drop": ["NET_RAW", "MKNOD", "AUDIT_WRITE", "SYS_CHROOT"],
        "security_opt": ["no-new-privileges"],
        "labels": {LABEL: owner()},
    }


def started(client: Any, image: str, command: list[str] | None = None, **options: Any) -> Any:
    """A container that was started; one that does not start is removed again. Raises what the client does."""
    container = client.containers.create(image, command, detach=True, **options)
    with unless_done(lambda: remove(container)):
        container.start()
    return container


def remove(container: Any) -> None:
    """Remove a container; one that is gone, or an engine that does not answer, is of no interest any more."""
    with contextlib.suppress(EpisodeError), engine_errors():
        container.remove(force=True)


def image_of(folder: Path, image: str | None, seconds: float = 600) -> str:
    """The image that is named, or is built from a folder with a Dockerfile within `seconds`. Raises EpisodeError."""
    with engine_errors():
        import docker

        with contextlib.closing(docker.from_env(timeout=seconds)) as client:  # type: ignore[arg-type]
            if image is None:
                return _built(client, folder, seconds)
            client.images.get(image)
            return image


def _built(client: Any, folder: Path, seconds: float) -> str:
    """The id of the image of a Dockerfile."""
    end, identity = time.monotonic() + seconds, ""
    for event in client.api.build(path=str(folder), rm=True, forcerm=True, decode=True, timeout=seconds):
        if "error" in event:
            raise EpisodeError(f"building {folder}: {str(event['error'])[:300]}")
        identity = str((event.get("aux") or {}).get("ID") or identity)
        if time.monotonic() > end:
            raise EpisodeError(f"building {folder} takes longer than {seconds:g} seconds")
    if not identity:
        raise EpisodeError(f"building {folder} gave no image")
    return identity


class Container:
    """One running container."""

    def __init__(self, image: str, *, network: bool, memory: str, cpus: float) -> None:
        with engine_errors():
            import docker

            self._client: Any = docker.from_env(timeout=_TIMEOUT)
            with unless_done(self._client.close):
                reap(self._client)
                options = {"entrypoint": [], "network_mode": "bridge" if network else "none", **limits(memory, cpus)}
                self._container = started(self._client, image, ["sleep", "infinity"], **options)

    def run(self, command: str, seconds: float) -> Ran:
        """Run a shell command and wait for it, `seconds` at most."""
        words = ["timeout", "-s", "KILL", f"{seconds:g}", "sh", "-c", command]
        begun = time.monotonic()
        with engine_errors():
            self._client.api.timeout = _TIMEOUT + seconds
            made = self._client.api.exec_create(self._container.id, words)["Id"]
            head, tail, cut = b"", b"", 0
            for chunk in self._client.api.exec_start(made, stream=True):
                room = _KEPT // 2 - len(head)
                head += chunk[:room] if room > 0 else b""
                tail += chunk[max(room, 0) :]
                cut += max(0, len(tail) - _KEPT // 2)
                tail = tail[-_KEPT // 2 :]
            code = int(self._client.api.exec_inspect(made)["ExitCode"] or 0)
        middle = f"\n[… {cut} bytes …]\n" if cut else ""
        text = head.decode("utf-8", "replace") + middle + tail.decode("utf-8", "replace")
        took = time.monotonic() - begun
        return Ran(code, text + (_why_killed(took, seconds) if code == _KILLED else ""), took)

    def put(self, folder: Path, target: str) -> None:
        """Copy a folder's files to a directory that is there."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(folder, arcname=".")
        with engine_errors():
            self._container.put_archive(target, packed.getvalue())

    def close(self) -> None:
        """Remove it."""
        remove(self._container)
        self._client.close()


def _why_killed(took: float, seconds: float) -> str:
    """What a command's output ends with that was killed; before its time is over it was not the time."""
    if took >= seconds:
        return f"\n[killed after {seconds:g} seconds]"
    return f"\n[killed after {took:.1f} of {seconds:g} seconds: out of memory, or by a signal]"
