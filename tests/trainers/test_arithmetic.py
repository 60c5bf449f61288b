"""What cannot be compared is refused: scores out of range before the training, two measurements that compute unlike."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from holdfast.errors import DataError
from holdfast.trainers.models.arithmetic import check_same, check_scores


def measured(*scores: float | None) -> Any:
    rows = [SimpleNamespace(doc_id=str(number), score=score) for number, score in enumerate(scores)]
    return SimpleNamespace(tasks={"mine": None}, rows=lambda task: rows if task == "mine" else [])


@pytest.mark.parametrize("score", [-0.1, 1.5, float("nan"), float("inf")])
def test_a_score_that_no_comparison_takes(score: float) -> None:
    with pytest.raises(DataError, match="benchmark mine gives item 2 a score of"):
        check_scores(measured(1.0, None, score))


def test_scores_that_it_takes() -> None:
    check_scores(measured(0.0, 1.0, None, 0.5))


PLAIN: dict[str, Any] = {
    "backend": "hf",
    "dtype": "float32",
    "batch_size": 16,
    "key": {
        "device": "cpu",
        "loading": {"attn_implementation": "sdpa"},
        "max_length": 512,
        "chat_template_args": {},
        "thinking": None,
        "versions": {"torch": "2"},
        "generation_config": {"temperature": 1.0, "top_k": 50, "do_sample": False},
    },
}


def as_model(*path: str, value: Any) -> Any:
    """A measurement whose model computes as PLAIN does, but for one setting."""
    model: dict[str, Any] = json.loads(json.dumps(PLAIN))
    holder = model
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = value
    return SimpleNamespace(model=model)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("dtype",), "bfloat16"),
        (("backend",), "vllm"),
        (("batch_size",), 8),
        (("key", "device"), "cuda"),
        (("key", "loading"), {"attn_implementation": "eager"}),
        (("key", "max_length"), 256),
        (("key", "chat_template_args"), {"enable_thinking": False}),
        (("key", "thinking"), "</think>"),
        (("key", "versions"), {"torch": "3"}),
        (("key", "generation_config", "temperature"), 0.7),
        (("key", "generation_config", "top_k"), 20),
        (("key", "generation_config", "do_sample"), True),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else "",
)
def test_any_difference_of_the_arithmetic_is_named(path: tuple[str, ...], value: Any) -> None:
    plain: Any = SimpleNamespace(model=PLAIN)
    check_same(plain, plain)
    with pytest.raises(DataError, match=f"before was measured with {path[-1]}=.* after with {path[-1]}="):
        check_same(plain, as_model(*path, value=value))


def test_other_weights_are_no_difference() -> None:
    plain: Any = SimpleNamespace(model=PLAIN | {"fingerprint": "a"})
    check_same(plain, SimpleNamespace(model=PLAIN | {"fingerprint": "b"}))  # type: ignore[arg-type]
