"""What a server says it serves: asked before anything is reused, because a name says nothing about weights.

Only a server that names a hash of its weights can answer from an older run's cache. Known to do so: text-generation-
inference (`/info`: `model_sha`) and Ollama (`/api/tags`: `digest`). vLLM, SGLang, llama.cpp and `transformers serve`
name the model and its context, not its weights: what they answered is used by the run that asked, and by no other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.benchmarks.engine.backends.http_client import Client
from holdfast.files import digest

CANARY = "Name three colours of the sea, then count from 7 down to 1."
"""Asked when a run is resumed: another answer shows other weights; the same answer proves nothing."""


@dataclass(frozen=True)
class Identity:
    """A server's words about its model."""

    weights: str | None = None
    """Hash of the weights; None where the server does not say."""
    context: int | None = None
    """Longest prompt and answer together, in tokens; None where the server does not say."""
    served: Mapping[str, Any] = field(default_factory=dict)
    """Its entry of the model, without what changes at each request."""

    @property
    def hash(self) -> str:
        """Hash of all that it says."""
        return digest([self.weights, dict(self.served)])


def ask(client: Client, model: str) -> Identity:
    """What the server at the client's address says of `model`."""
    root = client.url.partition("/v1/")[0] if "/v1/" in client.url else client.url.rpartition("/")[0]
    entry = _entry(client.get(f"{root}/v1/models"), model)
    info = client.get(f"{root}/info") or {}
    sha = info.get("model_sha") if isinstance(info, Mapping) else None
    if sha is None:
        tags = client.get(f"{root}/api/tags")
        found = tags.get("models") if isinstance(tags, Mapping) else None
        names = found if isinstance(found, list) else []
        sha = next((one.get("digest") for one in names if isinstance(one, Mapping) and one.get("name") == model), None)
    return Identity(str(sha) if sha else None, _context(entry), entry)


def _entry(listing: Any, model: str) -> dict[str, Any]:
    models = listing.get("data") if isinstance(listing, Mapping) else None
    for one in models if isinstance(models, list) else ():
        if isinstance(one, Mapping) and one.get("id") == model:
            return {key: value for key, value in one.items() if key not in ("created", "permission")}
    return {}


def _context(entry: Mapping[str, Any]) -> int | None:
    meta = entry.get("meta")
    for value in (entry.get("max_model_len"), entry.get("context_length"),
                  meta.get("n_ctx") if isinstance(meta, Mapping) else None):  # fmt: skip
        if isinstance(value, int) and value > 0:
            return value
    return None
