"""A measurement without what is this machine's own: what a public file may say is listed here, all else is left out.

Model and rewards are recorded with paths, addresses, images and arguments, which a comparison needs and a reader of a
published file does not.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from holdfast.errors import UsageError
from holdfast.registry import lookup
from holdfast.runs.measurement import Measurement, TaskResult
from holdfast.runs.row import Row
from holdfast.sample import Outcome

_MODEL = frozenset("fingerprint tokenizer chat_template dtype parameters backend".split())
_GENERATION = frozenset(
    "kind chat_template fewshot max_gen_toks max_tokens do_sample temperature top_p top_k min_p seed repeats turns"
    " tools thinking capped_by_context repetition_penalty presence_penalty frequency_penalty seconds tokens num_beams"
    " split model_defaults chat_template_args".split()
)
_GENERATION_TEXTS = frozenset({"until", "system", "categories"})
"""Texts that the prompts hold too."""
_PINNED = frozenset({"package", "name", "version", "hash", "sha256"})
_FOREIGN_OPTIONS = frozenset({"metric", "filter"})
"""Options of lm-eval's graders."""
_EPISODE = ("split", "key", "seed")
_WORD = re.compile(r"[\w.+-]{1,100}")
_PLACE = re.compile(
    r"[a-zA-Z][\w+.-]*://[^\s'\"<>)]+"  # an address
    r"|(?<![\w.)\]}\\])(?:[A-Za-z]:\\|~?/)[\w.~-]+(?:[/\\][\w.~-]+)+"  # a path of two names or more
    r"|\b(?=[\w.-]*[a-zA-Z])[\w-]+(?:\.[\w-]+)+:\d+\b"  # a host with its port
)
"""Places that a reason may name."""


@dataclass(slots=True)
class PublicMeasurement(Measurement):
    """A measurement as it may be published."""

    source: Measurement = field(kw_only=True)

    def rows(self, task: str) -> Iterator[Row]:
        """The rows of a task, streamed, without what an error or an episode's reference says of this machine."""
        return (_public_row(row) for row in self.source.rows(task))


def public(measurement: Measurement, model_id: str) -> PublicMeasurement:
    """The measurement with the fields that a public file may hold, its model called `model_id`."""
    tasks = {name: _public_result(result) for name, result in measurement.tasks.items()}
    model = {"name": model_id} | _words(measurement.model, _MODEL)
    return PublicMeasurement(measurement.directory, tasks, model, source=measurement)


def _public_result(result: TaskResult) -> TaskResult:
    texts = {key: value for key, value in result.generation.items() if key in _GENERATION_TEXTS}
    generation = _words(result.generation, _GENERATION) | texts
    return replace(result, reward=_public_reward(result.reward), generation=generation)


def _public_reward(reward: Mapping[str, Any]) -> dict[str, Any]:
    if not reward:
        return {}
    name = str(reward.get("name", ""))
    found: dict[str, Any] = {"name": _public_name(name), "version": _public_name(str(reward.get("version", "")))}
    found["options"] = _public_options(name, reward.get("options") or {})
    pinned = _words(reward.get("pinned") or {}, _PINNED)
    return found | ({"pinned": pinned} if pinned else {})


def _public_options(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that load nothing and reach nothing; of a composite those of its parts."""
    kept = {key: value for key, value in options.items() if key in _safe_options(name) and key != "of"}
    parts = options.get("of")
    if isinstance(parts, Mapping):
        kept["of"] = {key: _public_part(part) for key, part in parts.items()}
    return kept


def _safe_options(name: str) -> Collection[str]:
    if ":" in name:
        return _FOREIGN_OPTIONS
    try:
        return lookup(name).safe_options or ()
    except UsageError:  # a package's that is not installed here
        return ()


def _public_part(part: Any) -> Any:
    if not isinstance(part, Mapping):
        return _public_name(str(part))
    name = str(part.get("reward", ""))
    weight = {"weight": part["weight"]} if isinstance(part.get("weight"), int | float) else {}
    return {"reward": _public_name(name)} | _public_options(name, part) | weight


def _public_name(name: str) -> str:
    """`scheme:name` without a path or an address: `lm_eval:gsm8k` as it is, `episode:openenv:http://…` its scheme."""
    kept = []
    for part in name.split(":")[:2]:
        if "/" in part or "\\" in part:
            break
        kept.append(part)
    return ":".join(kept) or ("own" if name else "")


def _words(facts: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """The facts of these names that are numbers, truth values and single words, also inside mappings and lists."""
    found = {name: _word(value) for name, value in facts.items() if name in names}
    return {name: value for name, value in found.items() if value not in (None, {}, [])}


def _word(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _words({str(key): one for key, one in value.items()}, [str(k) for k in value if _WORD.fullmatch(str(k))])
    if isinstance(value, list | tuple):
        return [one for one in map(_word, value) if one is not None]
    if isinstance(value, str):
        return value if _WORD.fullmatch(value) else None
    return value if isinstance(value, bool | int | float) else None


def _public_row(row: Row) -> Row:
    reason = "" if row.outcome == Outcome.ERROR else _PLACE.sub("…", row.reason)
    return replace(row, reason=reason, reference=_public_reference(row.reference))


def _public_reference(reference: Any) -> Any:
    """A reference; of an episode what was played, without the environment's address and options."""
    if (
        not isinstance(reference, Mapping)
        or not isinstance(reference.get("environment"), str)
        or "key" not in reference
    ):
        return reference
    return {"environment": _public_name(reference["environment"])} | {
        name: reference[name] for name in _EPISODE if name in reference
    }
