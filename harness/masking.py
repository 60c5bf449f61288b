"""Secrets are in no output: masked in settings, addresses, command lines and errors before these are written or shown.

A text is searched for names with their values, for the shapes of known keys, and for every secret that this process
was given in its settings or has in its environment, however the text quotes it.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
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
_VALUE = (
    r"""(\\"[^"\\]*\\"|"[^"]*"|'[^']*'|(?:(?i:bearer|basic|token|digest|apikey)\s+)?"""
    r"""(?:[^\s,{}\[\]"']|["'](?=[^\s,{}\[\])]))+)"""
)
_PAIR = re.compile(rf"""(\\?["']?)(?<![\w.-])([\w.-]++)\1(\s*[:=]\s*){_VALUE}""")
"""A name and its value: `a.auth_token=x`, `{auth_token: x}`, `{"auth_token": "x"}`, `Authorization: Bearer x`."""
_NAMED = r"(?:api|access|auth(?:entication|orization)?|secret|private)[ _-]?(?:key|token)|password|passphrase|secret"
_SAID = r"(?:\s+(?:provided|given|supplied|used|received|passed|sent|is|was|value))*"
_PHRASE = re.compile(rf"\b((?:{_NAMED}|token)s?{_SAID}\s*[:=]\s*|(?:{_NAMED})s?{_SAID}\s+(?=[\"']))()(){_VALUE}", re.I)
"""The same in a sentence: `Incorrect API key provided: x`, `the password 'x'`."""
_FLAG = re.compile(rf"(?<!\S)(--?)([\w-]+)(\s+)(?!-){_VALUE}")
_SHAPES = re.compile(
    r"(?<![\w/.-])(?:sk-(?!learn\b)[\w*-]{3,}|hf_[A-Za-z0-9]{20,}|gh[pousr]_\w{16,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|gsk_\w{20,}|nvapi-[\w-]{20,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|xox[abprs]-[\w-]{10,}"
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+)|(?i:(?<=\bbearer )(?!tokens?\b)[\w.~+/=-]{3,})"
)
"""Keys of well-known services, recognised without a name."""
_URL = re.compile(r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://[^\s\"'{}\[\],]+", re.IGNORECASE)
_PLAIN = re.compile(r"true|false|null|none|value|…\S*|\*\*\*\W*|<.*>|[\d.]+", re.IGNORECASE)
_SHORTEST = 8
"""Characters of a secret that is looked for by its value alone: a shorter one would be found in other words."""
_given: set[str] = set()
"""Secrets of the settings that this process has read."""


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


def remember(settings: Any) -> None:
    """Look for the secrets of these settings in every text from now on."""
    _given.update(one for one in secrets_in(settings) if len(one) >= _SHORTEST and MASK not in one)


def secrets_in(settings: Any) -> Iterator[str]:
    """Every text that `without_secrets` would mask, at any depth; of `Bearer x` also the `x`."""
    if isinstance(settings, Mapping):
        for key, one in settings.items():
            if is_secret(str(key)) and isinstance(one, str | Mapping):
                yield from (part for text in _texts(one) for part in (text, text.rpartition(" ")[2]))
            else:
                yield from secrets_in(one)
    elif isinstance(settings, list | tuple):
        for one in settings:
            yield from secrets_in(one)
    elif isinstance(settings, str) and "://" in settings:
        yield from address_secrets(settings)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


def _known() -> list[str]:
    """The secrets that this process knows, the longest first; a file's path in the environment is none."""
    held = (value for name, value in os.environ.items() if is_secret(name) and len(value) >= _SHORTEST)
    found = {*_given, *(value for value in held if not (value.startswith("/") and Path(value).exists()))}
    return sorted(found, key=len, reverse=True)


def command(arguments: Sequence[str] | None = None) -> list[str]:
    """The command line of this process (or `arguments`) as it may be written down, `holdfast` for its module."""
    given = list(sys.argv if arguments is None else arguments)
    program = Path(given[0]).name if given else ""
    words = [MASK if _is_value_of(flag, word) else masked(word) for flag, word in pairwise(given)]
    return ["holdfast" if program == "__main__.py" else program, *words]


def _is_value_of(flag: str, word: str) -> bool:
    """Whether `word` follows a flag that takes a secret: `--hub_token x`."""
    return flag.startswith("-") and is_secret(flag) and not word.startswith("-") and not _PLAIN.fullmatch(word)


def masked(word: str) -> str:
    """A word of a command line without secrets."""
    word = _URL.sub(lambda found: without_address_secrets(found[0]), word)
    name, _, value = word.partition("=")
    if value and is_secret(name.rpartition(".")[2]) and not _PLAIN.fullmatch(value) and not value.startswith("{"):
        return f"{name}={MASK}"
    return masked_text(word)


def masked_text(text: str) -> str:
    """A text that may quote settings, headers or answers of servers, without secrets."""
    for one in _known():
        text = text.replace(one, MASK)
    text = _URL.sub(lambda found: without_address_secrets(found[0]), text)
    text = _PAIR.sub(_pair, text)
    text = _FLAG.sub(_pair, text)
    text = _PHRASE.sub(_phrase, text)
    return _SHAPES.sub(MASK, text)


def error_text(error: BaseException) -> str:
    """`KeyError: 'x'`: an error as it may be written down."""
    return masked_text(f"{type(error).__name__}: {error}")


def _pair(found: "re.Match[str]") -> str:
    name = found[2].rpartition(".")[2]
    return _phrase(found) if is_secret(name) else found[0]


def _phrase(found: "re.Match[str]") -> str:
    if _PLAIN.fullmatch(found[4].strip("\\\"'")):
        return found[0]
    return found[0][: found.start(4) - found.start()] + MASK
