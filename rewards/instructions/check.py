"""What every instruction checker is: a function of the response's text and the instruction's arguments."""

import ast
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from holdfast.sample import Score

Arguments = Mapping[str, Any]


class Finding(NamedTuple):
    """A checker's answer: was the instruction followed, and what was seen."""

    followed: bool
    seen: str


class BadReferenceError(Exception):
    """The reference asks for something that cannot be checked: nobody could be judged against it."""


Checker = Callable[[str, Arguments], Finding]


@dataclass(frozen=True, slots=True)
class Instructions:
    """The instructions of one prompt, read from a reference."""

    ids: Sequence[str]
    arguments: Sequence[Arguments] = field(default_factory=tuple)


def read_reference(reference: Any, prefix: str = "") -> Instructions:
    """Instructions of `{"instruction_id_list": […], "kwargs": […]}`, a mapping or its JSON text.

    IF-RLVR's rows are a list of `{"instruction_id": […], "kwargs": […]}`, often as a Python literal's text. Arguments
    that are null are left out (data sets pad every row with all keys). Raises BadReferenceError.
    """
    reference = _joined(_parsed(reference) if isinstance(reference, str) else reference)
    if not isinstance(reference, Mapping) or not isinstance(reference.get("instruction_id_list"), list | tuple):
        raise BadReferenceError("a reference needs 'instruction_id_list' and 'kwargs'")
    ids = [str(name).removeprefix(prefix) for name in reference["instruction_id_list"]]
    rows = reference.get("kwargs") or [{}] * len(ids)
    if not ids or not isinstance(rows, list | tuple) or len(rows) != len(ids):
        raise BadReferenceError(f"{len(ids)} instruction ids do not go with these kwargs: {rows!r:.60}")
    if not all(row is None or isinstance(row, Mapping) for row in rows):
        raise BadReferenceError("each entry of 'kwargs' must be a mapping")
    return Instructions(ids, [{k: v for k, v in (row or {}).items() if v is not None} for row in rows])


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        first = error
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        raise BadReferenceError(f"the reference is not JSON: {first}") from None


def _joined(reference: Any) -> Any:
    """IF-RLVR's rows as one of ours; anything else as it is."""
    rows = reference if isinstance(reference, list | tuple) else [reference]
    if not rows or not all(isinstance(row, Mapping) and "instruction_id" in row for row in rows):
        return reference
    names, arguments = list[Any](), list[Any]()
    for row in rows:
        own = row["instruction_id"] if isinstance(row["instruction_id"], list | tuple) else [row["instruction_id"]]
        given = row.get("kwargs")
        names += own
        arguments += list(given) if isinstance(given, list | tuple) else [given] * len(own)
    return {"instruction_id_list": names, "kwargs": arguments}


def text_of(arguments: Arguments, name: str) -> str:
    """A text argument; raises BadReferenceError when it is missing, empty or no text."""
    value = arguments.get(name)
    if not isinstance(value, str) or not value:
        raise BadReferenceError(f"the argument {name!r} must be a text, not {value!r:.40}")
    return value


def number_of(arguments: Arguments, name: str) -> int:
    """A whole, non-negative number argument (data sets write 3.0 too); raises BadReferenceError."""
    value = arguments.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9 or value % 1:
        raise BadReferenceError(f"the argument {name!r} must be a whole number, not {value!r:.40}")
    return int(value)


def texts_of(arguments: Arguments, name: str) -> Sequence[str]:
    """A list-of-texts argument; raises BadReferenceError."""
    value = arguments.get(name)
    if not isinstance(value, list | tuple) or not value or not all(isinstance(v, str) and v for v in value):
        raise BadReferenceError(f"the argument {name!r} must be a list of texts, not {value!r:.40}")
    return value


def compare(count: int, arguments: Arguments, number: str, relation: str, unit: str) -> Finding:
    """`count` against the threshold `arguments[number]` by `arguments[relation]`: "less than" or "at least"."""
    threshold, comparison = number_of(arguments, number), text_of(arguments, relation)
    if comparison not in ("less than", "at least"):
        raise BadReferenceError(f"the argument {relation!r} must be 'less than' or 'at least', not {comparison!r:.40}")
    followed = count < threshold if comparison == "less than" else count >= threshold
    return Finding(followed, f"{count} {unit}, {comparison} {threshold} asked")


def at_least(count: int, minimum: int, unit: str) -> Finding:
    """`count` of `unit` against a minimum."""
    return Finding(count >= minimum, f"{count} {unit}, at least {minimum} asked")


def exactly(count: int, expected: int, unit: str) -> Finding:
    """`count` of `unit` against the number asked."""
    return Finding(count == expected, f"{count} {unit}, exactly {expected} asked")


def variants(text: str) -> list[str]:
    """The readings of the loose mode: without asterisks, first line, last line, or several of these."""
    lines = text.split("\n")
    kept = [text, "\n".join(lines[1:]).strip(), "\n".join(lines[:-1]).strip(), "\n".join(lines[1:-1]).strip()]
    return list(dict.fromkeys([*kept, *(version.replace("*", "") for version in kept)]))


def judge(text: str, instructions: Instructions, checkers: Mapping[str, Checker], strict: bool, graded: bool) -> Score:
    """The score of a response: every instruction in `parts`, 1.0 when all are followed (`graded`: their share).

    Raises BadReferenceError for an instruction or argument that cannot be checked. An empty response follows nothing.
    """
    unknown = [name for name in instructions.ids if name not in checkers]
    if unknown:
        raise BadReferenceError(f"unknown instruction {unknown[0]!r:.80}")
    readings = [text] if strict else variants(text)
    parts: dict[str, float | None] = {}
    failed = []
    for name, arguments in zip(instructions.ids, instructions.arguments, strict=True):
        finding = _finding(readings, checkers[name], arguments)
        parts[_key(name, parts)] = float(finding.followed)
        if not finding.followed:
            failed.append(f"{name}: {finding.seen}")
    done = len(parts) - len(failed)
    value = done / len(parts) if graded else float(not failed)
    reason = f"{done} of {len(parts)} followed" + "".join(f"; {text}" for text in failed)
    made = Score.share(value, reason)
    return Score(made.value, made.outcome, reason, parts=parts)


def _finding(readings: Sequence[str], checker: Checker, arguments: Arguments) -> Finding:
    first = None
    for text in readings:
        if not text.strip():
            continue
        finding = checker(text, arguments)
        if finding.followed:
            return finding
        first = first or finding
    if first is None:
        # Arguments are checked all the same: a bad reference is unjudgeable, not the model's fault.
        checker("", arguments)
        return Finding(False, "the response is empty")
    return first


def _key(name: str, parts: Mapping[str, float | None]) -> str:
    same = sum(key.partition("#")[0] == name for key in parts)
    return f"{name}#{same + 1}" if same else name
