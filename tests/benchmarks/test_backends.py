"""Other backends of lm-eval by configuration: an OpenAI-compatible server, here one that the embedded model answers."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.benchmarks.engine import measure
from holdfast.benchmarks.models import LoadedModel, load
from holdfast.benchmarks.settings import Settings
from holdfast.errors import DataError

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


def test_a_server_answers_as_the_model_in_memory(
    tiny: LoadedModel, served: tuple[str, list[Any]], tmp_path: Path
) -> None:
    address, seen = served
    theirs = measure(backend(address), SUITE, tmp_path / "served", settings=HOW)
    ours = measure(tiny, SUITE, tmp_path / "memory", settings=HOW)
    texts = [[row.completion.strip() for row in found.rows("tiny_upper")] for found in (theirs, ours)]
    assert texts[0] == texts[1] and theirs.tasks["tiny_upper"].mean == ours.tasks["tiny_upper"].mean
    assert len(seen) == 12 and all(one["messages"][-1]["role"] == "user" for one in seen)
    measure(backend(address), SUITE, tmp_path / "served", settings=HOW)
    assert len(seen) == 12, "a finished item was asked again"


def test_log_likelihoods_of_a_chat_endpoint_are_refused(served: tuple[str, list[Any]], tmp_path: Path) -> None:
    from paths import shared

    with pytest.raises(DataError, match="does not return"):
        measure(backend(served[0]), ["mmlu"], tmp_path, data_root=shared(), settings=HOW)
