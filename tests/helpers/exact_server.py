"""A completions server of a small model in this process: greedy answers with the log-probabilities of their tokens and
of the prompt's, as OpenAI's protocol and vLLM tell them, and servers that tell less, or untruths."""

from typing import Any

from helpers.openai_server import Reply
from holdfast.benchmarks.engine.backends.models import LoadedModel

WAYS = (
    "echo",
    "prompt_logprobs",
    "plain",
    "text tokens",
    "no prompts",
    "lies",
    "penalty",
    "refuses",
    "leaves them out",
)
"""How a server tells log-probabilities. Of these the first three take drafts; `plain` says token numbers as
`token_id:N` only."""


class Exact:
    """`reply` for `helpers.openai_server.scripted`."""

    def __init__(self, loaded: LoadedModel, way: str = "echo") -> None:
        assert way in WAYS
        self.loaded, self.way = loaded, way
        self.ends = {loaded.tokenizer.eos_token_id}
        self.decoded = self.read = 0
        """Tokens decoded one by one, and tokens of prompts read for their log-probabilities."""

    def __call__(self, path: str, body: dict[str, Any]) -> Reply:
        """One completion."""
        words = self.loaded.tokenizer
        prompt = body["prompt"] if isinstance(body["prompt"], list) else words(body["prompt"]).input_ids
        if self.way == "refuses" and "return_token_ids" in body:
            return 400, {"error": {"message": "unknown field return_token_ids"}}
        if self.way != "echo" and self.way not in ("plain", "lies", "text tokens", "penalty") and body.get("echo"):
            return 400, {"error": {"message": "only no echo is supported"}}
        new, steps, reason = self._generated(prompt, body["max_tokens"], body.get("stop") or [])
        shown = words.decode([token for token in new if token not in self.ends], skip_special_tokens=True)
        cut = min((shown.split(stop, 1)[0] for stop in body.get("stop") or []), key=len, default=shown)
        choice: dict[str, Any] = {"index": 0, "text": cut, "finish_reason": reason}
        if "logprobs" in body and self.way != "leaves them out":
            tokens, rows = (prompt + new, [None, *self._read(prompt), *steps]) if body.get("echo") else (new, steps)
            choice["logprobs"] = self._told(tokens, rows, body)
            if self.way not in ("plain", "text tokens"):
                choice["token_ids"] = new
        if "prompt_logprobs" in body and self.way == "prompt_logprobs":
            rows = [None, *self._read(prompt)]
            choice["prompt_logprobs"] = [
                row and {str(t): {"logprob": v, "rank": 1} for t, v in {**row[1], row[0]: row[2]}.items()}
                for row in rows
            ]
        return 200, {"choices": [choice], "usage": {"completion_tokens": len(new)}}

    def _generated(self, prompt: list[int], budget: int, stops: list[str]) -> tuple[list[int], list[Any], str]:
        import torch

        new: list[int] = []
        steps: list[Any] = []
        cache, given = None, list(prompt)
        with torch.no_grad():
            while len(new) < budget:
                output = self.loaded.model(
                    torch.tensor([given]), past_key_values=cache, use_cache=True, logits_to_keep=1
                )
                cache, logits = output.past_key_values, output.logits[0, -1].float()
                ranked = logits.clone()
                if self.way == "penalty":
                    ranked[list({*new, *prompt})] -= 30.0
                token = int(ranked.argmax())
                steps.append(_row(logits.log_softmax(-1), token))
                new.append(token)
                given = [token]
                self.decoded += 1
                if token in self.ends or any(stop in self.loaded.tokenizer.decode(new) for stop in stops):
                    return new, steps, "stop"
        return new, steps, "length"

    def _read(self, prompt: list[int]) -> list[Any]:
        """What each token of the prompt but the first was, the two best there, and its log-probability."""
        import torch

        self.read += len(prompt)
        with torch.no_grad():
            logs = self.loaded.model(torch.tensor([prompt])).logits[0].float().log_softmax(-1)
        rows = [_row(logs[i], token) for i, token in enumerate(prompt[1:])]
        return [(row[0], row[1], row[2] - 5.0) for row in rows] if self.way == "lies" else rows

    def _told(self, tokens: list[int], rows: list[Any], body: dict[str, Any]) -> dict[str, Any]:
        def name(token: int) -> str:
            numbered = body.get("return_tokens_as_token_ids") and self.way != "text tokens"
            return f"token_id:{token}" if numbered else str(self.loaded.tokenizer.decode([token]))

        return {
            "tokens": [name(token) for token in tokens],
            "token_logprobs": [row and row[2] for row in rows],
            "top_logprobs": [row and {name(t): v for t, v in {**row[1], row[0]: row[2]}.items()} for row in rows],
        }


def _row(logs: Any, token: int) -> tuple[int, dict[int, float], float]:
    best = logs.topk(2)
    return token, dict(zip(best.indices.tolist(), best.values.tolist(), strict=True)), float(logs[token])
