"""Garbage collection kept off while thousands of modules are imported and a model is loaded."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing that an import makes is garbage, and looking for some is a sixth of the start of a measurement (0.7 of
    5.2 s). Collection goes on afterwards, where it was on before."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
