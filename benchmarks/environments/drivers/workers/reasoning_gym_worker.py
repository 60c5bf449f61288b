"""reasoning-gym in its own interpreter: rows of a generator, and its own scorer (reasoning_gym/dataset.py, 0.1.25)."""

import json
from functools import lru_cache

from loop import pin, serve

SOLVED = ("example_correct_answer", "example_answer", "possible_answer", "solution", "example_solution")
"""Where generators whose `answer` is None keep an answer of their own."""


def start(**_):
    """Import the package."""
    import reasoning_gym

    return {"package": reasoning_gym.__name__}


@lru_cache(maxsize=1)
def pinned():
    """Which package this is."""
    return pin("reasoning-gym", "reasoning_gym")


def names():
    """Every generator; `composite` mixes others and has no default."""
    from reasoning_gym.factory import DATASETS

    return sorted(set(DATASETS) - {"composite"})


def prompts():
    """The package's own system prompts by name."""
    from reasoning_gym.utils import SYSTEM_PROMPTS

    return dict(SYSTEM_PROMPTS)


@lru_cache(maxsize=32)
def _dataset(name, size, seed, config):
    import reasoning_gym

    return reasoning_gym.create_dataset(name, size=size, seed=seed, **json.loads(config))


def rows(name, size, seed, config):
    """Question and answer of each entry; the answer is None where the generator keeps none."""
    made = _dataset(name, size, seed, config)
    return [{"question": entry["question"], "answer": _own_answer(entry)} for entry in (made[i] for i in range(size))]


def score(name, size, seed, config, index, answer):
    """The generator's own score of an answer."""
    made = _dataset(name, size, seed, config)
    value = made.score_answer(answer=answer, entry=made[index])
    return None if value is None else float(value)


def _own_answer(entry):
    found = entry.get("answer")
    metadata = entry.get("metadata") or {}
    own = found if found is not None else next((metadata[key] for key in SOLVED if metadata.get(key) is not None), None)
    return own if own is None or isinstance(own, str) else json.dumps(own)


if __name__ == "__main__":
    serve({"start": start, "pinned": pinned, "names": names, "prompts": prompts, "rows": rows, "score": score})
