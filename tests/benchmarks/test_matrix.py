"""Backend × chat × thinking × budget × few-shot × resume: what is sent, and what is scored, is the same everywhere.

The model is scripted (in memory: its `generate`; as a server: its replies), so every prompt and budget is seen.
"""

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from helpers.openai_server import said, scripted
from helpers.transformers_serve import transformers_serve

from holdfast.benchmarks.engine import measure
from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.tiny import model_path
from holdfast.runs.measurement import Measurement

NUMBERS = ("17", "23", "31", "47")
THOUGHTS = {
    "none": "{}",
    "closed": "<think>Hm, 99?</think>\n\n{}",
    "open": "<think>I would say {}",
    "own": "[T]99[/T]{}",
}
BACKENDS = ("hf", "local-chat-completions", "local-completions")
CASES = [
    case
    for case in itertools.product(BACKENDS, (True, False), THOUGHTS, (None, 77), (0, 2))
    if case[0] != "local-chat-completions" or case[1]
]


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    import torch

    torch.set_num_threads(1)
    return load("tiny")


def answer(prompt: str, thought: str) -> str:
    """What the scripted model writes: the asked number, behind its thought."""
    return THOUGHTS[thought].format(re.findall(r"Write the number (\d+)", prompt)[-1])


Sent = list[tuple[str, int]]
"""(prompt as text, budget) of each request."""


@contextmanager
def in_memory(tiny: LoadedModel, thought: str) -> Iterator[tuple[Any, Sent]]:
    import torch

    sent: Sent = []

    def generate(_: Any, input_ids: Any, **options: Any) -> Any:
        rows = []
        for ids in input_ids.tolist():
            prompt = tiny.tokenizer.decode(ids, skip_special_tokens=False)
            sent.append((prompt, options["max_new_tokens"]))
            text = tiny.tokenizer(answer(prompt, thought), add_special_tokens=False).input_ids
            rows.append([*text, tiny.tokenizer.eos_token_id])
        longest = max(map(len, rows))
        pad = tiny.tokenizer.pad_token_id
        return torch.cat([input_ids, torch.tensor([row + [pad] * (longest - len(row)) for row in rows])], dim=1)

    with mock.patch.object(type(tiny.model), "generate", generate):
        yield tiny, sent


@contextmanager
def on_a_server(backend: str, tiny: LoadedModel, thought: str) -> Iterator[tuple[Any, Sent]]:
    def text_of(body: dict[str, Any]) -> str:
        if "messages" in body:
            return str(tiny.tokenizer.apply_chat_template(body["messages"], tokenize=False, add_generation_prompt=True))
        return str(tiny.tokenizer.decode(body["prompt"])) if isinstance(body["prompt"], list) else str(body["prompt"])

    sent: Sent = []

    def reply(path: str, body: dict[str, Any]) -> Any:
        prompt = text_of(body)
        canary = "colours of the sea" in prompt
        if not canary:
            sent.append((prompt, body["max_tokens"]))
        text = "blue" if canary else answer(prompt, thought)
        return said(text) if "messages" in body else (200, {"choices": [{"text": text, "finish_reason": "stop"}]})

    with scripted(reply) as server:
        model = {"backend": backend, "model": "m", "base_url": server.url}
        yield model | ({"tokenizer": str(model_path())} if backend == "local-completions" else {}), sent


def suite(folder: Path, shots: int) -> list[Any]:
    file = folder / "numbers.jsonl"
    rows = [{"prompt": f"Write the number {one}.", "reference": one, "answer": one} for one in NUMBERS]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [{"file": str(file), "reward": "numeric", "fewshot": shots, "chat_fewshot": shots, "max_tokens": 21}]


def measured(model: Any, tasks: Any, out: Path, chat: bool, budget: int | None, thought: str) -> Measurement:
    markers = ["[T]", "[/T]"] if thought == "own" else None
    how = Settings(batch_size=4, chat=chat, max_tokens=budget, thinking=markers, progress=False, max_length=4096)
    return measure(model, tasks, out, settings=how)


