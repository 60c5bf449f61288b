"""Which rewards and options a stranger may name: those that were registered as safe for one, and no others."""

from collections.abc import Mapping
from typing import Any

from holdfast.errors import UsageError
from holdfast.registry import lookup
from holdfast.reward import Reward

_DEEPEST = 16
"""Composites inside each other."""


def safe_reward(name: str, options: Mapping[str, Any]) -> Reward:
    """The reward with its options. Raises UsageError for one that is not registered as safe for a stranger's samples
    (`Spec.safe_options`), or an option that is not."""
    _check(name, options, 0)
    return Reward(name, **options)


def _check(name: str, options: Mapping[str, Any], depth: int) -> None:
    if ":" in name or "/" in name or name.endswith((".yaml", ".yml")):
        raise UsageError(f"{name!r} is refused: only registered rewards can be named here, no files and no functions")
    if depth > _DEEPEST:
        raise UsageError(f"a reward is refused whose parts are nested more than {_DEEPEST} deep")
    spec = lookup(name)
    if spec.safe_options is None:
        why = f"it loads {spec.loads}" if spec.loads else "it reaches out, or does not say that it does not"
        raise UsageError(f"reward {name!r} is refused here: {why}")
    for option in options:
        if option in (*spec.options, "reference") and option not in spec.safe_options:
            raise UsageError(
                f"option {option!r} of reward {name!r} is refused here: it may load, reach out, or loosen a limit"
            )
    parts = options.get("of")
    for part in parts.values() if isinstance(parts, Mapping) else ():
        _check_part(part, depth + 1)


def _check_part(part: Any, depth: int) -> None:
    """A composite's part: a name, or its config."""
    if isinstance(part, Mapping):
        options = {key: value for key, value in part.items() if key not in ("reward", "weight", "reference")}
        _check(str(part.get("reward", "")), options, depth)
    else:
        _check(str(part), {}, depth)
