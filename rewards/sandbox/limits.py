"""What one test may use."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one program. Times run from when its work starts: waiting in a queue never counts."""

    timeout: float = 10.0
    """Seconds for one test: one assert, one case, one input, or the whole of `check`."""
    total: float = 60.0
    """Seconds for all tests of one program."""
    memory: int = 512
    """MiB of address space of each process."""
    processes: int = 48
    """Processes and threads."""
    output: int = 4 * 2**20
    """Bytes of standard output of one run."""
    disk: int = 16
    """MiB of one file; the scratch directory holds four times as much."""
    files: int = 128
    """Open files."""

    def for_job(self) -> dict[str, Any]:
        """As the supervisor reads them: bytes and seconds."""
        cpu = int(self.total * 4) + 1
        return asdict(self) | {"memory": self.memory * 2**20, "disk": self.disk * 2**20, "cpu": cpu}

    @property
    def sandbox_memory(self) -> int:
        """Bytes for a whole sandbox: candidate, judge, supervisor and scratch directory."""
        return (self.memory * 2 + 512) * 2**20

    @property
    def sandbox_processes(self) -> int:
        """Processes and threads of a whole sandbox."""
        return self.processes + 16
