"""A trajectory judged by playing its calls again in its environment."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from holdfast.environment import (
    Environment,
    EpisodeError,
    Row,
    environment_spec,
    has_option,
    make_environment,
    replay,
)
from holdfast.errors import DataError
from holdfast.registry import register
from holdfast.sample import Message, Sample, Score


@register("episode", version="1", loads="the environment that a reference names")
def episode(sample: Sample, *, data_root: str | None = None) -> Score:
    """Does the trajectory, played again call by call, reach what its environment wants?

    The completion is the messages that followed the episode's first ones; the user says what was recorded. The
    reference is `{"environment": name, "options": {…}, "split": …, "key": …, "seed": 0}`, as `holdfast eval` writes it
    into sample rows. Never executes model text: calls are looked up by name. The same score as when it was played.
    """
    found = _object(sample.reference)
    if not isinstance(found, Mapping) or not isinstance(found.get("environment"), str) or "key" not in found:
        return Score.unjudgeable(f"a reference must name environment, split and key, not {found!r:.80}")
    if isinstance(sample.completion, str):
        return Score.of(False, "a trajectory is messages, not text")
    name = found["environment"]
    options: dict[str, Any] = dict(found.get("options") or {})
    spec = environment_spec(name)
    if data_root is not None and has_option(spec, "data_root"):
        options["data_root"] = data_root
    try:
        made, rows = _opened(name, json.dumps(options, sort_keys=True), str(found.get("split", spec.first_split)))
        row = rows[str(found["key"])]
    except KeyError:
        return Score.unjudgeable(f"environment {name!r} has no task {found['key']!r:.80}")
    except DataError as error:
        return Score.unjudgeable(str(error))
    try:
        opening = () if isinstance(sample.prompt, str) else sample.prompt
        score, differences = replay(made, row, int(found.get("seed", 0)), sample.completion, opening)
    except EpisodeError as error:
        return Score.error(str(error))
    if differences:
        return Score(
            score.value, score.outcome, f"{score.reason}; answered otherwise: {differences[0]}"[:600], None, score.parts
        )
    return score


def _object(reference: Any) -> Any:
    """A reference, also where a column holds it as JSON text."""
    if not isinstance(reference, str):
        return reference
    try:
        return json.loads(reference)
    except (ValueError, RecursionError):
        return reference


@lru_cache(maxsize=16)
def _opened(name: str, options: str, split: str) -> tuple[Environment, dict[str, Row]]:
    """An environment and the rows of a split by key, read once."""
    made = make_environment(name, **json.loads(options))
    return made, {str(row["key"]): row for row in made.tasks(split)}


_REFERENCE = {"environment": "tiny_form_solo", "options": {"items": 1}, "split": "test", "key": "qhzi", "seed": 0}


def _saving(value: str) -> Sample:
    arguments = json.dumps({"value": value})
    call = {"id": "call00000", "type": "function", "function": {"name": "save", "arguments": arguments}}
    result = {"role": "tool", "tool_call_id": "call00000", "name": "save", "content": "saved"}
    messages: list[Message] = [{"role": "assistant", "content": "", "tool_calls": [call]}, result]
    return Sample([*messages, {"role": "assistant", "content": "Done"}], _REFERENCE)


EXAMPLES = {"episode": [(_saving("0 1 4"), 1.0), (_saving("1 4 0"), 0.0)]}
