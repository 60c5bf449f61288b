"""The OpenAPI document, made from the wire types and the rewards that are served."""

from collections.abc import Mapping
from typing import Any

import msgspec

from holdfast import __version__
from holdfast.reward import Reward
from holdfast.serve.schemas import (
    BatchAnswer,
    BatchRequest,
    ErrorBody,
    OpenRLHFRequest,
    SampleBody,
    ScoreBody,
    ScoreRequest,
)

_TYPES = (ScoreRequest, BatchRequest, ScoreBody, BatchAnswer, OpenRLHFRequest, SampleBody, ErrorBody)
REFUSALS = {
    "400": "the body is malformed",
    "401": "no token, or a wrong one",
    "404": "no such reward is served",
    "405": "another method is meant",
    "408": "the body came too slowly",
    "413": "the body or the batch is too large",
    "429": "the queue is full: wait as long as Retry-After says",
    "503": "not ready",
    "504": "no verdict within the deadline",
}
_JSON, _LINES, _TEXT, _HTML = "application/json", "application/x-ndjson", "text/plain", "text/html"
_POSTED = ("400", "401", "404", "405", "408", "413", "429", "504")
_SAMPLE = {"completion": "The answer is \\boxed{72}.", "reference": "72"}
_RESPONSE = {"output": [{"type": "message", "content": [{"type": "output_text", "text": "\\boxed{72}"}]}]}
_OPENRLHF = {"query": ["What is 8 x 9? It is 72."], "prompts": ["What is 8 x 9?"], "labels": ["72"]}


def document(rewards: Mapping[str, Reward], secured: bool) -> dict[str, Any]:
    """OpenAPI 3.1 of this server."""
    schemas, components = msgspec.json.schema_components(_TYPES, ref_template="#/components/schemas/{name}")
    names = {kind.__name__: schema for kind, schema in zip(_TYPES, schemas, strict=True)}
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Holdfast reward server", "version": __version__},
        "paths": _posts(names, sorted(rewards)) | _gets(secured),
        "components": {"schemas": components},
    }
    if secured:
        bearer, basic = {"type": "http", "scheme": "bearer"}, {"type": "http", "scheme": "basic"}
        found["components"]["securitySchemes"] = {"token": bearer, "user": basic}
        found["security"] = [{"token": []}, {"user": []}]
    return found


def _posts(names: Mapping[str, Any], rewards: list[str]) -> dict[str, Any]:
    free: dict[str, Any] = {"type": "object"}
    verified = {"response": _RESPONSE, "expected_answer": "72"}
    endpoints: dict[str, tuple[str, Any, Any, Any]] = {
        "/v1/rewards/{reward}/score": (
            "Judge one sample",
            names["ScoreRequest"],
            names["ScoreBody"],
            {"sample": _SAMPLE, "deadline_ms": 5000},
        ),
        "/v1/rewards/{reward}/score_batch": (
            "Judge several samples",
            names["BatchRequest"],
            names["BatchAnswer"],
            {"samples": [_SAMPLE, _SAMPLE]},
        ),
        "/openrlhf/{reward}": ("OpenRLHF's remote reward", names["OpenRLHFRequest"], free, _OPENRLHF),
        "/nemo_gym/{reward}/verify": ("NeMo-Gym: verify", free, free, verified),
        "/nemo_gym/{reward}/seed_session": ("NeMo-Gym: nothing to seed", free, free, {}),
        "/nemo_gym/{reward}/aggregate_metrics": (
            "NeMo-Gym: mean reward",
            free,
            free,
            {"verify_responses": [{"reward": 1.0, "judged": True}]},
        ),
    }
    found = {path: _post(text, rewards, body, answer, sent) for path, (text, body, answer, sent) in endpoints.items()}
    return found | {"/v1/rewards/{reward}/score_stream": _stream(rewards)}


def _post(summary: str, rewards: list[str], body: Any, answer: Any, example: Any) -> dict[str, Any]:
    content = {_JSON: {"schema": body, "example": example}}
    return {"post": _operation(summary, rewards, content, _answers({_JSON: {"schema": answer}}, _POSTED))}


def _stream(rewards: list[str]) -> dict[str, Any]:
    """Bad lines and bodies that stall are told in the stream's last line: it has begun to answer by then."""
    text = {"type": "string"}
    example = '{"completion": "72", "reference": "72"}\n{"completion": "73", "reference": "72"}\n'
    summary = "Judge a stream: a SampleBody a line, answered by a ScoreBody a line, or a last line with an ErrorBody"
    answers = _answers({_LINES: {"schema": text}}, ("401", "404", "405"))
    return {"post": _operation(summary, rewards, {_LINES: {"schema": text, "example": example}}, answers)}


def _operation(summary: str, rewards: list[str], content: Any, answers: Any) -> dict[str, Any]:
    where = {"name": "reward", "in": "path", "required": True, "schema": {"type": "string", "enum": rewards}}
    body = {"required": True, "content": content}
    return {"summary": summary, "parameters": [where], "requestBody": body, "responses": answers}


def _gets(secured: bool) -> dict[str, Any]:
    gets = {
        "/v1/rewards": ("What is served", _JSON, ("401", "405")),
        "/healthz": ("The process lives, and so do its scorers", _JSON, ("405", "503")),
        "/readyz": ("No queue is full", _JSON, ("405", "503")),
        "/metrics": ("Prometheus metrics of all workers", _TEXT, ("401", "405")),
        "/openapi.json": ("This document", _JSON, ("401", "405")),
        "/docs": ("This document as a page", _HTML, ("401", "405")),
    }
    found: dict[str, Any] = {}
    for path, (summary, kind, refusals) in gets.items():
        schema = {"type": "object" if kind == _JSON else "string"}
        found[path] = {"get": {"summary": summary, "responses": _answers({kind: {"schema": schema}}, refusals)}}
        if secured and path in ("/healthz", "/readyz"):
            found[path]["get"]["security"] = []
    return found


def _answers(good: dict[str, Any], refusals: tuple[str, ...]) -> dict[str, Any]:
    refused = {_JSON: {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
    found: dict[str, Any] = {"200": {"description": "OK", "content": good}}
    for status in refusals:
        found[status] = {"description": REFUSALS[status], "content": refused}
    if "429" in found:
        after = {"description": "seconds", "schema": {"type": "integer", "minimum": 1}}
        found["429"]["headers"] = {"Retry-After": after}
    return found
