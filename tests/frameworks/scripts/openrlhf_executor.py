"""OpenRLHF 0.11.2's own single-turn executor with our function file or a URL. Input: rows; argument: the endpoint."""

import asyncio
import json
import sys
from types import SimpleNamespace
from typing import Any

from openrlhf.utils.agent import SingleTurnAgentExecutor


class Tokenizer:
    """One token a character, and a closing token that decoding shows."""

    def __call__(self, text: str, **named: Any) -> dict[str, Any]:
        import torch

        return {"input_ids": torch.tensor([[ord(c) for c in text]])}

    def decode(self, ids: list[int], skip_special_tokens: bool = True) -> str:
        return "".join("<|im_end|>" if token == 0 else chr(token) for token in ids)


class Engine:
    """Says the recorded completion."""

    def __init__(self, text: str) -> None:
        self.tokens = [*map(ord, text), 0]

    async def generate(self, ids: list[int], params: Any, multi_modal_data: Any = None) -> Any:
        return SimpleNamespace(outputs=[SimpleNamespace(token_ids=self.tokens, finish_reason="stop", logprobs=None)])


async def one(executor: Any, row: list[Any], cut: int) -> list[Any]:
    length = len(row[0]) + len(row[1]) + 1 - cut
    params = SimpleNamespace(max_tokens=len(row[1]) + 1, logprobs=None)
    found = await executor.execute(row[0], row[2], params, length, Tokenizer(), Engine(row[1]))
    if found["reward"] is None:
        return [None, None, None]
    number = lambda value: float(value[0])  # noqa: E731
    return [number(found["reward"]), number(found["scores"]), number(found["extra_logs"]["judged"])]


async def main(rows: list[Any]) -> list[Any]:
    executor = SingleTurnAgentExecutor(sys.argv[1])
    return list(await asyncio.gather(*(one(executor, row, index % 3 * 5) for index, row in enumerate(rows))))


print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
