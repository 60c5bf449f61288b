"""The OpenAPI document, made from the wire types and the rewards that are served."""

from collections.abc import Mapping
from typing import Any

import msgspec

from holdfast import __version__
from holdfast.reward import Reward
from holdfast.serve.wire import BatchAnswer, BatchRequest, ErrorBody, OpenRLHFRequest, ScoreBody, ScoreRequest

_TYPES = (ScoreRequest, BatchRequest, ScoreBody, BatchAnswer, OpenRLHFRequest, ErrorBody)
_REFUSALS = {
    "400": "the body is malformed",
    "401": "no token, or a wrong one",
    "404": "no such reward is served",
    "405": "another method is meant",
    "408": "the body came too slowly",
    "413": "the body or the batch is too large",
    "429": "the queue is full: wait as long as Retry-After says",
    "504": "no verdict within the deadline",
}


def document(rewards: Mapping[str, Reward], secured: bool) -> dict[str, Any]:
    """OpenAPI 3.1 of this server."""
    schemas, components = msgspec.json.schema_components(_TYPES, ref_template="#/components/schemas/{name}")
    names = {kind.__name__: schema for kind, schema in zip(_TYPES, schemas, strict=True)}
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Holdfast reward server", "version": __version__},
        "paths": _paths(names, sorted(rewards)),
        "components": {"schemas": components},
    }
    if secured:
        found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        found["security"] = [{"token": []}]
    return found


def _paths(names: Mapping[str, Any], rewards: list[str]) -> dict[str, Any]:
    free: dict[str, Any] = {"type": "object"}
    posts = {
        "/v1/rewards/{reward}/score": ("Judge one sample", names["ScoreRequest"], names["ScoreBody"]),
        "/v1/rewards/{reward}/score_batch": ("Judge several samples", names["BatchRequest"], names["BatchAnswer"]),
        "/openrlhf/{reward}": ("OpenRLHF's remote reward", names["OpenRLHFRequest"], free),
        "/nemo_gym/{reward}/verify": ("NeMo-Gym: verify", free, free),
        "/nemo_gym/{reward}/seed_session": ("NeMo-Gym: nothing to seed", free, free),
        "/nemo_gym/{reward}/aggregate_metrics": ("NeMo-Gym: mean reward", free, free),
    }
    paths: dict[str, Any] = {path: {"post": _post(*parts, rewards)} for path, parts in posts.items()}
    gets = {"/healthz": "The process lives", "/readyz": "It takes requests", "/v1/rewards": "What is served"}
    for path, text in gets.items():
        paths[path] = {"get": {"summary": text, "responses": _responses(free, ("401", "405", "503"))}}
    return paths


def _post(summary: str, body: Any, answer: Any, rewards: list[str]) -> dict[str, Any]:
    where = {"name": "reward", "in": "path", "required": True, "schema": {"type": "string", "enum": rewards}}
    return {
        "summary": summary,
        "parameters": [where],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": _responses(answer, tuple(_REFUSALS)),
    }


def _responses(answer: Any, refusals: tuple[str, ...]) -> dict[str, Any]:
    refused = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
    found: dict[str, Any] = {"200": {"description": "OK", "content": {"application/json": {"schema": answer}}}}
    for status in refusals:
        found[status] = {"description": _REFUSALS.get(status, "not ready"), "content": refused}
    return found
