"""Answers that a server refused to give: they have no value, are counted, and are asked again where that may help."""

from holdfast.benchmarks.engine.items import Completion
from holdfast.runs.row import Row
from holdfast.sample import Outcome, Score

REFUSED = "refused"
"""finish_reason of a row whose item the server refused."""
_PREFIX = "the server refused to answer: "


def refusal_score(completion: Completion) -> Score:
    """No value, and the server's reason: what was not answered says nothing about the model."""
    return Score(None, Outcome.ERROR, _PREFIX + completion.refused)


def may_change(reason: str) -> bool:
    """Whether a refusal for this reason may be another answer next time: a policy's or filter's stop, not a request
    that is too long or malformed."""
    return bool(reason) and not (reason.startswith("HTTP 4") and "filter" not in reason and "policy" not in reason)


def is_lasting_refusal(row: Row) -> bool:
    """Whether a row was refused for a reason that stays."""
    return row.finish_reason == REFUSED and not may_change(row.reason.removeprefix(_PREFIX))
