"""What a server's processes share: the folder of their metrics, and their end."""

import asyncio
import fcntl
import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "holdfast-metrics-"
_OWNER = "owner.lock"
_OLD = 3600.0
"""Seconds after which a folder without a lock is nobody's: one is made and locked within milliseconds."""


@contextmanager
def metrics_folder() -> Iterator[Path]:
    """A folder for the metrics of several workers, gone at the end; those that killed servers left behind go now."""
    sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        taken = Path(name, "taken")
        with taken.open("w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            taken.rename(taken.with_name(_OWNER))
            yield Path(name)


def sweep(parent: Path) -> None:
    """Remove the folders under `parent` of this user whose server is gone: its lock went with it, however it ended."""
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            mine = folder.lstat().st_uid == os.getuid() and not folder.is_symlink()
            if mine and _abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # another server was faster
            continue


def _abandoned(folder: Path) -> bool:
    owner = folder / _OWNER
    if not owner.exists():
        return time.time() - folder.lstat().st_mtime > _OLD
    with owner.open("a", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


async def follow_parent(every: float = 1.0) -> None:
    """End gracefully, as on SIGTERM, when the supervisor is gone: nobody else would ever end this worker."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    while os.getppid() == parent.pid:  # not getppid() asked once before: the parent may be gone already
        await asyncio.sleep(every)
    os.kill(os.getpid(), signal.SIGTERM)
