"""What a completions server says of the tokens of a text: their numbers, and of each place how likely its token was and
by how much the likeliest one led. Formats: OpenAI's `logprobs` (with `echo` those of the prompt, too), and vLLM's
`token_ids`, `token_id:N` and `prompt_logprobs`."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from holdfast.benchmarks.engine.backends import openai_wire as wire
from holdfast.benchmarks.engine.items import Completion

ASKED: Mapping[str, Any] = {"logprobs": 2, "return_token_ids": True, "return_tokens_as_token_ids": True}
"""Fields of a request for an answer with its token numbers and the two best log-probabilities of every place."""
OF_PROMPT: Sequence[Mapping[str, Any]] = ({**ASKED, "echo": True}, {**ASKED, "prompt_logprobs": 2})
"""Fields of a request for the log-probabilities of a prompt's tokens: what most servers take, and what vLLM does."""
_NUMBERED = re.compile(r"token_id:(\d+)")


@dataclass(frozen=True, slots=True)
class Place:
    """One token of a text."""

    value: float
    """Its log-probability."""
    likeliest: bool
    lead: float
    """By how much the likeliest token's log-probability exceeds the second's; 0 where the server names but one."""


def answered(reply: Any) -> tuple[Completion, list[Place]]:
    """An answer with its token numbers (empty where the server does not say them), and its places.

    Raises ValueError for what is no completion."""
    found = wire.read(reply)
    choice = reply["choices"][0]
    ids = choice.get("token_ids")
    if not isinstance(ids, list) or not all(isinstance(token, int) for token in ids):
        names = [_NUMBERED.fullmatch(str(name)) for name in _logprobs(choice).get("tokens") or ()]
        ids = [int(name[1]) for name in names if name] if all(names) else []
    return replace(found, ids=ids), _places(_logprobs(choice))


def of_prompt(reply: Any, tokens: Sequence[int]) -> list[Place]:
    """The places of a prompt's tokens from the second on; empty where the server tells none, or of another number.

    Raises ValueError for what is no completion."""
    wire.read(reply)
    choice = reply["choices"][0]
    own = choice.get("prompt_logprobs") or reply.get("prompt_logprobs")
    if isinstance(own, list):
        if len(own) != len(tokens) or not all(isinstance(one, Mapping) for one in own[1:]):
            return []
        return [_numbered(one, token) for one, token in zip(own[1:], tokens[1:], strict=True)]
    places = _places(_logprobs(choice))
    return places[1 : len(tokens)] if len(tokens) <= len(places) <= len(tokens) + 1 else []


def _logprobs(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    found = choice.get("logprobs")
    return found if isinstance(found, Mapping) else {}


def _places(found: Mapping[str, Any]) -> list[Place]:
    values, tops = found.get("token_logprobs"), found.get("top_logprobs")
    if not isinstance(values, list) or not isinstance(tops, list) or len(values) != len(tops):
        return []
    return [
        _place(value, top.values() if isinstance(top, Mapping) else ()) for value, top in zip(values, tops, strict=True)
    ]


def _numbered(top: Mapping[str, Any], token: int) -> Place:
    """A place of vLLM's `prompt_logprobs`: {token number: {logprob: …}}."""
    named = {name: one.get("logprob") for name, one in top.items() if isinstance(one, Mapping)}
    return _place(named.get(str(token)), named.values())


def _place(value: Any, tops: Any) -> Place:
    numbers = sorted((float(one) for one in tops if _is_number(one)), reverse=True)
    if not _is_number(value) or not numbers:
        return Place(-math.inf, False, 0.0)
    lead = numbers[0] - numbers[1] if len(numbers) > 1 else 0.0
    return Place(float(value), float(value) >= numbers[0], lead)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not math.isnan(value)
