"""The names in a policy, checked against what was measured: a misspelt one must not be ignored in silence."""

from collections.abc import Collection, Mapping

from holdfast.compare.judging.policy import Policy
from holdfast.compare.reading.columns import Table
from holdfast.errors import UsageError, unknown


def check_tasks(policy: Policy, measured: Collection[str], target: Collection[str]) -> None:
    """Raise UsageError for a benchmark that no run has, with the nearest one, and for contradictory roles.

    `required` may name what was not measured: that is a demand not met.
    """
    known = [*dict.fromkeys([*measured, *policy.required])]
    families = [task for family in policy.families.values() for task in family.tasks]
    given = {
        "ignore": policy.ignore,
        "ignore_items": policy.ignore_items,
        "benchmarks": policy.benchmarks,
        "waived": policy.waived,
        "families": families,
    }
    for key, names in given.items():
        for name in names:
            if name not in known:
                raise unknown(f"benchmark in the policy's {key}", name, known)
    conflicts = sorted({*policy.ignore} & {*target})
    if conflicts:
        raise UsageError(f"{conflicts[0]!r} is a target and ignored by the policy: it can be one of them")


def waivers(policy: Policy) -> list[str]:
    """What to tell of the ledger of known regressions."""
    notes = []
    for task, waiver in policy.waived.items():
        if waiver.expired:
            notes.append(f"{task}: its waiver ended on {waiver.until} and no longer counts ({waiver.reason})")
        else:
            until = f", until {waiver.until}" if waiver.until else ""
            notes.append(f"{task}: a drop of up to {100 * waiver.drop:g} points is waived{until} ({waiver.reason})")
    return notes


def check_items(policy: Policy, tables: Mapping[str, tuple[Table, Table]]) -> None:
    """Raise UsageError for an item in `ignore_items` that neither run has. `tables`: before and after, by task."""
    for task, items in policy.ignore_items.items():
        if task not in tables:
            continue
        known = {*tables[task][0].doc_id, *tables[task][1].doc_id}
        for item in items:
            if item not in known:
                raise unknown(f"item in the policy's ignore_items.{task}", item, sorted(known)[:10_000])
