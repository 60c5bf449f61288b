"""Arguments of a server backend (`backend_args.…`): every one is used, or refused with the nearest that is known."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from holdfast import values
from holdfast.errors import UsageError, unknown
from holdfast.masking import address_secrets, is_secret

BACKENDS: Mapping[str, str | None] = {
    "local-chat-completions": None,
    "local-completions": None,
    "openai-chat-completions": "https://api.openai.com/v1/chat/completions",
    "openai-completions": "https://api.openai.com/v1/completions",
}
"""The backends that speak OpenAI's protocol, with their address where it is fixed."""


@dataclass(frozen=True, kw_only=True)
class ServerArgs:
    """Where the server is and how it is asked."""

    base_url: str = ""
    """The whole address, `http://localhost:8000/v1/chat/completions`, or up to `/v1`."""
    num_concurrent: int = 8
    """How many requests run at once."""
    max_retries: int = 3
    timeout: float = 300.0
    """Seconds for one answer."""
    auth_token: str = field(default="", repr=False)
    """The key itself; better is the environment variable that `api_key_env` names."""
    api_key_env: str = "OPENAI_API_KEY"
    header: dict[str, str] = field(default_factory=dict, repr=False)
    """Further headers of every request."""
    verify_certificate: bool = True
    ca_cert_path: str | None = None
    tokenizer: str | None = None
    """Plain completions: the tokenizer that renders the chat template, counts and compares options."""
    revision: str | None = None
    """Revision of the tokenizer."""
    trust_remote_code: bool = False
    tokenized_requests: bool = True
    """Plain completions with a tokenizer: send token numbers, not text."""
    max_length: int | None = None
    """The context in tokens; None: what the server says."""
    continue_final_message: bool = False
    """The server can go on from a begun answer (vLLM, SGLang): needed by tasks with an answer's beginning."""
    extra_body: dict[str, Any] = field(default_factory=dict)
    """Sent with every request as it is (`{"reasoning_effort": "low"}`); null takes a field out
    (`{"temperature": null}` for a model that refuses it)."""

    @classmethod
    def read(cls, backend: str, arguments: Mapping[str, Any]) -> "ServerArgs":
        """Raises UsageError for an unknown argument, a wrong type, or no address."""
        known = {one.name: one for one in fields(cls)}
        for name in arguments:
            if name not in known:
                raise unknown(f"argument of backend {backend!r}", name, known)
            values.check(f"backend_args.{name}", arguments[name], known[name].type)
        made = cls(**arguments)
        url = made.base_url or BACKENDS[backend] or ""
        if not url:
            raise UsageError(
                f"backend {backend!r} needs backend_args.base_url, for example http://localhost:8000/v1/"
                f"{_path(backend)}"
            )
        return replace(made, base_url=_full_url(url, backend))

    @property
    def key(self) -> str:
        """The API key; empty without one."""
        return self.auth_token or os.environ.get(self.api_key_env, "")

    def secrets(self) -> tuple[str, ...]:
        """Texts that must appear in no output."""
        hidden = [value for name, value in self.header.items() if is_secret(name)]
        hidden += [value.removeprefix("Bearer ") for value in hidden]
        hidden += address_secrets(self.base_url)
        return tuple(sorted({one for one in (self.key, *hidden) if one}, key=len, reverse=True))


def _path(backend: str) -> str:
    return "chat/completions" if "chat" in backend else "completions"


def _full_url(url: str, backend: str) -> str:
    """The address with its path, where only the server's part up to `/v1` is given; its query stays behind."""
    parts = urlsplit(url)
    bare = parts.path.rstrip("/")
    return urlunsplit(parts._replace(path=bare if bare.endswith("/completions") else f"{bare}/{_path(backend)}"))
