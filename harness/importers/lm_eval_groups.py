"""lm-eval's groups as one benchmark: MMLU's 57 subjects are strata of one benchmark, not 57 benchmarks.

As 57 benchmarks each has a 57th of α and a few hundred items: a drop of one point that the 14,042 items together show
in 98.5 % of the cases is then found in 18 %.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from holdfast.importers.recorded import Rows
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row

FAMILIES = ("mmlu_pro", "mmlu", "bbh", "agieval", "ceval-valid", "cmmlu", "blimp", "minerva_math", "hendrycks_math")
"""Groups known by the names of their tasks (`mmlu_anatomy`), where no results file lists them. Longest first."""
_BEFORE = "(?:lighteval:|leaderboard:|original:|helm:|lukaemon_)?"
"""What other harnesses put before the family's name."""
_FEWEST = 3


def groups_of(tasks: Sequence[str], recorded: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Group → its tasks, of the outermost groups: as lm-eval recorded them (`group_subtasks`), else by their names."""
    leaves = {name: _leaves(name, recorded, tasks) for name, members in recorded.items() if members}
    inner = {member for name, members in recorded.items() for member in members if leaves.get(name)}
    found = {name: members for name, members in leaves.items() if name not in inner and len(members) > 1}
    taken = {member for members in found.values() for member in members}
    for family in FAMILIES:
        mine = [task for task in tasks if re.match(rf"{_BEFORE}{family}[_:-]", task) and task not in taken]
        if len(mine) >= _FEWEST and family not in found:
            found[family] = mine
            taken |= set(mine)
    return found


def grouped(
    sources: Mapping[str, Rows], results: Mapping[str, TaskResult], groups: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Rows], dict[str, TaskResult]]:
    """The measurements' tasks with each group as one: its rows carry their task as category and in their ids.

    A group whose tasks differ in metric stays what it was.
    """
    rows, tasks = dict(sources), dict(results)
    for group, members in groups.items():
        if len({(results[name].metric, results[name].reward["name"]) for name in members}) > 1:
            continue
        rows[group] = partial(_rows, group, {name: rows.pop(name) for name in members})
        parts = [tasks.pop(name) for name in members]
        versions = sorted({part.version for part in parts})
        settings = dict(parts[0].generation)
        tasks[group] = replace(parts[0], task=group, version="+".join(versions), generation=settings)
    return rows, tasks


def _leaves(name: str, recorded: Mapping[str, Sequence[str]], tasks: Sequence[str], depth: int = 0) -> list[str]:
    """The tasks of a group, those of its groups included, in their order."""
    found = []
    for member in recorded.get(name, ()):
        deeper = _leaves(member, recorded, tasks, depth + 1) if depth < 8 and recorded.get(member) else []
        found += deeper or ([member] if member in tasks else [])
    return list(dict.fromkeys(found))


def _rows(group: str, members: Mapping[str, Rows]) -> Iterator[Row]:
    for name, rows in members.items():
        for row in rows():
            row.task, row.category, row.doc_id = group, row.category or name, f"{name}/{row.doc_id}"
            yield row
