"""Servers that are started here: an image's container, a package's folder; what fails leaves nothing behind."""

import ast
import json
import os
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import ROOT
from helpers.sandboxes import containers, descendants, need
from helpers.shell_image import NAME, shell_image

from holdfast.benchmarks.environments.drivers import local_server as servers
from holdfast.benchmarks.environments.drivers.container import Container, image_of, limits, remove, started
from holdfast.benchmarks.environments.drivers.local_server import local_server
from holdfast.environment import EpisodeError
from holdfast.errors import UsageError
from holdfast.files import folder_sha256

DRIVERS = sorted((ROOT / "benchmarks" / "environments").rglob("*.py"))


def image(folder: Path, *command: str) -> str:
    """An image of the small shell that runs a command."""
    need("docker")
    shell_image()
    (folder / "Dockerfile").write_text(f"FROM {NAME}\nCMD {json.dumps(command)}\n")
    return image_of(folder, None)


@pytest.mark.docker
@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (("true",), "ended"),
        (("sh", "-c", "echo no such module; exit 3"), "ended: no such module"),
        (("sleep", "600"), "does not answer within|does not publish"),
    ],
)
def test_an_image_that_serves_nothing_is_named_and_leaves_no_container(
    command: Any, fault: str, tmp_path: Path, monkeypatch: Any
) -> None:
    """An engine without a bridge network publishes no ports at all: that is named, too."""
    monkeypatch.setattr(servers, "_PATIENCE", 1.0)
    monkeypatch.setattr(servers, "_SOON", 1.0)
    address = f"docker:{image(tmp_path, *command)}"
    before = containers(os.getpid())
    for _ in range(2):
        with pytest.raises(EpisodeError, match=fault):
            local_server(address, None)
    assert containers(os.getpid()) == before


@pytest.mark.docker
def test_every_container_has_the_same_limits(tmp_path: Path) -> None:
    """What the engine says of a container of either kind."""
    import docker

    named = image(tmp_path, "sleep", "600")
    with closing(docker.from_env()) as client:
        server = started(client, named, **limits("64m", 0.5))
        own = Container(named, network=False, memory="64m", cpus=0.5)
        try:
            facts = [client.api.inspect_container(one)["HostConfig"] for one in (server.id, own._container.id)]
        finally:
            remove(server)
            own.close()
    for name in ("Memory", "MemorySwap", "NanoCpus", "PidsLimit", "CapDrop", "SecurityOpt", "Init"):
        assert facts[0][name] == facts[1][name] and facts[0][name], name
    assert facts[0]["Memory"] == 64 << 20 and facts[0]["PidsLimit"] == 512


@pytest.mark.docker
def test_a_container_that_does_not_start_is_removed(tmp_path: Path) -> None:
    named = image(tmp_path, "no-such-program")
    before = containers(os.getpid())
    with pytest.raises(EpisodeError, match="no-such-program"):
        local_server(f"docker:{named}", None)
    assert containers(os.getpid()) == before


def test_a_folder_that_serves_nothing_leaves_no_process(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "openenv.yaml").write_text("app: nothing.here:app\n")
    (tmp_path / "slow").write_text("#!/bin/sh\nexec sleep 600\n")
    (tmp_path / "slow").chmod(0o755)
    monkeypatch.setattr(servers, "_PATIENCE", 0.5)
    before = set(descendants(os.getpid()))
    with pytest.raises(EpisodeError, match="answer within"):
        local_server(str(tmp_path), str(tmp_path / "slow"))
    assert set(descendants(os.getpid())) <= before


CALLS: dict[str, Callable[[], object]] = {
    "image_of": lambda: image_of(Path("x"), "x"),
    "Container": lambda: Container("x", network=False, memory="64m", cpus=1),
    "_of_image": lambda: local_server("docker:x", None),
}


@pytest.mark.parametrize("name", CALLS)
def test_without_the_package_docker_every_user_of_it_says_so(name: str, monkeypatch: Any) -> None:
    for module in [one for one in sys.modules if one.partition(".")[0] == "docker"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "docker", None)
    with pytest.raises(UsageError, match=r"package docker.*holdfast-llm\[sandbox\]"):
        CALLS[name]()


class Stub:
    """A container as the engine's client shows it."""

    def __init__(self, states: list[str], ports: list[Any]) -> None:
        self._states, self._ports = states, ports

    def reload(self) -> None:
        self.status = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        self.ports = self._ports.pop(0) if len(self._ports) > 1 else self._ports[0]

    def logs(self, tail: int) -> bytes:
        return b"gone"


PUBLISHED = {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "4711"}]}


@pytest.mark.parametrize(
    ("states", "ports", "says"),
    [
        (["running"], [PUBLISHED], 4711),
        (["running"], [{}, {"8000/tcp": None}, PUBLISHED], 4711),
        (["running", "exited"], [{}], "ended: gone"),
        (["exited"], [{}], "ended: gone"),
        (["running"], [{}], "does not publish port 8000"),
        (["running"], [{"80/tcp": []}], "does not publish port 8000"),
    ],
)
def test_the_port_of_a_container_is_awaited(states: Any, ports: Any, says: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(servers, "_SOON", 0.3)
    stub = Stub(list(states), list(ports))
    if isinstance(says, int):
        assert servers._published(stub, "x") == says
    else:
        with pytest.raises(EpisodeError, match=says):
            servers._published(stub, "x")


def test_docker_is_imported_where_its_errors_are_met() -> None:
    """Each import of docker lies in `with engine_errors()`, in that function itself, or in one only called there."""
    found = set()
    for path in DRIVERS:
        tree = ast.parse(path.read_text())
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            guarded = {id(inner) for node in ast.walk(function) if isinstance(node, ast.With)
                       and "engine_errors" in ast.unparse(node.items[0]) for inner in ast.walk(node)}  # fmt: skip
            for node in ast.walk(function):
                names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
                names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
                if any(name.partition(".")[0] == "docker" for name in names) and id(node) not in guarded:
                    found.add(function.name)
    assert found == {"engine_errors", "_pull_missing"}


def test_a_folders_hash_is_of_names_and_contents_without_what_python_compiled(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    first = folder_sha256(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("x")
    assert folder_sha256(tmp_path) == first
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert folder_sha256(tmp_path) != first
