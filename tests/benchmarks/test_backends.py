"""Other backends of lm-eval by configuration: an OpenAI-compatible server, here one that the embedded model answers."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.chat_server import serving

from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.backends.server_identity import CANARY
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.errors import DataError, HoldfastError

SUITE = ["tiny_upper"]
HOW = Settings(batch_size=1, limit=12, progress=False)


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    import torch

    torch.set_num_threads(1)
    return load("tiny")


@pytest.fixture(scope="module")
def served(tiny: LoadedModel) -> Iterator[tuple[str, list[Any]]]:
    """(address, requests seen) of a chat-completions server."""
    import torch
    import uvicorn
    from fastapi import FastAPI, Request

    seen: list[Any] = []
    app, lock = FastAPI(), threading.Lock()

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> dict[str, Any]:
        asked = await request.json()
        seen.append(asked)
        text = tiny.tokenizer.apply_chat_template(asked["messages"], tokenize=False, add_generation_prompt=True)
        encoded = tiny.tokenizer(text, return_tensors="pt", add_special_tokens=False)
        with lock, torch.no_grad():
            out = tiny.model.generate(**encoded, max_new_tokens=asked["max_tokens"], do_sample=False)
        answer = tiny.tokenizer.decode(out[0][encoded["input_ids"].shape[1] :], skip_special_tokens=True)
        return {"choices": [{"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}]}

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/v1/chat/completions", seen
    server.should_exit = True
    thread.join()


def backend(address: str) -> dict[str, Any]:
    return {"backend": "local-chat-completions", "model": "tiny", "base_url": address, "num_concurrent": 4}


def items_of(requests: list[Any]) -> list[Any]:
    """The requests that ask an item, not the canary that a run begins with."""
    return [one for one in requests if one["messages"][-1]["content"] != CANARY]


def test_a_server_answers_as_the_model_in_memory(
    tiny: LoadedModel, served: tuple[str, list[Any]], tmp_path: Path
) -> None:
    address, seen = served
    theirs = measure(backend(address), SUITE, tmp_path / "served", settings=HOW)
    ours = measure(tiny, SUITE, tmp_path / "memory", settings=HOW)
    texts = [[row.completion.strip() for row in found.rows("tiny_upper")] for found in (theirs, ours)]
    assert texts[0] == texts[1] and theirs.tasks["tiny_upper"].mean == ours.tasks["tiny_upper"].mean
    assert len(items_of(seen)) == 12 and all(one["messages"][-1]["role"] == "user" for one in seen)
    measure(backend(address), SUITE, tmp_path / "served", settings=HOW)
    assert len(items_of(seen)) == 12, "a finished item was asked again"


@pytest.fixture(scope="module")
def answer(tiny: LoadedModel) -> Callable[..., str]:
    """The embedded model behind an endpoint."""
    import torch

    lock = threading.Lock()

    def said(messages: Any, body: dict[str, Any]) -> str:
        text = tiny.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        encoded = tiny.tokenizer(text, return_tensors="pt", add_special_tokens=False)
        with lock, torch.no_grad():
            out = tiny.model.generate(**encoded, max_new_tokens=body["max_tokens"], do_sample=False)
        return str(tiny.tokenizer.decode(out[0][encoded["input_ids"].shape[1] :], skip_special_tokens=True))

    return said


def test_faults_are_asked_again_and_never_a_zero(tiny: LoadedModel, answer: Callable[..., str], tmp_path: Path) -> None:
    """429, 500, a connection cut in the middle, HTML: what comes in the end is what the model says in memory."""
    faults = {0: 429, 2: 500, 4: "cut", 5: "garbage", 7: "error body", 9: "null"}
    with serving(answer, lambda number: faults.get(number)) as server:
        url = f"{server.url}/chat/completions"
        theirs = measure(backend(url) | {"max_retries": 5}, SUITE, tmp_path / "served", settings=HOW)
        assert len(server.asked) == 1 + 12 + len(faults) and server.most > 1, "not concurrent"
    ours = measure(tiny, SUITE, tmp_path / "memory", settings=HOW)
    assert theirs.tasks["tiny_upper"].mean == ours.tasks["tiny_upper"].mean == 1.0
    assert all(row.finish_reason == "stop" for row in theirs.rows("tiny_upper"))


def test_a_server_that_goes_away_is_one_line_and_the_rest_is_asked_later(
    answer: Callable[..., str], tmp_path: Path
) -> None:
    last = [5]
    with serving(answer, lambda number: 500 if number >= last[0] else None) as server:
        config = backend(f"{server.url}/chat/completions") | {"max_retries": 1}
        with pytest.raises(HoldfastError, match=r"the server failed .*the same command goes on"):
            measure(config, SUITE, tmp_path, settings=HOW)
        kept = sum(len(path.read_text().splitlines()) for path in tmp_path.glob("cache/completions/*/*.jsonl"))
        assert 1 <= kept <= 4 and not (tmp_path / "results.json").exists()
        last[0], before = 10**9, len(items_of(server.asked))
        assert measure(config, SUITE, tmp_path, settings=HOW).tasks["tiny_upper"].mean == 1.0
        assert len(items_of(server.asked)) - before == 12 - kept, "an answered item was asked again"


def test_thinking_without_an_answer_is_counted_as_cut(tmp_path: Path) -> None:
    with serving(lambda messages, body: "A", lambda number: "thinking") as server:
        found = measure(backend(f"{server.url}/chat/completions"), SUITE, tmp_path, settings=HOW)
    result = found.tasks["tiny_upper"]
    assert result.truncated == 12 and result.mean == 0.0 and result.unjudged == 0


def test_log_likelihoods_of_a_chat_endpoint_are_refused(served: tuple[str, list[Any]], tmp_path: Path) -> None:
    from helpers.paths import shared

    with pytest.raises(DataError, match="does not return"):
        measure(backend(served[0]), ["mmlu"], tmp_path, data_root=shared(), settings=HOW)
