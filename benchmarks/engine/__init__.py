"""The engine: items asked of a model, completions written and scored while the rest still generates.

`measure` is its public face.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.benchmarks.engine.measuring import measure

__all__ = ["measure"]


def __getattr__(name: str) -> Any:
    """`measure`, imported when it is first used: it needs lm-eval."""
    if name != "measure":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from holdfast.benchmarks.engine.measuring import measure

    return measure
