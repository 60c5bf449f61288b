"""The Docker backend: hardened containers, each with a supervisor as its process 1, spoken to over `attach`."""

import contextlib
import datetime
import functools
import logging
import os
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.errors import UsageError, install_hint
from holdfast.masking import MASK, masked
from holdfast.process.undo import unless_done
from holdfast.rewards.sandbox.backends import boot
from holdfast.rewards.sandbox.channel import Channel, LostError
from holdfast.rewards.sandbox.limits import Limits

if TYPE_CHECKING:
    from docker import DockerClient

log = logging.getLogger("holdfast.sandbox")

IMAGE = "holdfast-sandbox:2"
BUILD = "python -m holdfast.rewards.sandbox.image"
_TIMEOUT = 20
LABEL = "holdfast.owner"


def problem(hosts: str, image: str) -> str | None:
    """None when every engine answers and has the image, else what is wrong."""
    try:
        for host in _hosts(hosts):
            with _client(host, timeout=3) as client:
                missing = _missing_image(client, host, image or IMAGE)
                if missing:
                    return missing
    except (LostError, UsageError) as error:
        return str(error)
    return None


def described(hosts: str, image: str) -> dict[str, Any]:
    """The image that programs run in: its name, its id on the first engine, and the packages that it was built with.
    Raises LostError when the engine does not answer or lacks it."""
    host, name = _hosts(hosts)[0], image or IMAGE
    with _client(host, timeout=5) as client:
        found = client.images.get(name)
        packages = packages_in(found.labels.get("holdfast.packages", ""))
        return {"image": name, "image_id": str(found.id), **({"packages": packages} if packages else {})}


def packages_in(label: str) -> list[str]:
    """The packages that an image's label names, without the secrets of addresses among them: what programs run in
    stands in manifests and reports."""
    words = [re.sub(r"(?<=\?)[^#]+", MASK, word) if "://" in word else word for word in re.split(r"[,\s]+", label)]
    return [masked(word) for word in words if word]


def starts(hosts: str, image: str, limits: Limits) -> list[Callable[[], Channel]]:
    """One starter per engine. Raises UsageError, with the command that builds it, when an engine that answers lacks
    the image, or when the package `docker` is not installed."""
    for host in _hosts(hosts):
        with contextlib.suppress(LostError), _client(host, timeout=5) as client:
            missing = _missing_image(client, host, image or IMAGE)
            if missing:
                raise UsageError(missing)
            reap(client)
    return [functools.partial(start, limits, host, image or IMAGE) for host in _hosts(hosts)]


def start(limits: Limits, host: str = "", image: str = IMAGE) -> "DockerChannel":
    """A container of its own. Raises LostError when it cannot start."""
    with _errors(host):
        return DockerChannel(_open_client(host, _TIMEOUT), image, limits)


def reap(client: "DockerClient") -> list[str]:
    """Remove containers whose owner, a process of this machine, is dead; their ids."""
    removed = []
    for container in client.containers.list(all=True, filters={"label": LABEL}):
        if not _alive(container.labels[LABEL]):
            with _gone_is_fine():
                container.remove(force=True)
            removed.append(str(container.id))
    if removed:
        log.warning("removed %d sandbox containers that a killed run left", len(removed))
    return removed


