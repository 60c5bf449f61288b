"""The guard: other skills looked at while training goes on. `Guard` is its callback."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.trainers.guard.guard import Guard

__all__ = ["Guard"]


def __getattr__(name: str) -> Any:
    """`Guard`, imported when it is first used: it needs transformers."""
    if name != "Guard":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from holdfast.trainers.guard.guard import Guard

    return Guard
