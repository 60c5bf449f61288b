"""Did the answers change, or only where they stop? An answer that begins as it did and goes on is a lost end token."""

from holdfast.runs.measurement import Measurement
from holdfast.sample import final_text

LEAST, SHARE = 5, 0.5
"""So many changed answers, and this share of them, must differ in their end alone before it is said."""


def stopping_findings(before: Measurement, after: Measurement) -> tuple[str, ...]:
    """One sentence for every task whose answers mostly differ in where they stop."""
    found = []
    for task in before.tasks.keys() & after.tasks.keys():
        changed, longer, shorter = _counts(before, after, task)
        if changed >= LEAST and (longer + shorter) / changed >= SHARE:
            goes_on = "goes on after it" if longer >= shorter else "ends earlier"
            found.append(
                f"{task}: only the stopping changed in {longer + shorter:,} of {changed:,} changed answers: the same"
                f" text, which now {goes_on}; look at the end token (model.eos_token) and at cut training rows"
            )
    return tuple(sorted(found))


def _counts(before: Measurement, after: Measurement, task: str) -> tuple[int, int, int]:
    """Answers that changed; those that go on after the old text; those that end within it."""
    if not all(one.sample_file(task).is_file() for one in (before, after)):
        return 0, 0, 0
    old = {row.key: final_text(row.completion).strip() for row in before.rows(task)}
    changed = longer = shorter = 0
    for row in after.rows(task):
        text, was = final_text(row.completion).strip(), old.get(row.key, "")
        if row.key not in old or text == was:
            continue
        changed += 1
        longer += bool(was) and text.startswith(was)
        shorter += bool(text) and was.startswith(text)
    return changed, longer, shorter
