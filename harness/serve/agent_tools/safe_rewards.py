"""Which rewards and options a remote caller may name: registered ones that load no file, no model and no code."""

from collections.abc import Mapping
from typing import Any

from holdfast.errors import UsageError
from holdfast.registry import lookup
from holdfast.reward import Reward

_REACHING_OUT = {"judge": "it asks a model over the network", "pairwise_judge": "it asks a model over the network",
                 "reward_model": "it loads a model"}  # fmt: skip
_LOADING = frozenset("template_file cache data_root hosts image packages tokenizer isolation backend reference".split())
"""Options that read files, reach other machines, or loosen the sandbox."""


def safe_reward(name: str, options: Mapping[str, Any]) -> Reward:
    """The reward with its options. Raises UsageError for one that reads files, reaches out or runs a caller's code."""
    _check(name, options)
    return Reward(name, **options)


def _check(name: str, options: Mapping[str, Any]) -> None:
    if ":" in name or "/" in name or name.endswith((".yaml", ".yml")):
        raise UsageError(f"{name!r} is refused: only registered rewards can be named here, no files and no functions")
    lookup(name)
    if name in _REACHING_OUT:
        raise UsageError(f"reward {name!r} is refused: {_REACHING_OUT[name]}")
    for option in options:
        if option in _LOADING:
            raise UsageError(f"option {option!r} of reward {name!r} is refused here: it loads, or loosens the sandbox")
    parts = options.get("of")
    for part in parts.values() if isinstance(parts, Mapping) else ():
        _check_part(part)


def _check_part(part: Any) -> None:
    """A composite's part: a name, or its config."""
    if isinstance(part, Mapping):
        options = {key: value for key, value in part.items() if key not in ("reward", "weight", "reference")}
        _check(str(part.get("reward", "")), options)
    else:
        _check(str(part), {})
