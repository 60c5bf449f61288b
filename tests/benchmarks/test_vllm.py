"""Backend `vllm` with a stand-in for lm-eval's class of it: vLLM itself needs a GPU and was never run here."""

import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest import mock

import pytest

from holdfast.benchmarks.engine.backends import lm_eval_models
from holdfast.benchmarks.engine.backends.lm_eval_models import BackendEngine
from holdfast.benchmarks.engine.backends.models import load_tokenizer
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.tiny import model_path
from holdfast.errors import UsageError

MODEL = {"backend": "vllm", "model": "m"}


class Vllm:
    """What lm-eval's class takes and gives: requests in, texts or (log-likelihood, greedy) out, a hook per answer."""

    said = "4"
    asked: ClassVar[list[tuple[str, Any]]] = []

    def __init__(self, **arguments: Any) -> None:
        self.arguments, self.max_length = arguments, 512
        self.tokenizer = load_tokenizer(str(model_path()))
        self.cache_hook: Any = None

    def set_cache_hook(self, hook: Any) -> None:
        self.cache_hook = hook

    def tok_encode(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text))

    def apply_chat_template(self, history: Any, add_generation_prompt: bool = True) -> str:
        return str(
            self.tokenizer.apply_chat_template(history, tokenize=False, add_generation_prompt=add_generation_prompt)
        )

    def generate_until(self, requests: Any) -> list[str]:
        Vllm.asked += [one.args for one in requests]
        for one in requests:
            self.cache_hook.add_partial("generate_until", one.args, self.said)
        return [self.said] * len(requests)

    def loglikelihood(self, requests: Any) -> list[tuple[float, bool]]:
        return [(-float(len(one.args[1])), False) for one in requests]


@pytest.fixture(autouse=True)
def standing_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Vllm, "asked", [])
    monkeypatch.setattr(lm_eval_models, "metadata", SimpleNamespace(version=lambda name: "0"))
    with (
        mock.patch.object(lm_eval_models, "model_class", return_value=Vllm),
        mock.patch.object(lm_eval_models, "check_version"),
    ):
        yield


def rows_file(folder: Path) -> str:
    file = folder / "sums.jsonl"
    file.write_text("".join(json.dumps({"prompt": f"2 + 2 ({n})?", "reference": "4"}) + "\n" for n in range(5)))
    return str(file)


def test_budgets_stops_and_sampling_arrive_and_a_second_call_asks_nothing(tmp_path: Path) -> None:
    sampled = {"sampling": {"temperature": 0.5, "top_p": 0.9}, "repeats": 2, "stop": ["\n"], "stop_chat": True}
    suite = [{"file": rows_file(tmp_path), "reward": "numeric", "max_tokens": 33, **sampled}]
    found = measure(MODEL, suite, tmp_path / "out", settings=Settings(progress=False))
    assert found.tasks["sums"].mean == 1.0 and len(Vllm.asked) == 10
    for prompt, given in Vllm.asked:
        assert "<|im_start|>user\n2 + 2" in prompt
        assert {"max_gen_toks": 33, "until": ["\n"], "temperature": 0.5, "top_p": 0.9}.items() <= given.items()
    again = measure(MODEL, suite, tmp_path / "out", settings=Settings(progress=False))
    assert len(Vllm.asked) == 10 and list(again.rows("sums")) == list(found.rows("sums"))


@pytest.mark.parametrize("facts", [[], [("length", 9), ("stop", 9)] * 5])
def test_stop_strings_do_not_end_a_thought(facts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`facts`: how a backend says that its answers ended; behind the string that cuts them here."""
    generate = BackendEngine._generate

    def telling(engine: Any, items: Any, emit: Any) -> None:
        engine._facts = deque(facts)
        generate(engine, items, emit)

    monkeypatch.setattr(BackendEngine, "_generate", telling)
    monkeypatch.setattr(Vllm, "said", "[T]3?\nNo.[/T]4\nand more")
    suite = [{"file": rows_file(tmp_path), "reward": "numeric", "stop": ["\n"], "stop_chat": True}]
    how = Settings(progress=False, thinking=["[T]", "[/T]"])
    found = measure(MODEL, suite, tmp_path / "out", settings=how)
    assert {row.completion for row in found.rows("sums")} == {"<think>3?\nNo.</think>4"} and found.tasks[
        "sums"
    ].mean == 1.0
    assert all(given["until"] == [] for _, given in Vllm.asked)
    assert {row.finish_reason for row in found.rows("sums")} == {"stop"}


def test_options_are_compared(tmp_path: Path) -> None:
    file = tmp_path / "quiz.jsonl"
    file.write_text(json.dumps({"prompt": "?", "choices": ["no", "never"], "reference": 0}) + "\n")
    found = measure(
        MODEL, [{"file": str(file), "choices": "choices"}], tmp_path / "out", settings=Settings(progress=False)
    )
    assert found.tasks["quiz"].mean == 1.0


def test_what_it_cannot_do_is_refused(tmp_path: Path) -> None:
    suite = [{"file": rows_file(tmp_path), "reward": "numeric"}]
    coupled = Settings(progress=False, sampling={"temperature": 1.0, "coupled": True})
    with pytest.raises(UsageError, match="needs a model in memory"):
        measure(MODEL, suite, tmp_path / "a", settings=coupled)
    with pytest.raises(UsageError, match="says of a draft neither"):
        measure(MODEL, suite, tmp_path / "b", settings=Settings(progress=False, draft="before"), drafts=tmp_path)
