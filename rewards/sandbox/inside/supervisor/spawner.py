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
        config["judge_home"] = _folder_of(config["judge_home"], self.separation, confine.JUDGE_UID, 0o700)
        if config["judge_home"] is None:
            raise RuntimeError("the judge has no folder that it can write to: rebuild the sandbox's image")
        self.build_home = _folder_of(config["build_home"], self.separation, confine.BUILD_UID, 0o755)
        """Where programs are built: their runs can read it; None in an image that has no such folder."""
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
        """The forkservers' process ids."""
        trusted = set() if self._pytest_forkserver is None else {self._pytest_forkserver.pid}
        return {self.forkserver.pid, *trusted}

    def new_uid(self) -> int:
        """A user for one test."""
        self.count += 1
        return confine.candidate_uid(self.count)


def _folder_of(top: str, separation: str, uid: int, mode: int) -> str | None:
    """A folder that only one user can write to, made in `top`, which is then closed to others; None where it cannot
    be made."""
    if not os.path.isdir(top):  # noqa: PTH112
        return None
    home = f"{top}/home"
    pid = os.fork()
    if pid == 0:
        try:
            os.umask(0)
            if separation == "uids":
                os.setgroups([])
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
            os.mkdir(home, mode)  # noqa: PTH102
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    if not os.access(top, os.W_OK) or "home" not in os.listdir(top):  # noqa: PTH208
        return None
    os.chmod(top, 0o755)  # noqa: PTH101
    return home
