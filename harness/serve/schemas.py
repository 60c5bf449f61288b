"""The bodies of requests and answers: decoded and checked in one pass, and the source of the OpenAPI document."""

from typing import Any

import msgspec

from holdfast.sample import Sample, Score


class SampleBody(msgspec.Struct, forbid_unknown_fields=True):
    """One completion and what is needed to judge it."""

    completion: str | list[dict[str, Any]]
    reference: Any = None
    prompt: str | list[dict[str, Any]] = ""
    info: dict[str, Any] = {}

    def sample(self) -> Sample:
        """The body as the core's Sample."""
        return Sample(self.completion, self.reference, self.prompt, self.info)


class ScoreRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Judge one sample; `deadline_ms` shortens the server's own."""

    sample: SampleBody
    deadline_ms: int | None = None


class BatchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Judge several samples; the answer has as many scores, in order."""

    samples: list[SampleBody]
    deadline_ms: int | None = None


class ScoreBody(msgspec.Struct):
    """A judgement; `value` is null exactly when the sample cannot be judged (outcome `unjudgeable` or `error`)."""

    value: float | None
    outcome: str
    reason: str
    extracted: str | None
    parts: dict[str, float | None]

    @classmethod
    def of(cls, score: Score) -> "ScoreBody":
        """The wire form of a Score."""
        return cls(score.value, str(score.outcome), score.reason, score.extracted, dict(score.parts))


class BatchAnswer(msgspec.Struct):
    """As many scores as samples, in order."""

    scores: list[ScoreBody]


class OpenRLHFRequest(msgspec.Struct):
    """OpenRLHF's remote reward: parallel lists (a query is prompt + completion)."""

    query: str | list[str]
    prompts: str | list[str]
    labels: Any = None


class ErrorBody(msgspec.Struct):
    """Why a request was refused."""

    error: str


_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """JSON bytes; lone surrogates, which UTF-8 cannot carry, become question marks."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(_clean(msgspec.to_builtins(value)))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_clean(key): _clean(inner) for key, inner in value.items()}
    return [_clean(inner) for inner in value] if isinstance(value, list) else value
