"""A container of an episode's own: commands are run in it and files put into it; what it answers is bounded.

The engine's failure is an EpisodeError. A command that outlives its time is killed, and says so; of its output the
first and the last part are kept. The container has no network unless it is asked for, limited memory and processes, and
is removed when the episode ends; one that a killed program left is removed when the next is opened.
"""

import contextlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.environment import EpisodeError
from holdfast.errors import UsageError, install_hint
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


@contextlib.contextmanager
def engine_errors() -> Iterator[None]:
    """Whatever the engine's client raises is the environment's failure."""
    try:
        from docker.errors import DockerException
        from requests.exceptions import RequestException
    except ImportError:
        raise UsageError(f"task directories need the package docker: {install_hint('sandbox')}") from None
    try:
        yield
    except (DockerException, RequestException, OSError) as error:
        raise EpisodeError(f"the Docker engine: {str(error)[:300]}") from error


def image_of(folder: Path, image: str | None) -> tuple[str, str]:
    """(name, id) of the image that is named, or is built from a folder with a Dockerfile. Raises EpisodeError."""
    import docker

    with engine_errors(), contextlib.closing(docker.from_env(timeout=3600)) as client:
        if image is None:
            built, _ = client.images.build(path=str(folder), rm=True)
            return str(built.id), str(built.id)
        return image, str(client.images.get(image).id)


class Container:
    """One running container."""

    def __init__(self, image: str, *, network: bool, memory: str, cpus: float) -> None:
        import docker

        with engine_errors():
            self._client: Any = docker.from_env(timeout=_TIMEOUT)
            reap(self._client)
            self._container: Any = self._client.containers.run(
                image,
                ["sleep", "infinity"],
                entrypoint=[],
                detach=True,
                init=True,
                network_mode="bridge" if network else "none",
                mem_limit=memory,
                memswap_limit=memory,
                nano_cpus=int(cpus * 1e9),
                pids_limit=512,
                cap_drop=["NET_RAW", "MKNOD", "AUDIT_WRITE", "SYS_CHROOT"],
                security_opt=["no-new-privileges"],
                labels={LABEL: owner()},
            )

    def run(self, command: str, seconds: float) -> Ran:
        """Run a shell command and wait for it, `seconds` at most."""
        words = ["timeout", "-s", "KILL", f"{seconds:g}", "sh", "-c", command]
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
        return Ran(code, text + (f"\n[killed after {seconds:g} seconds]" if code == _KILLED else ""))

    def put(self, folder: Path, target: str) -> None:
        """Copy a folder's files to a directory that is there."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(folder, arcname=".")
        with engine_errors():
            self._container.put_archive(target, packed.getvalue())

    def close(self) -> None:
        """Remove it."""
        with contextlib.suppress(EpisodeError), engine_errors():
            self._container.remove(force=True)
        self._client.close()