class DockerChannel:
    """A container and the attached streams of its supervisor."""

    def __init__(self, client: "DockerClient", image: str, limits: Limits) -> None:
        self._client = client
        self._pending = b""
        self._raw = bytearray()
        self._complaint = b""
        self._marked = time.monotonic()
        labels = client.images.get(image).labels
        self._container = client.containers.create(image, ["python3", *boot.COMMAND], **_hardened(limits))
        with unless_done(self.close):
            attached: Any = self._container.attach_socket(params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
            self._attached = attached
            self._socket: socket.socket = getattr(attached, "_sock", attached)
            self._container.start()
            preload = [name for name in labels.get("holdfast.preload", "").split(",") if name]
            self.write(boot.first_frame(_CONFIG | {"preload": preload}))

    @property
    def id(self) -> str:
        """The container's id."""
        return str(self._container.id)

    def write(self, data: bytes) -> None:
        """See Channel."""
        try:
            self._socket.settimeout(_TIMEOUT)
            self._socket.sendall(data)
        except OSError as error:
            raise LostError(f"the container's stream broke: {error}") from None

    def read(self, size: int, deadline: float) -> bytes:
        """See Channel."""
        while not self._pending:
            self._receive(deadline)
        data, self._pending = self._pending[:size], self._pending[size:]
        return data

    def mark(self) -> None:
        """See Channel."""
        self._marked = time.monotonic()

    def out_of_memory(self) -> bool:
        """See Channel. The engine keeps its last events, by its own clock."""
        with contextlib.suppress(LostError), _errors(""):
            now = datetime.datetime.fromisoformat(self._client.info()["SystemTime"][:19] + "+00:00").timestamp()
            since = int(now - (time.monotonic() - self._marked)) - 1
            filters = {"container": self.id, "event": "oom"}
            events = self._client.events(since=since, until=int(now) + 1, filters=filters, decode=True)
            return next(iter(events), None) is not None
        return False

    def close(self) -> None:
        """See Channel."""
        with contextlib.suppress(OSError, AttributeError):
            self._socket.close()
            self._attached.close()
        with _gone_is_fine():
            self._container.remove(force=True)
        self._client.close()

    def _receive(self, deadline: float) -> None:
        """Docker multiplexes: 8 bytes of header (stream, length), then the bytes."""
        stream, length = struct.unpack(">B3xI", self._exactly(8, deadline))
        data = self._exactly(length, deadline)
        if stream == 1:
            self._pending += data
        else:
            self._complaint = (self._complaint + data)[-300:]

    def _exactly(self, size: int, deadline: float) -> bytes:
        while len(self._raw) < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise LostError("the container does not answer")
            try:
                self._socket.settimeout(left)
                part = self._socket.recv(max(size - len(self._raw), 65536))
            except OSError as error:
                raise LostError(f"the container does not answer: {error}") from None
            if not part:
                complaint = self._complaint.decode(errors="replace").strip() or "without a message"
                raise LostError(f"the container ended: {complaint}")
            self._raw += part
        data = bytes(self._raw[:size])
        del self._raw[:size]
        return data


_CONFIG: dict[str, Any] = {
    "separation": "uids",
    "home": "/tmp",
    "judge_home": "/judge",
    "build_home": "/build",
    "check_home": "/check",
    "wipe": ["/tmp"],
    "path": ["/opt/holdfast"],
}


def _hardened(limits: Limits) -> dict[str, Any]:
    """Flags of the container. The supervisor is root with three capabilities that the candidate does not keep."""
    from docker.types import LogConfig, Ulimit

    scratch = f"rw,nosuid,nodev,noexec,size={limits.disk * 4}m,mode=1777"
    return {
        "network_mode": "none",
        "ipc_mode": "none",
        "read_only": True,
        "user": "0:0",
        "cap_drop": ["ALL"],
        "cap_add": ["SETUID", "SETGID", "KILL"],
        "security_opt": ["no-new-privileges"],
        "mem_limit": limits.sandbox_memory,
        "memswap_limit": limits.sandbox_memory,
        "pids_limit": limits.sandbox_processes,
        "nano_cpus": 2 * 10**9,
        "ulimits": [Ulimit(name="nofile", soft=1024, hard=1024), Ulimit(name="core", soft=0, hard=0)],
        "tmpfs": {
            "/tmp": scratch,
            "/judge": scratch,
            "/build": scratch.replace("noexec", "exec"),
            "/check": scratch.replace("noexec", "exec").replace("1777", "755"),
        },
        "working_dir": "/",
        "hostname": "sandbox",
        "environment": boot.ENVIRONMENT | {"PATH": "/usr/local/bin:/usr/bin:/bin"},
        "log_config": LogConfig(type=LogConfig.types.NONE),
        "stdin_open": True,
        "auto_remove": True,
        "labels": {LABEL: owner()},
    }


def owner() -> str:
    """This process: boot, process namespace, pid and start time, so that no other can be taken for it."""
    return f"{_machine()} {os.getpid()} {_start_time(os.getpid())}"


def _machine() -> str:
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot_id} {Path('/proc/self/ns/pid').readlink()}"


def _alive(owner: str) -> bool:
    """False only for a process that this machine can see is gone."""
    machine, _, process = owner.rpartition(" ")[0].rpartition(" ")
    if machine != _machine() or not process.isdigit():
        return True
    return _start_time(int(process)) == owner.rpartition(" ")[2]


def _start_time(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _hosts(hosts: str) -> list[str]:
    return [host.strip() for host in hosts.split(",") if host.strip()] or [""]


def _missing_image(client: "DockerClient", host: str, image: str) -> str | None:
    from docker.errors import ImageNotFound

    try:
        client.images.get(image)
    except ImageNotFound:
        there = f" on {host}" if host else ""
        return f"the image {image} is missing{there}: build it with `{BUILD}`"
    return None


@contextlib.contextmanager
def _client(host: str, timeout: int) -> Iterator["DockerClient"]:
    with _errors(host):
        client = _open_client(host, timeout)
        try:
            yield client
        finally:
            client.close()


def _open_client(host: str, timeout: int) -> "DockerClient":
    try:
        import docker
    except ImportError:
        raise UsageError(f"backend docker needs the package docker: {install_hint('sandbox')}") from None
    if host:
        return docker.DockerClient(base_url=host, timeout=timeout)
    return docker.from_env(timeout=timeout)


@contextlib.contextmanager
def _errors(host: str) -> Iterator[None]:
    """Whatever the SDK and its HTTP client raise means: the engine cannot be used."""
    try:
        from docker.errors import DockerException
        from requests.exceptions import RequestException
    except ImportError:
        raise UsageError(f"backend docker needs the package docker: {install_hint('sandbox')}") from None
    try:
        yield
    except (DockerException, RequestException, OSError) as error:
        raise LostError(f"the Docker engine {host or 'here'} fails: {str(error)[:300]}") from None


@contextlib.contextmanager
def _gone_is_fine() -> Iterator[None]:
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    with contextlib.suppress(DockerException, RequestException, OSError):
        yield
