"""From words to EvalConfigs: Hydra's override grammar on conf/eval.yaml; several with `-m`."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from importlib import resources
from itertools import product
from typing import Any, cast

from holdfast.benchmarks.suites.eval_config import EvalConfig
from holdfast.errors import UsageError, unknown
from holdfast.overrides import quoted

KEYS = tuple(field.name for field in fields(EvalConfig))
_OPEN = ("backend_args", "sampling", "chat_template_args", "model", "against")
"""Keys below which anything goes: `backend_args.base_url=…`."""


def compose(words: Sequence[str]) -> EvalConfig:
    """The configuration of one evaluation. Raises UsageError naming the nearest valid key."""
    parsed = [_parsed(word) for word in words]
    swept = next((word for word, override in zip(words, parsed, strict=True) if override.is_sweep_override()), None)
    if swept is not None:
        raise UsageError(f"{swept!r} lists several values; sweep with `holdfast eval -m …`, or write [a, b]")
    return _config([(override.key_or_group, override.value()) for override in parsed])


def jobs(words: Sequence[str]) -> Iterator[list[str]]:
    """The words of every job of a multirun: each combination of the values that are swept."""
    choices = []
    for word in words:
        override = _parsed(word)
        if override.is_sweep_override():
            choices.append([f"{override.key_or_group}={value}" for value in override.sweep_string_iterator()])
        else:
            choices.append([quoted(word)])
    yield from (list(combination) for combination in product(*choices))


def _parsed(word: str) -> Any:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        override = OverridesParser.create().parse_override(quoted(word))
    except HydraException as error:
        first = str(error).splitlines()[0]
        raise UsageError(f"cannot read {word!r}: expected key=value ({first})") from error
    key = override.key_or_group
    head = key.partition(".")[0]
    if head not in KEYS or (key != head and head not in _OPEN):
        raise unknown("key of `holdfast eval`", key, KEYS)
    return override


def _config(settings: Sequence[tuple[str, Any]]) -> EvalConfig:
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    text = (resources.files("holdfast.conf") / "eval.yaml").read_text(encoding="utf-8")
    try:
        config = OmegaConf.merge(OmegaConf.structured(EvalConfig), OmegaConf.create(text))
        for key, value in settings:
            OmegaConf.update(config, key, _plain(value), force_add=True)
        return cast(EvalConfig, OmegaConf.to_object(config))
    except OmegaConfBaseException as error:
        where, what = getattr(error, "full_key", None), str(error).splitlines()[0]
        raise UsageError(f"{where}: {what}" if where else what) from error


def _plain(value: Any) -> Any:
    """Hydra's quoted strings as strings, also inside lists and mappings."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(one) for key, one in value.items()}
    return value if isinstance(value, int | float | bool | None) else getattr(value, "text", value)
