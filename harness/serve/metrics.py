"""Prometheus metrics over all worker processes of one server."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, Gauge, generate_latest, multiprocess

from holdfast.serve.batcher import Batcher

QUEUE = Gauge("holdfast_queue_samples", "Samples waiting for a verdict", ("reward",), multiprocess_mode="livesum")
_EVERY = 1.0
_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


async def watch(batchers: Mapping[str, Batcher]) -> None:
    """Note the queues' depths every second: another worker may be asked for them."""
    while True:
        note(batchers)
        await asyncio.sleep(_EVERY)


def note(batchers: Mapping[str, Batcher]) -> None:
    """The queues' depths now."""
    for name, batcher in batchers.items():
        QUEUE.labels(name).set(batcher.waiting)


def page() -> bytes:
    """The metrics of every living worker."""
    registry: Any = REGISTRY
    if _VARIABLE in os.environ:
        _forget_the_dead(Path(os.environ[_VARIABLE]))
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    return bytes(generate_latest(registry))


def _forget_the_dead(folder: Path) -> None:
    """A killed worker's queue is gone with it."""
    for path in folder.glob("gauge_live*_*.db"):
        process = path.stem.rpartition("_")[2]
        if process.isdigit() and not Path(f"/proc/{process}").exists() and Path("/proc/self").exists():
            multiprocess.mark_process_dead(int(process))
