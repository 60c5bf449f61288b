"""Several processes that measure one model together (`torchrun`, `accelerate launch`, or inside a trainer).

Each process generates whole batches of the one plan; the first keeps the books: it reads what the others journaled,
scores, writes. They meet through torch's key-value store, not through a collective: a measurement may last longer than
any collective's time limit, and no process group is made that the trainer would inherit. `out` and `cache` must lie on
a file system that all of them see.
"""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from holdfast.errors import HoldfastError, UsageError
from holdfast.process.distributed import group, store_of_group, world_size
from holdfast.process.uncollected import uncollected

_PATIENCE = timedelta(days=7)
"""How long a process waits for the others: what the slowest share of a task may take."""
_gatherings = itertools.count()


@dataclass
class Ranks:
    """This process among those that measure together. By default it is alone."""

    rank: int = 0
    count: int = 1
    store: Any = None
    """A torch.distributed store that all processes share."""
    _met: int = field(default=0, repr=False)

    @property
    def first(self) -> bool:
        """Whether this process keeps the books."""
        return self.rank == 0

    def meet(self, value: Any = None) -> list[Any]:
        """The (JSON) values of all processes in the order of their ranks, when the last has come.

        Raises HoldfastError when one of them failed."""
        if self.count == 1:
            return [value]
        self._send({"value": value})
        return [self._receive(rank) for rank in range(self.count)]

    def report_failure(self, failure: str) -> None:
        """Make the others' next meeting fail with this process's trouble."""
        if self.count > 1:
            self._send({"trouble": failure})

    def leave(self) -> None:
        """The last thing said: the first process, which may serve the store, goes when all others are gone."""
        if self.count > 1 and self.rank:
            self.store.set(f"gone/{self.rank}", "")
        elif self.count > 1:
            self.store.wait([f"gone/{rank}" for rank in range(1, self.count)], timedelta(minutes=1))

    def _send(self, message: dict[str, Any]) -> None:
        self._met += 1
        self.store.set(f"{self._met}/{self.rank}", json.dumps(message))

    def _receive(self, rank: int) -> Any:
        key = f"{self._met}/{rank}"
        self.store.wait([key], _PATIENCE)
        message = json.loads(self.store.get(key))
        if "trouble" in message:
            raise HoldfastError(f"process {rank} of {self.count} failed: {message['trouble']}")
        return message["value"]


@contextmanager
def joined(together: bool = True) -> Iterator[Ranks]:
    """All processes of this launch, each of which must enter; with `together` false this process alone.

    What one raises inside reaches the others at their next meeting."""
    ranks = _everyone() if together else Ranks()
    try:
        yield ranks
    except BaseException as error:
        ranks.report_failure(f"{type(error).__name__}: {error}")
        raise
    ranks.leave()


def _everyone() -> Ranks:
    with uncollected():
        import torch.distributed

    dist: Any = torch.distributed
    if dist.is_available() and dist.is_initialized():
        rank, count = group()
        store = store_of_group() if count > 1 else None
    elif world_size() > 1:
        if not dist.is_available():
            raise UsageError("several processes were launched, but this build of torch has no torch.distributed")
        store, rank, count = next(iter(dist.rendezvous("env://", timeout=timedelta(minutes=30))))
    else:
        return Ranks()
    name = f"holdfast/{next(_gatherings)}"
    return Ranks(rank, count, dist.PrefixStore(name, store) if store is not None else None)
