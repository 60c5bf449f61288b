"""Secrets are in no output: masked in settings, addresses and command lines before these are written or shown."""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

MASK = "***"
_SECRET = re.compile(
    r"(key|token|secret|password|passwd|passphrase|credentials?)$|secret|authori[sz]ation|cookie|^headers?$",
    re.IGNORECASE,
)
_HARMLESS = frozenset({"eos_token", "bos_token", "pad_token", "unk_token", "add_bos_token", "add_eos_token",
                       "image_token", "answer_key", "sort_key", "monkey"})  # fmt: skip
_SIGNED = re.compile(r"^(sig|signature|code|auth)$", re.IGNORECASE)
"""Names in an address's query that hold secrets, too."""
_PAIR = re.compile(r"""(["']?)([\w.-]+)\1(\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,{}\[\]]+)""")
"""A name and its value in a command's words: `a.auth_token=x`, `{auth_token: x}`, `{"auth_token": "x"}`."""
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'{}\[\],]+", re.IGNORECASE)
_PLAIN = re.compile(r"true|false|null|none|[\d.]+", re.IGNORECASE)


def is_secret(name: str) -> bool:
    """Whether a setting of this name may hold a secret."""
    return bool(_SECRET.search(name)) and name not in _HARMLESS


def without_secrets(value: Any) -> Any:
    """The settings with `***` for every secret, at any depth, and for the secrets of addresses."""
    if isinstance(value, Mapping):
        return {
            key: MASK if is_secret(str(key)) and isinstance(one, str | Mapping) and one else without_secrets(one)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_secrets(one) for one in value]
    return without_address_secrets(value) if isinstance(value, str) and "://" in value else value


def without_address_secrets(url: str) -> str:
    """An address with `***` for user and password, and for every value of its query that may be a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    netloc = parts.netloc if "@" not in parts.netloc else f"{MASK}@{parts.netloc.rpartition('@')[2]}"
    pairs = [piece.partition("=") for piece in parts.query.split("&")]
    query = "&".join(name + equals + (MASK if _hidden(name) and value else value) for name, equals, value in pairs)
    return urlunsplit(parts._replace(netloc=netloc, query=query))


def _hidden(name: str) -> bool:
    return is_secret(name) or bool(_SIGNED.search(name))


def address_secrets(url: str) -> list[str]:
    """The secrets of an address, as they stand in it and decoded: user and password, and values of its query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return []
    user = parts.netloc.rpartition("@")[0]
    pairs = [piece.partition("=") for piece in parts.query.split("&")]
    found = [user, user.partition(":")[2], *(value for name, _, value in pairs if _hidden(name))]
    return sorted({text for one in found for text in (one, unquote(one)) if text}, key=len, reverse=True)


def command(arguments: Sequence[str] | None = None) -> list[str]:
    """The command line of this process (or `arguments`) as it may be written down, `holdfast` for its module."""
    given = sys.argv if arguments is None else arguments
    program = Path(given[0]).name if given else ""
    return ["holdfast" if program == "__main__.py" else program, *map(masked, given[1:])]


def masked(word: str) -> str:
    """A word of a command line, or a text that quotes one, without secrets."""
    word = _URL.sub(lambda found: without_address_secrets(found[0]), word)
    name, equals, value = word.partition("=")
    if equals and is_secret(name.rpartition(".")[2]) and not _PLAIN.fullmatch(value) and not value.startswith("{"):
        return f"{name}={MASK}"
    return _PAIR.sub(_pair, word)


def _pair(found: "re.Match[str]") -> str:
    name, value = found[2].rpartition(".")[2], found[4].strip("\"'")
    if not is_secret(name) or _PLAIN.fullmatch(value):
        return found[0]
    return found[0][: found.start(4) - found.start()] + MASK
