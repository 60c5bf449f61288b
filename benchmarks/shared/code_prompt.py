"""How the code benchmarks ask, and how tests that need a reference solution are written down."""

import json
import re
from collections.abc import Sequence
from typing import Any

_CHECK = """
from copy import deepcopy as _copy
import json as _json

_INPUTS = _json.loads({inputs!r})


def _same(got, want):
    if isinstance(want, float) or isinstance(got, float):
        try:
            close = abs(got - want) <= {tolerance!r} * max(1.0, abs(want))
            return got == want or close or (got != got and want != want)
        except TypeError:
            return False
    if isinstance(want, (list, tuple)):
        return type(got) is type(want) and len(got) == len(want) and all(map(_same, got, want))
    return got == want


def check(candidate):
    judged = 0
    for arguments in _INPUTS:
        try:
            want = {entry}(*_copy(arguments))
        except Exception:
            continue  # an input that the contract forbids: the reference solution refuses it
        got = candidate(*_copy(arguments))
        assert _same(got, want), "input %r" % (arguments,)
        judged += 1
    assert judged, "the reference solution refuses every input"
"""


def complete_this(head: str) -> str:
    """Ask a chat model for the whole function whose head is given."""
    return (
        "Complete this Python function. Answer with the whole function, imports included, in one ```python block.\n\n"
        f"```python\n{head.rstrip()}\n```"
    )


def tests_by_reference(solution: str, entry_point: str, inputs: Sequence[Any], tolerance: float = 1e-6) -> str:
    """Source of `check(candidate)` that compares with a reference solution on every input that it
    accepts (EvalPlus' way). The solution's function is renamed, so that the candidate's name stays free."""
    renamed = f"_reference_{entry_point}"
    source = re.sub(rf"\b{re.escape(entry_point)}\b", renamed, solution)
    return source + _CHECK.format(inputs=json.dumps(list(inputs)), entry=renamed, tolerance=tolerance or 1e-6)