@pytest.mark.parametrize(
    ("backend", "chat", "thought", "budget", "shots"),
    [case if n % 7 == 0 else pytest.param(*case, marks=pytest.mark.slow) for n, case in enumerate(CASES)],
)
def test_sent_and_scored(
    backend: str, chat: bool, thought: str, budget: int | None, shots: int, tiny: LoadedModel, tmp_path: Path
) -> None:
    tasks = suite(tmp_path, shots)
    with ExitStack() as stack:
        opened = in_memory(tiny, thought) if backend == "hf" else on_a_server(backend, tiny, thought)
        model, sent = stack.enter_context(opened)
        found = measured(model, tasks, tmp_path / "out", chat, budget, thought)
        rows = list(found.rows("numbers"))
        before = len(sent)
        path = tmp_path / "out" / "samples" / "numbers.jsonl"
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]) + '{"torn')
        again = list(measured(model, tasks, tmp_path / "out", chat, budget, thought).rows("numbers"))
    assert before == len(sent) == len(NUMBERS), "a resumed run asked again, or an item was not asked"
    assert [(row.completion, row.score) for row in again] == [(row.completion, row.score) for row in rows]
    for prompt, given in sent:
        assert given == (budget or 21)
        assert len(re.findall(r"Write the number", prompt)) == 1 + shots
        assert prompt.count("<|im_start|>user") == (1 + shots if chat else 0)
        assert ("<|im_start|>" in prompt) is chat
    assert {row.score for row in rows} == {0.0 if thought == "open" else 1.0}


@pytest.mark.slow
def test_a_real_server_is_asked_and_scored_as_the_model_in_memory(tiny: LoadedModel, tmp_path: Path) -> None:
    """`transformers serve`: budget × few-shot × resume; the requests are those that the scripted server is sent."""
    from holdfast.benchmarks.engine.backends.http_client import Client

    sent: list[dict[str, Any]] = []
    post = Client.post

    def recorded(self: Client, body: Any, read: Any) -> Any:
        sent.append(dict(body))
        return post(self, body, read)

    with transformers_serve(tmp_path) as server, mock.patch.object(Client, "post", recorded):
        for budget, shots in itertools.product((None, 3), (0, 2)):
            out = tmp_path / f"{budget}-{shots}"
            out.mkdir()
            tasks = [{**suite(out, shots)[0], "limit": 3}, {"task": "tiny_upper", "limit": 4}]
            found = measured(server, tasks, out / "served", True, budget, "none")
            asked = [body for body in sent if "colours of the sea" not in json.dumps(body)]
            sent.clear()
            memory = measured(tiny, tasks, out / "memory", True, budget, "none")
            for name in ("numbers", "tiny_upper"):
                served, own = list(found.rows(name)), list(memory.rows(name))
                texts = [[str(row.completion).strip() for row in rows] for rows in (served, own)]
                assert texts[0] == texts[1], "not the same answers"  # the server takes spaces off
                assert [row.score for row in served] == [row.score for row in own]
            assert len(asked) == 7 and {len(body["messages"]) for body in asked[:3]} == {1 + 2 * shots}
            wanted = {budget} if budget else {21, memory.tasks["tiny_upper"].generation["max_gen_toks"]}
            assert {body["max_tokens"] for body in asked} == wanted
            path = out / "served" / "samples" / "numbers.jsonl"
            path.write_text(path.read_text().splitlines(keepends=True)[0])
            again = measured(server, tasks, out / "served", True, budget, "none")
            assert [row.completion for row in again.rows("numbers")] == [
                row.completion for row in found.rows("numbers")
            ]
            assert all("colours of the sea" in json.dumps(body) for body in sent), "an answered item was asked again"
            sent.clear()
