"""lm-eval's model classes by name, and its cache hook."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


def model_class(backend: str) -> Any:
    """The class of a backend. Raises ValueError or KeyError for an unknown name."""
    from lm_eval.api.registry import get_model

    return get_model(backend)


def backends() -> Sequence[str]:
    """The names of all its backends."""
    from lm_eval.api.registry import model_registry

    return sorted(model_registry.keys())


@contextmanager
def hooked(lm: Any, arrived: Callable[[str, Any, Any], None]) -> Iterator[None]:
    """lm-eval's cache hook for the time of one call: `arrived(method, request, answer)` as answers come."""

    class Hook:
        add_partial = staticmethod(arrived)

    before = lm.cache_hook
    lm.set_cache_hook(Hook())
    try:
        yield
    finally:
        lm.set_cache_hook(before)
