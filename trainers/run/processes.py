"""Under `accelerate launch`, every process runs the same command; the first keeps the books.

The others wait for its files rather than at a barrier: a measurement may last longer than any collective's time limit.
"""

import time
from pathlib import Path

from holdfast.errors import HoldfastError, UsageError
from holdfast.files import read_json
from holdfast.process.distributed import world_size

_POLL_SECONDS = 0.5


def wait_for(file: Path, failed: Path, started: float) -> None:
    """Wait until the first process has written `file`.

    Raises HoldfastError when its outcome says, after `started` (seconds since the epoch), that it failed.
    """
    while not file.is_file():
        if failed.is_file() and failed.stat().st_mtime >= started and read_json(failed).get("status") == "failed":
            raise HoldfastError(f"the first process failed: {read_json(failed).get('error')}")
        time.sleep(_POLL_SECONDS)


def refuse_overwrite(overwrite: bool, out: Path) -> None:
    """Raise UsageError where one process would clear what another already reads."""
    if overwrite and world_size() > 1 and out.exists():
        raise UsageError(f"overwrite=true works with one process; remove {out} first")
