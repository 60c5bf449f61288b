"""A server of an environment that is started here: of a package's folder, or of a container image.

One server for each folder or image and process; it ends with the process. A folder's server sees no keys of ours, an
image's is published on this machine alone. What does not answer in time is an EpisodeError.
"""

import atexit
import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from holdfast.benchmarks.environments.drivers.container import engine_errors
from holdfast.benchmarks.environments.drivers.process import PASSED, interpreter
from holdfast.environment import EpisodeError
from holdfast.errors import DataError
from holdfast.rewards.sandbox.backends.docker_engine import LABEL, owner, reap

DOCKER = "docker:"
"""What an address that is an image's name begins with."""
_PATIENCE = 180.0
"""Seconds until a server must answer."""
_PORT = 8000
"""Where OpenEnv's images listen."""


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
    atexit.register(_end, process)
    url = f"http://127.0.0.1:{port}"
    _wait(url, f"the server of {folder}", lambda: process.poll() is None)
    return Local(url, {"folder": folder.name, "files": _hashed(folder)})


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
        container = client.containers.run(
            image,
            detach=True,
            init=True,
            ports={f"{_PORT}/tcp": ("127.0.0.1", None)},
            security_opt=["no-new-privileges"],
            labels={LABEL: owner()},
        )
        atexit.register(lambda: container.remove(force=True))
        container.reload()
        port = container.ports[f"{_PORT}/tcp"][0]["HostPort"]
        identity = {"image": image, "id": str(container.image.id)}
    url = f"http://127.0.0.1:{port}"
    _wait(url, f"the container of {image}", lambda: _running(container))
    return Local(url, identity)


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


def _hashed(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        found.update(str(path.relative_to(folder)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
