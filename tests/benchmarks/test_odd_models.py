"""Models as outsiders bring them: what reaches the model is the prompt, one beginning, no end; answers do not depend on
the batch; what a generation file sets never changes a budget, and what it adds is on record."""

import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from helpers.odd_models import BOS_ID, END_ID, KINDS, made
from helpers.openai_server import scripted

from holdfast.benchmarks.engine import measure
from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.settings import Settings
from holdfast.errors import DataError
from holdfast.runs.measurement import Measurement

PROMPTS = ("Say a.", "Write a long sentence about the sea and its many colours today.", "Hi", "1+1=")
ADDED = {"sampling and penalty": {"repetition_penalty": 1.3}, "stop strings": {"stop_strings": ["e"]},
         "a length of its own": {"min_new_tokens": 5}}  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def tasks(folder: Path) -> list[Any]:
    rows = folder / "rows.jsonl"
    rows.write_text(
        "".join(
            json.dumps({"prompt": p, "reference": "x", "options": ["a", "bb", " c"], "right": 0}) + "\n"
            for p in PROMPTS
        )
    )
    options = {"file": str(rows), "name": "options", "choices": "options", "reference": "right"}
    return [{"file": str(rows), "reward": "exact_match", "max_tokens": 8}, options]


def measured(loaded: LoadedModel, out: Path, batch: int) -> tuple[Measurement, list[list[int]]]:
    """What is measured, and the tokens of each prompt that was generated from, padding left out."""
    asked: list[list[int]] = []
    generate = type(loaded.model).generate

    def recorded(self: Any, input_ids: Any, **options: Any) -> Any:
        for ids, mask in zip(input_ids.tolist(), options["attention_mask"].tolist(), strict=True):
            asked.append([token for token, seen in zip(ids, mask, strict=True) if seen])
        return generate(self, input_ids=input_ids, **options)

    with mock.patch.object(type(loaded.model), "generate", recorded):
        return measure(loaded, tasks(out.parent), out, settings=Settings(batch_size=batch, progress=False)), asked


@pytest.mark.parametrize("kind", KINDS)
def test_prompts_budgets_and_batches(kind: str, tmp_path: Path) -> None:
    loaded = load(str(made(kind, tmp_path / "model")))
    alone, asked = measured(loaded, tmp_path / "alone", 1)
    together, _ = measured(loaded, tmp_path / "together", 4)
    rows = list(alone.rows("rows"))
    assert [row.completion for row in rows] == [row.completion for row in together.rows("rows")]
    for one, other in zip(alone.rows("options"), together.rows("options"), strict=True):
        assert dict(one.parts) == pytest.approx(dict(other.parts), abs=1e-3)
    begun = [BOS_ID] if KINDS[kind].get("bos") else []
    wanted = [begun + loaded.tokenizer(text, add_special_tokens=False).input_ids for text in _texts(loaded)]
    assert sorted(asked) == sorted(wanted)
    assert all(row.tokens == 8 or row.finish_reason == "stop" for row in rows)
    assert alone.tasks["rows"].generation["max_gen_toks"] == 8
    assert alone.tasks["rows"].generation.get("model_defaults", {}) == ADDED.get(kind, {})


def _texts(loaded: LoadedModel) -> list[str]:
    """The prompts as the template writes them, without its BOS."""
    if not loaded.chat:
        return list(PROMPTS)
    asked = [[{"role": "user", "content": text}] for text in PROMPTS]
    render = loaded.tokenizer.apply_chat_template
    return [render(one, tokenize=False, add_generation_prompt=True).removeprefix("<s>") for one in asked]


@pytest.mark.parametrize("kind", [kind for kind, one in KINDS.items() if one.get("bos")])
@pytest.mark.parametrize("tokens", [True, False])
def test_a_server_is_sent_the_tokens_of_the_model_in_memory(kind: str, tokens: bool, tmp_path: Path) -> None:
    """As text, without the beginning that servers add themselves."""
    folder = made(kind, tmp_path / "model")
    loaded = load(str(folder))
    _, asked = measured(loaded, tmp_path / "memory", 1)
    sent: list[Any] = []

    def reply(path: str, body: dict[str, Any]) -> Any:
        sent.append(body["prompt"])
        return 200, {"choices": [{"text": "x", "finish_reason": "stop"}]}

    with scripted(reply) as server:
        model = {"backend": "local-completions", "model": "m", "base_url": server.url, "tokenizer": str(folder),
                 "tokenized_requests": tokens}  # fmt: skip
        measure(model, tasks(tmp_path)[:1], tmp_path / "served", settings=Settings(progress=False))
    plain = loaded.tokenizer
    seen = sent[1:] if tokens else [[BOS_ID, *plain(text, add_special_tokens=False).input_ids] for text in sent[1:]]
    assert sorted(seen) == sorted(asked) and all(ids[-1] != END_ID for ids in seen)


def test_tokens_without_weights_are_one_line(tmp_path: Path) -> None:
    loaded = load(str(made("the template writes BOS", tmp_path / "model")))
    loaded.tokenizer.add_tokens(["<new>"])
    loaded.tokenizer.chat_template = "<new>" + loaded.tokenizer.chat_template
    for task in tasks(tmp_path):
        with pytest.raises(DataError, match=r"token 265 \('<new>'\), the model weights of 265") as said:
            measure(loaded, [task], tmp_path / "out", settings=Settings(progress=False))
        assert "\n" not in str(said.value)
