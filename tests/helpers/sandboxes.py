"""What tests of the sandbox share: which backends there are, and what may not be left behind."""

import contextlib
import shutil
from pathlib import Path

import pytest

from helpers.needs import lacking

_BUBBLEWRAP = pytest.param("bubblewrap", marks=pytest.mark.bubblewrap)
BACKENDS = [_BUBBLEWRAP, pytest.param("docker", marks=pytest.mark.docker)]
DOCKER_SLOW = [_BUBBLEWRAP, pytest.param("docker", marks=[pytest.mark.docker, pytest.mark.slow])]
"""Both, for tests of which one is enough in the fast tier."""


def need(backend: str) -> str:
    """Skip (where it is required: fail) where the backend cannot run, saying why."""
    if backend == "docker":
        from holdfast.rewards.sandbox.backends import docker_engine

        problem = docker_engine.problem("", "")
    else:
        problem = None if shutil.which("bwrap") else "bubblewrap is not installed"
    if problem:
        lacking(backend, f"{backend}: {problem}")
    return backend


def need_any() -> None:
    """Skip (where it is required: fail) where no sandbox can run."""
    if not shutil.which("bwrap"):
        need("docker")


def descendants(pid: int) -> list[int]:
    """Living processes that descend from one, by parents."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            if entry.name.isdigit():
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = {pid}
    while grown := {child for child, parent in parents.items() if parent in found} - found:
        found |= grown
    return sorted(found - {pid})


def containers(pid: int) -> list[str]:
    """Ids of the sandbox containers of an owner."""
    import docker

    client = docker.from_env()
    try:
        found = client.containers.list(all=True, filters={"label": "holdfast.owner"})
        return [str(c.id) for c in found if c.labels["holdfast.owner"].split()[-2] == str(pid)]
    finally:
        client.close()


def groups(pid: int) -> list[str]:
    """Control groups of an owner."""
    return [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/holdfast-{pid}-*")]
