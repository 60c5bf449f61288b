"""Drafts on a server that tells the log-probabilities of a prompt: the texts are those without; one that tells none, or
untruths, is found out before anything is measured."""

import copy
import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.exact_server import Exact
from helpers.openai_server import scripted

from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.backends.server_places import answered, of_prompt
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.tiny import model_path
from holdfast.errors import HoldfastError, UsageError
from holdfast.runs.measurement import Measurement

SUITE: list[Any] = ["tiny_upper", {"task": "tiny_repeat", "stop": ["a", "e "], "stop_chat": True},
                    {"task": "tiny_reverse", "max_tokens": 5}]  # fmt: skip
HOW = Settings(progress=False, limit=4, draft="before")


@pytest.fixture(scope="module")
def base() -> LoadedModel:
    return load("tiny", dtype="float32")


@pytest.fixture(scope="module")
def tuned(base: LoadedModel) -> LoadedModel:
    model = copy.deepcopy(base.model)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            scale = 0.05 * float(parameter.std()) if parameter.numel() > 1 else 0.0
            parameter.add_(torch.randn(parameter.shape, generator=generator) * scale)
    return LoadedModel(model, base.tokenizer, "tuned")


def served(
    loaded: LoadedModel, way: str, out: Path, how: Settings = HOW, drafts: Path | None = None, again: bool = False
) -> tuple[Measurement, Exact]:
    """A measurement of the model behind a server; `again`: made once more after a kill that left two rows."""
    exact = Exact(loaded, way)
    with scripted(exact) as server:
        model = {"backend": "local-completions", "model": "m", "base_url": server.url, "tokenizer": str(model_path())}
        found = measure(model, SUITE, out, settings=how, drafts=drafts)
        if again:
            path = out / "samples" / "tiny_upper.jsonl"
            path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]) + '{"torn')
            found = measure(model, SUITE, out, settings=how, drafts=drafts)
    return found, exact


def texts(found: Measurement) -> dict[Any, Any]:
    return {r.key: (r.completion, r.tokens, r.finish_reason, r.score) for t in found.tasks for r in found.rows(t)}


@pytest.mark.parametrize(
    "way", ["echo", *(pytest.param(w, marks=pytest.mark.slow) for w in ("prompt_logprobs", "plain"))]
)
def test_texts_with_drafts_are_the_texts_without(
    base: LoadedModel, tuned: LoadedModel, way: str, tmp_path: Path
) -> None:
    served(base, way, tmp_path / "before")
    plain, one_by_one = served(tuned, way, tmp_path / "plain", replace(HOW, draft="off"), tmp_path / "before")
    drafted, exact = served(tuned, way, tmp_path / "drafted", drafts=tmp_path / "before")
    assert texts(drafted) == texts(plain)
    told = json.loads((tmp_path / "drafted" / "drafts.json").read_text())
    assert told["exact"] and told["accepted"] > 0 and told["answers"] == len(texts(plain))
    assert told["tokens"] == sum(row[1] for row in texts(plain).values()) and told["decoded"] < told["tokens"]
    assert not (tmp_path / "plain" / "drafts.json").exists() and exact.read > 0 == one_by_one.read


@pytest.mark.parametrize(
    "more",
    [
        {"max_tokens": 2},
        *(
            pytest.param(more, marks=pytest.mark.slow)
            for more in ({"max_tokens": 1}, {"thinking": ["[T]", "[/T]"]}, {"chat": False}, {"max_length": 40})
        ),
    ],
)
def test_odd_settings(more: dict[str, Any], base: LoadedModel, tuned: LoadedModel, tmp_path: Path) -> None:
    how = replace(HOW, limit=3, **more)
    served(base, "echo", tmp_path / "before", how)
    plain, _ = served(tuned, "echo", tmp_path / "plain", replace(how, draft="off"))
    drafted, _ = served(tuned, "echo", tmp_path / "drafted", how, tmp_path / "before")
    assert texts(drafted) == texts(plain)


@pytest.mark.slow
def test_an_unchanged_model_decodes_next_to_nothing_and_a_killed_run_goes_on(base: LoadedModel, tmp_path: Path) -> None:
    before, _ = served(base, "echo", tmp_path / "before")
    after, _ = served(base, "echo", tmp_path / "after", drafts=tmp_path / "before", again=True)
    told = json.loads((tmp_path / "after" / "drafts.json").read_text())
    assert texts(after) == texts(before) and told["decoded"] <= 0.3 * told["tokens"], told


