"""reasoning-gym in its own interpreter: rows of a generator, and its own scorer (reasoning_gym/dataset.py)."""

import json
from functools import lru_cache
from importlib import metadata
from typing import Any

import reasoning_gym
from reasoning_gym.factory import DATASETS
from reasoning_gym.utils import SYSTEM_PROMPTS

_SOLVED = ("example_correct_answer", "example_answer", "possible_answer", "solution", "example_solution")
"""Where generators whose `answer` is None keep an answer of their own."""


@lru_cache(maxsize=32)
def _made(name: str, size: int, seed: int, config: str) -> Any:
    return reasoning_gym.create_dataset(name, size=size, seed=seed, **json.loads(config))


def version() -> str:
    """The package's version."""
    return metadata.version("reasoning-gym")


def names() -> list[str]:
    """Every generator; `composite` mixes others and has no default."""
    return sorted(set(DATASETS) - {"composite"})


def prompts() -> dict[str, str]:
    """The package's own system prompts by name."""
    return dict(SYSTEM_PROMPTS)


def rows(name: str, size: int, seed: int, config: str) -> list[dict[str, Any]]:
    """Question and answer of each entry; the answer is None where the generator keeps none."""
    made = _made(name, size, seed, config)
    return [{"question": entry["question"], "answer": _own(entry)} for entry in (made[i] for i in range(size))]


def score(name: str, size: int, seed: int, config: str, index: int, answer: str | None) -> Any:
    """The generator's own score of an answer."""
    made = _made(name, size, seed, config)
    value = made.score_answer(answer=answer, entry=made[index])
    return None if value is None else float(value)


def _own(entry: dict[str, Any]) -> Any:
    found = entry.get("answer")
    held = entry.get("metadata") or {}
    own = found if found is not None else next((held[key] for key in _SOLVED if held.get(key) is not None), None)
    return own if own is None or isinstance(own, str) else json.dumps(own)


METHODS = {"version": version, "names": names, "prompts": prompts, "rows": rows, "score": score}
