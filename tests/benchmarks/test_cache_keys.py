"""Each input of a measurement, changed alone, changes the key under which its completions are kept."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.openai_server import said, scripted

from holdfast.benchmarks.engine import measure
from holdfast.benchmarks.engine.backends.lm_eval_models import open_engine
from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.engine.workload import plan
from holdfast.benchmarks.suites.suite import load_suite

SAMPLED: dict[str, Any] = {"task": "tiny_upper", "sampling": {"temperature": 0.5}, "repeats": 2, "limit": 3}
HOW = Settings(batch_size=4, progress=False)


def keys(model: Any, task: Any = SAMPLED, settings: Settings = HOW) -> tuple[Any, ...]:
    engine = open_engine(model, settings)
    return engine.key(), tuple(
        item.cache_key for work in plan(load_suite([task]), engine, settings, None, None) for item in work.items
    )


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    import torch

    torch.set_num_threads(1)
    return load("tiny")


def changed(tiny: LoadedModel, change: Callable[[LoadedModel], None]) -> LoadedModel:
    """A copy of the model with one thing changed, its fingerprint computed anew."""
    other = LoadedModel(copy.deepcopy(tiny.model), copy.deepcopy(tiny.tokenizer), tiny.name)
    change(other)
    return LoadedModel(other.model, other.tokenizer, other.name, loading=other.loading)


def _weight(loaded: LoadedModel) -> None:
    next(loaded.model.parameters()).data.view(-1)[0] += 1


def _dtype(loaded: LoadedModel) -> None:
    import torch

    loaded.model = loaded.model.to(torch.float64)


def _template(loaded: LoadedModel) -> None:
    loaded.tokenizer.chat_template += "{# changed #}"


def _vocabulary(loaded: LoadedModel) -> None:
    loaded.tokenizer.add_tokens(["<|new|>"])


def _special(loaded: LoadedModel) -> None:
    loaded.tokenizer.eos_token = loaded.tokenizer.convert_ids_to_tokens(5)


def _penalty(loaded: LoadedModel) -> None:
    loaded.model.generation_config.repetition_penalty = 1.3


def _end(loaded: LoadedModel) -> None:
    loaded.model.generation_config.eos_token_id = [1, 2]


def _loading(loaded: LoadedModel) -> None:
    loaded.loading = {"quantization": "8bit"}


@pytest.mark.parametrize("change", [_weight, _dtype, _template, _vocabulary, _special, _penalty, _end, _loading])
def test_everything_of_the_model(tiny: LoadedModel, change: Callable[[LoadedModel], None]) -> None:
    assert keys(tiny) == keys(changed(tiny, lambda loaded: None)), "the same model has the same key"
    assert keys(tiny)[0] != keys(changed(tiny, change))[0]


@pytest.mark.parametrize(
    "change",
    [
        {"batch_size": 5},
        {"max_length": 512},
        {"chat_template_args": {"enable_thinking": False}},
        {"thinking": ["<a>", "</a>"]},
        {"seed": 1},
        {"draw": 1},
        {"max_tokens": 9},
        {"sampling": {"temperature": 0.7}},
        {"sampling": {"temperature": 0.5, "top_p": 0.9}},
        {"chat": False},
    ],
    ids=str,
)
def test_every_setting(tiny: LoadedModel, change: dict[str, Any]) -> None:
    before, after = keys(tiny), keys(tiny, settings=replace(HOW, **change))
    assert before[0] != after[0] or not set(before[1]) & set(after[1])


@pytest.mark.parametrize(
    "change",
    [
        {"task": "tiny_reverse"},
        {"max_tokens": 9},
        {"stop": ["X"], "stop_chat": True},
        {"system": "Be brief."},
        {"chat": False},
    ],
    ids=str,
)
def test_everything_of_the_task(tiny: LoadedModel, change: dict[str, Any]) -> None:
    assert not set(keys(tiny)[1]) & set(keys(tiny, {**SAMPLED, **change})[1])


def test_repeats_of_an_item_and_greedy_answers(tiny: LoadedModel) -> None:
    sampled = keys(tiny)[1]
    assert len(set(sampled)) == len(sampled) == 6
    greedy = {"task": "tiny_upper", "limit": 3}
    assert keys(tiny, greedy) == keys(tiny, greedy, replace(HOW, seed=5)), "a seed changes no greedy answer"


def test_everything_of_a_server() -> None:
    with scripted(lambda path, body: said("A")) as seen:
        model = {"backend": "local-chat-completions", "model": "m", "base_url": seen.url}
        first = keys(model)
        for change in (
            {"model": "other"},
            {"extra_body": {"top_a": 1}},
            {"continue_final_message": True},
            {"base_url": seen.url.replace("127.0.0.1", "localhost")},
        ):
            assert keys({**model, **change})[0] != first[0], change
        for served in ({"data": [{"id": "m", "max_model_len": 9}]}, {"data": [{"id": "m", "root": "/other"}]}):
            seen.pages["/v1/models"] = served
            assert keys(model)[0] != first[0], served
        assert keys({**model, "num_concurrent": 3, "timeout": 9.0})[0] == keys(model)[0], "transport changes no answer"


def test_the_results_show_the_keys_parts(tiny: LoadedModel, tmp_path: Path) -> None:
    measure(tiny, [SAMPLED], tmp_path, settings=HOW)
    shown = json.loads((tmp_path / "results.json").read_text())["model"]["key"]
    assert {
        "weights",
        "tokenizer",
        "generation_config",
        "versions",
        "batch_size",
        "loading",
        "thinking",
    } <= shown.keys()


def test_an_aa_run_of_a_sampled_task_draws_anew(tiny: LoadedModel, tmp_path: Path) -> None:
    hot = {**SAMPLED, "sampling": {"temperature": 5.0}, "limit": 8}
    drawn = [
        [
            row.completion
            for row in measure(tiny, [hot], tmp_path / name, settings=replace(HOW, draw=draw)).rows("tiny_upper")
        ]
        for name, draw in (("first", 0), ("same", 0), ("noise", 1))
    ]
    assert drawn[0] == drawn[1] and drawn[0] != drawn[2]
