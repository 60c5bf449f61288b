"""Comparing runs: two measurements, paired item by item, and what happened to every skill.

`compare(before, after) -> Comparison` is the whole job; `load(path)` reads what it takes: a run directory, a
measurement, a file of scored samples, or another harness's output.
"""

from holdfast.compare.comparing import compare
from holdfast.compare.judging.policy import Policy, read_policy
from holdfast.compare.reading.load import load
from holdfast.compare.result import (
    Benchmark,
    Category,
    Check,
    Comparison,
    Decision,
    Flip,
    Forgetting,
    Interval,
    Omnibus,
    RunInfo,
    Shift,
    Side,
    Verdict,
)
from holdfast.importers.table import Columns

__all__ = [
    "Benchmark",
    "Category",
    "Check",
    "Columns",
    "Comparison",
    "Decision",
    "Flip",
    "Forgetting",
    "Interval",
    "Omnibus",
    "Policy",
    "RunInfo",
    "Shift",
    "Side",
    "Verdict",
    "compare",
    "load",
    "read_policy",
]
