"""The engine: items asked of a model, completions written and scored while the rest still generates."""

from holdfast.benchmarks.engine.measuring import measure

__all__ = ["measure"]
