"""A server of an environment that is started here: of a package's folder, or of a container image.

One server for each folder or image and process; it ends with the process. A folder's server sees no keys of ours, an
image's is published on this machine alone. What does not answer in time is an EpisodeError.
"""

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from holdfast.benchmarks.environments.drivers.container import engine_errors, limits, remove, started
from holdfast.benchmarks.environments.drivers.process import PASSED, interpreter
from holdfast.environment import EpisodeError
from holdfast.errors import DataError
from holdfast.files import folder_sha256
from holdfast.process.undo import unless_done
from holdfast.rewards.sandbox.backends.docker_engine import reap

DOCKER = "docker:"
"""What an address that is an image's name begins with."""
_PATIENCE = 180.0
"""Seconds until a server must answer."""
_SOON = 5.0
"""Seconds until the engine must know a container's port."""
_PORT = 8000
"""Where OpenEnv's images listen."""
_MEMORY, _CPUS = "4g", 2.0
"""What an image's server may use up."""


@dataclass(frozen=True, slots=True)
class Local:
    """A server that was started here."""

    url: str
    identity: dict[str, str]
    """What it serves: a hash of the folder's files, or the image's id."""


def local_server(address: str, python: str | None) -> Local | None:
    """The server of a folder or an image (`docker:NAME`); None where the address is neither. Raises UsageError,
    DataError, EpisodeError."""
    if address.startswith(DOCKER):
        return _of_image(address.removeprefix(DOCKER))
    folder = Path(address)
    if "://" in address or not folder.is_dir():
        return None
    return _of_folder(folder.resolve(), interpreter(python, "HOLDFAST_OPENENV_PYTHON", "openenv==0.10.0"))


@cache
def _of_folder(folder: Path, python: str) -> Local:
    import yaml

    config = folder / "openenv.yaml"
    if not config.is_file():
        raise DataError(f"{folder} is no package of OpenEnv: it has no openenv.yaml")
    application = str((yaml.safe_load(config.read_text("utf-8")) or {}).get("app", "server.app:app"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    seen = {name: os.environ[name] for name in PASSED if name in os.environ}
    seen["PYTHONPATH"] = os.pathsep.join([str(folder.parent), str(folder)])
    words = [python, "-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    process = subprocess.Popen(
        words, cwd=folder, env=seen, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    url = f"http://127.0.0.1:{port}"
    with unless_done(lambda: _end(process)):
        _wait(url, f"the server of {folder}", lambda: process.poll() is None)
    atexit.register(_end, process)
    return Local(url, {"folder": folder.name, "files": folder_sha256(folder)})


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@cache
def _of_image(image: str) -> Local:
    with engine_errors():
        import docker

        client: Any = docker.from_env(timeout=60)
        reap(client)
        _pull_missing(client, image)
        ports = {f"{_PORT}/tcp": ("127.0.0.1", None)}
        container = started(client, image, ports=ports, **limits(_MEMORY, _CPUS))
    with unless_done(lambda: remove(container)):
        url = f"http://127.0.0.1:{_published(container, image)}"
        _wait(url, f"the container of {image}", lambda: _running(container))
    atexit.register(remove, container)
    return Local(url, {"image": image, "id": str(container.image.id)})


def _pull_missing(client: Any, image: str) -> None:
    from docker.errors import ImageNotFound

    try:
        client.images.get(image)
    except ImageNotFound:
        client.images.pull(image)


def _published(container: Any, image: str) -> int:
    """This machine's port of a running container, which the engine knows soon after its start. Raises EpisodeError."""
    end = time.monotonic() + _SOON
    while _running(container):
        places = container.ports.get(f"{_PORT}/tcp")
        if places:
            return int(places[0]["HostPort"])
        if time.monotonic() > end:
            raise EpisodeError(f"the container of {image} does not publish port {_PORT}")
        time.sleep(0.1)
    with engine_errors():
        printed = container.logs(tail=5).decode("utf-8", "replace").strip()
    raise EpisodeError(f"the container of {image} ended: {printed[-300:]}")


def _running(container: Any) -> bool:
    with engine_errors():
        container.reload()
        return bool(container.status == "running")


def _wait(url: str, what: str, alive: Any) -> None:
    """Until the server answers. Raises EpisodeError when it ends, or is not there in time."""
    import httpx

    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if not alive():
            raise EpisodeError(f"{what} ended")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/health", timeout=5).is_success:
                return
        time.sleep(0.2)
    raise EpisodeError(f"{what} does not answer within {_PATIENCE:g} seconds")
