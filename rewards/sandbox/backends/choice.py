"""Which sandbox there is, and a pool of it."""

import functools
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from holdfast.errors import UsageError
from holdfast.rewards.sandbox.backends import bubblewrap, cgroup, local
from holdfast.rewards.sandbox.channel import Channel, LostError
from holdfast.rewards.sandbox.limits import Limits
from holdfast.rewards.sandbox.pool import Pool, shared_pool

log = logging.getLogger("holdfast.sandbox")

Backend = Literal["auto", "docker", "bubblewrap", "unsafe-local"]
_MAX_WORKERS = 16


@dataclass(frozen=True, slots=True)
class Engine:
    """Which engine runs the programs, and where."""

    backend: Backend = "auto"
    hosts: str = ""
    """Docker engines, comma separated (`unix://…`, `tcp://…`, `ssh://…`); empty: DOCKER_HOST or the local one."""
    image: str = ""
    """Docker image; empty: the one that `python -m holdfast.rewards.sandbox.image` builds."""
    workers: int = 0
    """Sandboxes at a time; 0: one per processor, at most 16."""
    packages: str = ""
    """Installed packages, comma separated, that programs and tests may import in bubblewrap, with what they require."""


def pool_for(engine: Engine, limits: Limits) -> Pool:
    """The pool of this process for an engine and limits. Raises UsageError when there is no such sandbox here."""
    backend = resolve(engine)
    if engine.packages and backend != "bubblewrap":
        raise UsageError(
            f"packages={engine.packages} are bound into bubblewrap; an image holds its own: build it with"
            f" `python -m holdfast.rewards.sandbox.image packages={engine.packages}`, or set backend=bubblewrap"
        )
    key = (
        backend,
        engine.packages,
        engine.hosts,
        engine.image,
        engine.workers,
        limits.memory,
        limits.disk,
        limits.processes,
    )
    return shared_pool(key, lambda: _make(backend, engine, limits))


def resolve(engine: Engine) -> Backend:
    """The backend that `auto` means here. Raises UsageError when there is none; never answers `unsafe-local`."""
    return _automatic(engine.hosts, engine.image, os.getpid()) if engine.backend == "auto" else engine.backend


@functools.lru_cache(maxsize=8)
def _automatic(hosts: str, image: str, _pid: int) -> Backend:
    from holdfast.rewards.sandbox.backends import docker_engine

    problem = docker_engine.problem(hosts, image)
    if problem is None:
        return "docker"
    missing = bubblewrap.available()
    if missing is None:
        log.warning("code runs in bubblewrap, because Docker cannot be used: %s", problem)
        return "bubblewrap"
    raise UsageError(f"no sandbox to run code in. Docker: {problem}. bubblewrap: {missing}")


def surroundings(engine: Engine) -> dict[str, Any]:
    """What programs run in here: the backend, an image's name, id and packages, or the versions of the packages that
    are bound. Empty where there is no sandbox."""
    try:
        backend = resolve(engine)
        if backend == "docker":
            from holdfast.rewards.sandbox.backends import docker_engine

            return {"backend": backend, **docker_engine.described(engine.hosts, engine.image)}
        versions = bubblewrap.versions_of(_names(engine.packages)) if backend == "bubblewrap" else {}
    except (UsageError, LostError):
        return {}
    return {"backend": backend, **({"packages": versions} if versions else {})}


def _names(packages: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in packages.split(",") if name.strip())


def _make(backend: Backend, engine: Engine, limits: Limits) -> Pool:
    workers = engine.workers or min(len(os.sched_getaffinity(0)), _MAX_WORKERS)
    starts: list[Callable[[], Channel]]
    if backend == "docker":
        from holdfast.rewards.sandbox.backends import docker_engine

        starts = docker_engine.starts(engine.hosts, engine.image, limits)
    elif backend == "bubblewrap":
        missing = bubblewrap.available()
        if missing is not None:
            raise UsageError(missing)
        cgroup.reap()
        bound = _names(engine.packages)
        bubblewrap.places_of(bound)
        starts = [functools.partial(bubblewrap.start, limits, bound)]
    else:
        log.warning("unsafe-local: programs run with all rights of this user")
        starts = [functools.partial(local.start, limits)]
    return Pool(starts, max(workers, len(starts)))
