"""Secrets of a sweep travel to its jobs in the environment: no file of Hydra's or a launcher's ever holds one.

A word that holds a secret becomes `key=${holdfast.secret:0}` before Hydra reads it (its multirun.yaml, the pickles of
submitit and their results hold the words); the values stand in one variable of the environment, which jobs inherit. A
secret from a config file is read from that file by each job, and is masked in what Hydra writes.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from holdfast.config import parsed
from holdfast.errors import UsageError
from holdfast.masking import masked, without_secrets

ENV = "HOLDFAST_SWEEP_SECRETS"
_RESOLVER = "holdfast.secret"
_WRITTEN = ("launcher", "sweeper", "callbacks")
"""Parts of Hydra's own settings that a user may set, and that it writes down."""


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
    values.append(override.value())
    sign = word[: len(word) - len(word.lstrip("+"))]
    return f"{sign}{key}=${{{_RESOLVER}:{len(values) - 1}}}"


def _of_hydra(key: str) -> UsageError:
    return UsageError(f"{key} holds a secret, which Hydra would write down: give it as ${{oc.env:NAME}}, exported")


def _holds_secret(key: str, value: Any) -> bool:
    plain = {key.rpartition(".")[2]: _without_references(value)}
    return bool(without_secrets(plain) != plain)


def _without_references(value: Any) -> Any:
    """A value whose `${…}` are empty: they name a secret, and hold none."""
    if isinstance(value, Mapping):
        return {str(key): _without_references(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_references(one) for one in value]
    return "" if isinstance(value, str) and value.startswith("${") else value


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
    return json.loads(os.environ[ENV])[number]


def hide(config: Any) -> None:
    """Mask the secrets of a composed configuration, in place. Raises UsageError for one in Hydra's own settings."""
    from omegaconf import OmegaConf, open_dict, read_write

    plain: Any = OmegaConf.to_container(config, resolve=False)
    hydra = plain.pop("hydra", None) or {}
    for part in _WRITTEN:
        given = _without_references(hydra.get(part) or {})
        if without_secrets(given) != given or any(masked(text) != text for text in _texts(given)):
            raise _of_hydra(f"hydra.{part}")
    with read_write(config), open_dict(config):
        for key, value in without_secrets(plain).items():
            if value != plain[key]:
                config[key] = value
