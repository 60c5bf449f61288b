"""What one test may use."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
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
    cpu: float = 0.0
    """Seconds of processor time of each process; 0: four times `total`."""

    def for_job(self) -> dict[str, Any]:
        """The limits as the supervisor reads them: bytes and seconds."""
        cpu = math.ceil(self.cpu) if self.cpu else int(self.total * 4) + 1
        return asdict(self) | {"memory": self.memory * 2**20, "disk": self.disk * 2**20, "cpu": cpu}

    def of_row(self, keys: Mapping[str, Any], factor: float = 1.0) -> "Limits":
        """These limits with what a row says: `time_limit` in seconds of processor time of a C++ program, times `factor`
        (the wall clock has twice that, and a second), `cpu_limit` as it is, `memory_limit` in MiB, `output_limit` in
        bytes. Raises ValueError for a memory limit that the sandbox does not have."""
        found = self
        cpu = keys.get("cpu_limit") or (keys["time_limit"] * factor if keys.get("time_limit") else 0)
        if cpu:
            found = replace(found, cpu=float(cpu), timeout=max(1.0 + 2.0 * float(cpu), 0.0))
        if keys.get("memory_limit"):
            if keys["memory_limit"] > self.memory:
                raise ValueError(
                    f"the row's programs may use {keys['memory_limit']} MiB, more than memory={self.memory}"
                )
            found = replace(found, memory=max(64, int(keys["memory_limit"])))
        return replace(found, output=int(keys["output_limit"])) if keys.get("output_limit") else found

    @property
    def sandbox_memory(self) -> int:
        """Bytes for a whole sandbox: candidate, judge, supervisor and scratch directory."""
        return (self.memory * 2 + 512) * 2**20

    @property
    def sandbox_processes(self) -> int:
        """Processes and threads of a whole sandbox."""
        return self.processes + 16
