"""Secrets of a sweep travel to its jobs in the environment: no file of Hydra's or a launcher's ever holds one.

A word that holds a secret becomes `key=${holdfast.secret:0}` before Hydra reads it (its multirun.yaml, the pickles of
submitit and their results hold the words); the values stand in one variable of the environment, which jobs inherit. A
secret from a config file is read from that file by each job, and is masked in what Hydra writes.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from holdfast.config import parsed
from holdfast.errors import UsageError
from holdfast.masking import masked_text, remember, without_secrets

ENV = "HOLDFAST_SWEEP_SECRETS"
_RESOLVER = "holdfast.secret"
_REFERENCE = re.compile(r"\$\{(?:(?:oc\.(?:env|select):)?[\w.\[\]-]+(?:,\s*(?:null)?)?|holdfast\.secret:\d+)\s*\}")
"""What names a value that stands elsewhere, and holds none itself (`${oc.env:NAME,literal}` does)."""

_HELP = ("help", "hydra_help")
"""Hydra's texts of `--help`, whose `header` is none of HTTP."""


@contextmanager
def set_aside(words: Sequence[str]) -> Iterator[list[str]]:
    """The words with a reference in the place of each value that holds a secret, for as long as the sweep runs.

    Raises UsageError for a secret that is swept (values are names of folders), and for one of Hydra's own settings.
    """
    values: list[Any] = []
    kept = [_referred(word, values) for word in words]
    os.environ[ENV] = json.dumps(values)
    try:
        yield kept
    finally:
        os.environ.pop(ENV, None)


def _referred(word: str, values: list[Any]) -> str:
    override = parsed(word)
    key = str(override.key_or_group)
    if override.is_sweep_override():
        if override.is_discrete_sweep() and any(_holds_secret(key, one) for one in override.sweep_iterator()):
            raise UsageError(f"{key} holds a secret, which cannot be swept: its values would be names of folders")
        return word
    if not _holds_secret(key, override.value()):
        return word
    if key.startswith("hydra."):
        raise _of_hydra(key)
    remember({key.rpartition(".")[2]: override.value()})
    values.append(override.value())
    sign = word[: len(word) - len(word.lstrip("+"))]
    return f"{sign}{key}=${{{_RESOLVER}:{len(values) - 1}}}"


def _of_hydra(key: str) -> UsageError:
    return UsageError(f"{key} holds a secret, which Hydra would write down: give it as ${{oc.env:NAME}}, exported")


def _holds_secret(key: str, value: Any) -> bool:
    plain = {key.rpartition(".")[2]: _without_references(value)}
    return bool(without_secrets(plain) != plain)


def _without_references(value: Any) -> Any:
    """A value without its references: they name a secret, and hold none."""
    if isinstance(value, Mapping):
        return {str(key): _without_references(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_references(one) for one in value]
    while isinstance(value, str) and (shorter := _REFERENCE.sub("", value)) != value:
        value = shorter  # references stand in references
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value


def known() -> None:
    """Let the references of `set_aside` be resolved in this process."""
    from omegaconf import OmegaConf

    OmegaConf.register_new_resolver(_RESOLVER, _value, replace=True)


def _value(number: int) -> Any:
    if ENV not in os.environ:
        raise UsageError(f"the sweep's launcher passes no environment on to its jobs: {ENV} holds their secrets")
    from omegaconf import OmegaConf

    value = json.loads(os.environ[ENV])[number]
    return OmegaConf.create({"value": value})["value"]  # `${oc.env:NAME,literal}`


def hide(config: Any) -> None:
    """Mask the secrets of a composed configuration, in place. Raises UsageError for one in Hydra's own settings."""
    from omegaconf import OmegaConf, open_dict, read_write

    plain: Any = OmegaConf.to_container(config, resolve=False)
    hydra = plain.pop("hydra", None) or {}
    for part, settings in hydra.items():
        given = _without_references({part: settings})
        named = part not in _HELP and without_secrets(given) != given
        if named or any(masked_text(text) != text for text in _texts(given)):
            raise _of_hydra(f"hydra.{part}")
    with read_write(config), open_dict(config):
        for key, value in without_secrets(plain).items():
            if value != plain[key]:
                config[key] = value