@pytest.mark.slow
def test_the_model_in_memory_gives_drafts_to_a_server_and_takes_them_from_one(
    base: LoadedModel, tuned: LoadedModel, tmp_path: Path
) -> None:
    measure(base, SUITE, tmp_path / "memory", settings=HOW)
    plain, _ = served(tuned, "echo", tmp_path / "plain", replace(HOW, draft="off"))
    drafted, _ = served(tuned, "echo", tmp_path / "a", drafts=tmp_path / "memory")
    assert texts(drafted) == texts(plain)
    assert json.loads((tmp_path / "a" / "drafts.json").read_text())["accepted"] > 0
    measure(base, SUITE, tmp_path / "b", settings=HOW, drafts=tmp_path / "a")
    assert json.loads((tmp_path / "b" / "drafts.json").read_text())["accepted"] > 0


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("text tokens", "neither the numbers of its tokens"),
        ("leaves them out", "neither the numbers of its tokens"),
        ("no prompts", "does not say the log-probabilities of a prompt"),
        ("lies", "not those of its answers"),
        ("penalty", "not its likeliest tokens"),
        ("refuses", "refuses to say the numbers"),
    ],
)
def test_a_server_that_tells_too_little_or_untruths_is_refused_in_one_line(
    base: LoadedModel, way: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=reason) as said:
        served(base, way, tmp_path / "before")
    assert "\n" not in str(said.value) and "draft=off" in str(said.value)
    found, _ = served(base, way, tmp_path / "auto", replace(HOW, draft="auto"))
    assert not (tmp_path / "auto" / "drafts.json").exists() and found.tasks["tiny_upper"].n == 4


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ({"backend": "local-chat-completions", "tokenizer": None}, "local-completions"),
        ({"tokenizer": None}, "tokenizer="),
        ({"tokenized_requests": False}, "sends no tokens"),
        ({"extra_body": {"repetition_penalty": 1.1}}, "extra_body"),
    ],
)
def test_requests_that_cannot_draft_are_refused_before_anything_is_asked(
    model: dict[str, Any], reason: str, base: LoadedModel, tmp_path: Path
) -> None:
    exact = Exact(base)
    with scripted(exact) as server:
        whole = {"backend": "local-completions", "model": "m", "base_url": server.url, "tokenizer": str(model_path())}
        given = {name: value for name, value in {**whole, **model}.items() if value is not None}
        with pytest.raises(UsageError, match=reason):
            measure(given, SUITE, tmp_path, settings=HOW)
        assert not server.requests


def test_a_penalty_that_only_the_run_shows_ends_it(base: LoadedModel, tuned: LoadedModel, tmp_path: Path) -> None:
    served(base, "echo", tmp_path / "before")

    one_at_a_time = threading.Lock()

    class Late(Exact):
        def __call__(self, path: str, body: dict[str, Any]) -> Any:
            asks_an_item = tuned.tokenizer.convert_tokens_to_ids("<|im_start|>") in body["prompt"]
            with one_at_a_time:  # requests come from several threads, and `way` is one
                self.way = "penalty" if asks_an_item and "echo" not in body else "echo"
                return super().__call__(path, body)

    with scripted(Late(tuned)) as server:
        model = {"backend": "local-completions", "model": "m", "base_url": server.url, "tokenizer": str(model_path())}
        with pytest.raises(HoldfastError, match="does not decode by its largest"):
            measure(model, SUITE, tmp_path / "after", settings=HOW, drafts=tmp_path / "before")


@pytest.mark.slow
def test_sampled_answers_and_auto_draft_nothing(base: LoadedModel, tmp_path: Path) -> None:
    auto = replace(HOW, draft="auto")
    measure(base, SUITE, tmp_path / "before", settings=auto)
    _, exact = served(base, "echo", tmp_path / "auto", auto, tmp_path / "before")
    assert not (tmp_path / "auto" / "drafts.json").exists() and exact.read == 0
    drawn = replace(HOW, sampling={"temperature": 0.7})
    measure(base, SUITE, tmp_path / "drawn", settings=replace(drawn, draft="auto"))
    with pytest.raises(UsageError, match="answers are drawn"):
        served(base, "echo", tmp_path / "after", drawn, tmp_path / "drawn")


@pytest.mark.parametrize(
    ("logprobs", "kind"),
    [
        ({"token_logprobs": [None, -1.0], "top_logprobs": [None, {"a": -1.0}]}, (True, 0.0)),
        ({"token_logprobs": [None, -1.0], "top_logprobs": [None, {"a": -1.0, "b": -3.0}]}, (True, 2.0)),
        ({"token_logprobs": [None, -4.0], "top_logprobs": [None, {"a": -1.0, "b": -3.0, "c": -4.0}]}, (False, 2.0)),
        ({"token_logprobs": [None, None], "top_logprobs": [None, {"a": -1.0, "b": -3.0}]}, (False, 0.0)),
        ({"token_logprobs": [None, "x"], "top_logprobs": [None, {"a": "y"}]}, (False, 0.0)),
        ({"token_logprobs": [None, -1.0, -1.0, -1.0, -1.0], "top_logprobs": [{}] * 5}, None),
        ({"token_logprobs": [-1.0], "top_logprobs": [{}]}, None),
        ({"token_logprobs": {}, "top_logprobs": 3}, None),
        ([], None),
        (None, None),
    ],
)
def test_what_a_server_tells_of_a_prompt_is_read_or_left(logprobs: Any, kind: Any) -> None:
    reply = {"choices": [{"text": "x", "logprobs": logprobs}]}
    found = of_prompt(reply, [5, 6])
    assert [(place.likeliest, place.lead) for place in found] == ([] if kind is None else [kind])
    assert answered(reply)[0].ids == []
