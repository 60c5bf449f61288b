"""JSON output: it parses, and it fits a JSON Schema.

Traps: json.loads accepts NaN and duplicate keys, raises RecursionError on deep nesting and ValueError on integers
of thousands of digits; jsonschema's `pattern` can backtrack for ever on the model's text, `uniqueItems` is
quadratic, and `$ref` to a URL would reach for the network.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal

from holdfast.errors import UsageError
from holdfast.registry import register
from holdfast.rewards.answers.text import answer_text, quoted
from holdfast.rewards.pattern import compiled
from holdfast.sample import Sample, Score

Fence = Literal["allowed", "required", "forbidden", "anywhere"]
DEPTH = 60
_SIZE = 1_000_000
_SECONDS = 1.0
_FENCED = re.compile(r"\A```(?:json|JSON|Json)?[ \t]*\n?(.*?)\n?[ \t]*```\Z", re.DOTALL)
_BLOCK = re.compile(r"^```(?:json|JSON|Json)?[ \t]*\n(.*?)\n[ \t]*```", re.DOTALL | re.MULTILINE)
_NESTING = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class _BadSchemaError(ValueError):
    """The schema turns out to be none while it is applied."""


def _check(*, schema: Mapping[str, Any] | None, **_: object) -> None:
    if schema is not None and (fault := _schema_fault(schema)):
        raise UsageError(f"option 'schema' of reward 'json_format' is not a JSON Schema: {fault}")


@register("json_format", version="2", needs_reference=False, check=_check, safe_options=("schema", "fence"))
def json_format(sample: Sample, *, schema: Mapping[str, Any] | None = None, fence: Fence = "allowed") -> Score:
    """Is the completion JSON, and does it fit the schema?

    The schema (JSON Schema 2020-12 or the draft it names) is the option or else the reference, a mapping or its JSON
    text; without one it is enough to parse. The whole answer (text after `</think>`) must be the JSON; a Markdown
    code fence around it is `allowed`, `required`, `forbidden`, or the last block `anywhere` in the text is read. NaN,
    1e999, duplicate keys, nesting deeper than 60 and texts of over a million characters are refused. The reason names
    the path of the first schema error. Unjudgeable when the reference is no schema. Source: RFC 8259, json-schema.org.
    """
    rules = schema if schema is not None else _reference_schema(sample.reference)
    if isinstance(rules, str):
        return Score.unjudgeable(rules)
    text = _payload(answer_text(sample.text).strip(), fence)
    if text is None:
        return Score.of(False, f"code fence is {fence}", parses=0.0)
    fault, value = parse(text)
    if fault:
        return Score.of(False, fault, parses=0.0)
    if rules is None:
        return Score.of(True, "parses", text[:200], parses=1.0)
    try:
        fault = _first_error(rules, value)
    except _BadSchemaError as missing:
        return Score.unjudgeable(str(missing))
    except OverflowError:
        return Score.of(False, "a number is too large to be judged by the schema", text[:200], parses=1.0, schema=0.0)
    except TimeoutError:
        return Score.timeout("a pattern of the schema took too long on the completion", text[:200])
    return Score.of(not fault, fault or "fits the schema", text[:200], parses=1.0, schema=float(not fault))


def parse(text: str) -> tuple[str, Any]:
    """Strict, bounded JSON: what is wrong (or "") and the value."""
    if len(text) > _SIZE:
        return f"{len(text)} characters, at most {_SIZE} are read", None
    if (depth := _depth(text)) > DEPTH:
        return f"nested {depth} deep, at most {DEPTH} allowed", None
    try:
        return "", json.loads(text, parse_constant=_refuse, parse_float=_float, object_pairs_hook=_object)
    except ValueError as error:
        return f"not JSON: {quoted(str(error), 120)}", None


def _depth(text: str) -> int:
    depth = deepest = 0
    for match in _NESTING.finditer(text):
        if match[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] in "]}":
            depth -= 1
    return deepest


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:40]} is more than a float holds")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise ValueError(f"key {twice!r:.40} occurs twice")
    return found


def _payload(text: str, fence: Fence) -> str | None:
    if fence == "anywhere":
        blocks = _BLOCK.findall(text)
        return blocks[-1] if blocks else text
    fenced = _FENCED.match(text)
    if fence == "required":
        return fenced[1] if fenced else None
    if fence == "forbidden":
        return None if fenced else text
    return fenced[1] if fenced else text


def _reference_schema(reference: Any) -> Mapping[str, Any] | str | None:
    """A schema, None, or why the reference is not one."""
    if reference is None or reference == "":
        return None
    if isinstance(reference, str):
        fault, reference = parse(reference)
        if fault:
            return f"the reference is no JSON Schema: {fault}"
    if not isinstance(reference, Mapping):
        return f"the reference must be a JSON Schema, not {type(reference).__name__}"
    fault = _schema_fault(reference)
    return f"the reference is no JSON Schema: {fault}" if fault else reference


def _schema_fault(schema: Any) -> str:
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for

    if not isinstance(schema, Mapping):
        return f"it is {type(schema).__name__}, not a mapping"
    try:
        validator_for(schema).check_schema(dict(schema))
    except SchemaError as error:
        return f"{error.message:.120} at {error.json_path}"
    if {"unevaluatedProperties", "patternProperties"} <= _keywords(schema):
        return "unevaluatedProperties beside patternProperties is not supported (its matching knows no time limit)"
    return ""


def _keywords(schema: Any) -> set[str]:
    """Every key anywhere in the schema."""
    if isinstance(schema, Mapping):
        return {str(key) for key in schema} | {key for inner in schema.values() for key in _keywords(inner)}
    return {key for inner in schema for key in _keywords(inner)} if isinstance(schema, list | tuple) else set()


def _first_error(schema: Mapping[str, Any], value: Any) -> str:
    """The first schema error with its path in the completion, or "".

    Raises TimeoutError for a runaway pattern, _BadSchemaError for a schema that cannot be applied.
    """
    from jsonschema.exceptions import best_match
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    validator = _bounded_class(str(schema.get("$schema", "")))(dict(schema), registry=Registry())
    try:
        error = best_match(iter(_first_errors(validator.iter_errors(value), 20)))
    except Unresolvable as missing:
        raise _BadSchemaError(f"the schema refers to {quoted(str(missing))}, which it does not hold") from missing
    except RecursionError as endless:
        raise _BadSchemaError("the schema refers to itself without end") from endless
    return f"{error.json_path}: {quoted(error.message, 160)}" if error else ""


def _first_errors(errors: Iterator[Any], count: int) -> list[Any]:
    return [error for _, error in zip(range(count), errors, strict=False)]


@lru_cache(maxsize=16)
def _bounded_class(draft: str) -> Any:
    """The draft's validator with the keywords replaced whose cost the model's text could drive up."""
    from jsonschema.validators import extend, validator_for

    return extend(  # type: ignore[no-untyped-call]
        validator_for({"$schema": draft} if draft else {}),
        {
            "pattern": _pattern,
            "patternProperties": _pattern_properties,
            "additionalProperties": _additional_properties,
            "uniqueItems": _unique_items,
        },
    )


def _search(pattern: str, text: str) -> bool:
    return compiled(pattern).search(text, timeout=_SECONDS, concurrent=True) is not None


def _pattern(validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if validator.is_type(instance, "string") and not _search(pattern, instance):
        yield ValidationError(f"{instance[:80]!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, rules: Mapping[str, Any], instance: Any, _schema: Any) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, subschema in rules.items():
        for name, value in instance.items():
            if _search(pattern, name):
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if not validator.is_type(instance, "object"):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, value in instance.items():
        if name in known or any(_search(pattern, name) for pattern in patterns):
            continue
        if validator.is_type(allowed, "object"):
            yield from validator.descend(value, allowed, path=name)
        elif not allowed:
            yield ValidationError(f"the property {name[:80]!r} is not allowed")


def _unique_items(validator: Any, wanted: bool, instance: Any, _schema: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if wanted and validator.is_type(instance, "array"):
        seen = {json.dumps(item, sort_keys=True) for item in instance}
        if len(seen) != len(instance):
            yield ValidationError(f"an array of {len(instance)} items has items that are equal")


EXAMPLES = {
    "json_format": [
        (Sample('```json\n{"age": 3}\n```', {"type": "object", "properties": {"age": {"type": "integer"}}}), 1.0),
        (Sample('{"age": "three"}', {"type": "object", "properties": {"age": {"type": "integer"}}}), 0.0),
    ]
}
