"""Memory and process limits for a whole sandbox by a control group, where this user may make one."""

import contextlib
import itertools
import os
import re
import time
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_numbers = itertools.count()


class Group:
    """A control group of our own (v2, or the memory and pids hierarchies of v1); empty where that is not allowed."""

    def __init__(self, memory: int, processes: int) -> None:
        name = f"holdfast-{os.getpid()}-{next(_numbers)}"
        self._folders: list[Path] = []
        unified = (_ROOT / "cgroup.controllers").exists()
        if unified:
            _set(_ROOT / "cgroup.subtree_control", "+memory +pids")
        groups = (
            [(_ROOT, {"memory.max": memory, "memory.swap.max": 0, "pids.max": processes})]
            if unified
            else [
                (_ROOT / "memory", {"memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory}),
                (_ROOT / "pids", {"pids.max": processes}),
            ]
        )
        for root, limits in groups:
            folder = root / name
            try:
                folder.mkdir()
            except OSError:
                continue
            self._folders.append(folder)
            for file, value in limits.items():
                _set(folder / file, value)

    def enter(self, command: list[str]) -> list[str]:
        """The command, run by a shell that first puts itself into the group."""
        if not self._folders:
            return command
        steps = "".join(f'echo $$ > "{folder}/cgroup.procs" && ' for folder in self._folders)
        return ["/bin/sh", "-c", steps + 'exec "$@"', "sh", *command]

    def kills(self) -> int:
        """Processes of the group that the kernel has ended because the group used up its memory."""
        for folder, file in itertools.product(self._folders, ("memory.events", "memory.oom_control")):
            with contextlib.suppress(OSError):
                found = re.search(r"^oom_kill (\d+)", (folder / file).read_text(), re.MULTILINE)
                if found:
                    return int(found[1])
        return 0

    def remove(self) -> None:
        """Remove the group once its processes are gone (the kernel takes a moment)."""
        for folder in self._folders:
            for _ in range(50):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.02)

    def __bool__(self) -> bool:
        return bool(self._folders)


def _set(file: Path, value: int | str) -> None:
    try:
        file.write_text(str(value))
    except OSError:
        return  # no swap accounting (the memory limit stands), or a controller that is not ours to give


def reap() -> None:
    """Remove groups of owners that are dead (a run that was killed)."""
    for root in (_ROOT, _ROOT / "memory", _ROOT / "pids"):
        for folder in root.glob("holdfast-*-*"):
            pid = folder.name.split("-")[1]
            if pid.isdigit() and not Path(f"/proc/{pid}").exists():
                try:
                    folder.rmdir()
                except OSError:
                    continue
