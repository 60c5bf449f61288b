"""What tests of the sandbox share: which backends there are, and what may not be left behind."""

import contextlib
import os
import shutil
from pathlib import Path

import pytest

BACKENDS = [pytest.param("bubblewrap"), pytest.param("docker", marks=pytest.mark.docker)]


def need(backend: str) -> str:
    """Skip (in CI: fail) where the backend cannot run, saying why."""
    if backend == "docker":
        from holdfast.rewards.sandbox import docker_engine

        problem = docker_engine.problem("", "")
    else:
        problem = None if shutil.which("bwrap") else "bubblewrap is not installed"
    if problem:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{backend}: {problem}")
    return backend


def need_any() -> None:
    """Skip (in CI: fail) where no sandbox can run."""
    if not shutil.which("bwrap"):
        need("docker")


def candidates_alive() -> list[int]:
    """Processes of this machine that run as a candidate's or a judge's user."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if entry.name.isdigit() and 10_001 <= entry.stat().st_uid < 50_000:
                found.append(int(entry.name))
    return found


def containers() -> list[str]:
    """Ids of the sandbox containers that exist."""
    import docker

    client = docker.from_env()
    try:
        return [c.id for c in client.containers.list(all=True, filters={"label": "holdfast.owner"})]
    finally:
        client.close()


def groups() -> list[str]:
    """Control groups of ours that exist."""
    return [str(path) for path in Path("/sys/fs/cgroup").glob("**/holdfast-*")]
