"""Checking a file of tests against its own reference solutions, without a model."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.errors import DataError
from holdfast.rewards.sandbox.backends.choice import Backend, Engine

if TYPE_CHECKING:
    from holdfast.rewards.sandbox.scoring import Settings, _Case
    from holdfast.sample import Score

_SOLUTIONS = ("solution", "canonical_solution", "code")


@dataclass(frozen=True, slots=True)
class Failure:
    """A row whose tests cannot be trusted."""

    row: int
    """Line number, from 1."""
    id: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.row}, {self.id}: {self.reason}"


def validate(path: Path | str, *, backend: Backend = "auto") -> list[Failure]:
    """The rows of a JSONL file whose tests fail on their own reference solution, or that have none.

    A row has `reference` (as Reward("code") takes it, or the row itself is that mapping) and a solution: key
    `solution`, `canonical_solution` or `code` of the reference or the row; optional `prompt` and `id` or `task_id`.
    Raises DataError for a file that is not JSONL, UsageError when there is no sandbox.
    """
    from holdfast.rewards.sandbox.scoring import Settings, judge_cases
    from holdfast.sample import Score

    settings = Settings(Engine(backend))
    failures: list[Failure] = []
    cases, places = [], []
    for number, row in _rows(Path(path)):
        name = str(row.get("task_id", row.get("id", number)))
        reference = _reference(row)
        made = _case(reference, str(row.get("prompt") or ""), settings)
        if isinstance(made, Score):
            failures.append(Failure(number, name, made.reason))
        else:
            cases.append(made)
            places.append((number, name))
    scores = judge_cases(cases, settings) if cases else []
    failures += [Failure(n, name, s.reason) for (n, name), s in zip(places, scores, strict=False) if s.value != 1.0]
    return sorted(failures, key=lambda failure: failure.row)


def _case(reference: dict[str, Any] | None, prompt: str, settings: "Settings") -> "_Case | Score":
    from holdfast.rewards.sandbox.scoring import reference_case
    from holdfast.rewards.sandbox.source.reference import BadReferenceError, read
    from holdfast.sample import Score

    if reference is None:
        return Score.unjudgeable("no reference solution (key 'solution')")
    try:
        return reference_case(read(reference, prompt), prompt, settings)
    except BadReferenceError as error:
        return Score.unjudgeable(str(error))


def _reference(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The row's reference with the key `solution`; None without one."""
    given = row.get("reference")
    reference = dict(given) if isinstance(given, Mapping) else _benchmark_row(row)
    for key in _SOLUTIONS:
        found = reference.get(key, row.get(key))
        if isinstance(found, str) and found.strip():
            return {**reference, "solution": found}
    return None


def _benchmark_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row that is itself the reference, with the keys of HumanEval (`test`) and MBPP (`test_list`) understood."""
    reference = dict(row)
    reference.setdefault("tests", row.get("test", row.get("test_list")))
    reference.setdefault("setup", row.get("test_setup_code"))
    return reference


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}, line {number}, is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise DataError(f"{path}, line {number}, must be an object")
        yield number, row
