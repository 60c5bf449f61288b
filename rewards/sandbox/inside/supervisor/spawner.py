"""What new processes of a sandbox come from: its forkservers, and a user for each test."""

import os
from typing import Any

from ..confinement import confine
from .forkserver_client import Forkserver


class Spawner:
    """The forkservers of one sandbox. `config`: separation, home and judge_home (directories), wipe, preload."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.separation: str = config["separation"]
        config["judge_home"] = _judge_home(config["judge_home"], self.separation)
        self.null = os.open("/dev/null", os.O_RDWR)
        self.count = int.from_bytes(os.urandom(2), "big")
        self.forkserver = Forkserver(self.null)
        self._pytest_forkserver: Forkserver | None = None

    @property
    def pytest_forkserver(self) -> Forkserver:
        """The one that forks judges which run pytest; made at its first use, from here: it forks no candidates."""
        if self._pytest_forkserver is None:
            self._pytest_forkserver = Forkserver(self.null, ["pytest"], trusted=True)
        return self._pytest_forkserver

    def pids(self) -> set[int]:
        """The forkservers' numbers."""
        trusted = set() if self._pytest_forkserver is None else {self._pytest_forkserver.pid}
        return {self.forkserver.pid, *trusted}

    def new_uid(self) -> int:
        """A user for one test."""
        self.count += 1
        return confine.candidate_uid(self.count)


def _judge_home(top: str, separation: str) -> str:
    """A directory that only the judge's user can enter, made in `top`, which is then closed to others."""
    home = f"{top}/home"
    pid = os.fork()
    if pid == 0:
        try:
            if separation == "uids":
                os.setgroups([])
                os.setresgid(confine.JUDGE_UID, confine.JUDGE_UID, confine.JUDGE_UID)
                os.setresuid(confine.JUDGE_UID, confine.JUDGE_UID, confine.JUDGE_UID)
            os.mkdir(home, 0o700)  # noqa: PTH102
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    if not os.access(top, os.W_OK) or "home" not in os.listdir(top):  # noqa: PTH208
        raise RuntimeError(f"the judge cannot write to {top}: rebuild the sandbox's image")
    os.chmod(top, 0o755)  # noqa: PTH101
    return home
