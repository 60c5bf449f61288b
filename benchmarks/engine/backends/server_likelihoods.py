"""Log-likelihoods from a server's plain completions: the prompt echoed with the log-probability of its tokens."""

from collections.abc import Sequence
from typing import Any

from holdfast.benchmarks.engine.backends.http_client import Client, RequestRefusedError
from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.lm_eval_fence.prompt_tokens import encoded
from holdfast.errors import DataError, HoldfastError, UsageError

_CONTEXT = 2048
"""Tokens of a window where neither the server nor the user says how much it holds."""


def likelihoods(
    items: Sequence[Item], client: Client, model: str, tokenizer: Any, context: int | None
) -> list[tuple[Item, Completion]]:
    """Each item with the log-likelihood of its options, or of its whole text (kind `rolling`).

    Raises UsageError without a tokenizer, DataError when the server returns no log-probabilities."""
    if tokenizer is None:
        raise UsageError(
            f"task {items[0].task!r} compares log-likelihoods: name the model's tokenizer with tokenizer=…, to know "
            "which tokens are the option's"
        )
    scorer = _Scorer(client, model, tokenizer, context or _CONTEXT)
    return [(item, scorer.item(item)) for item in items]


class _Scorer:
    def __init__(self, client: Client, model: str, tokenizer: Any, context: int) -> None:
        self._client, self._model, self._tokenizer, self._context = client, model, tokenizer, context

    def item(self, item: Item) -> Completion:
        try:
            if item.kind == "rolling":
                return Completion(logprobs=[(self._rolling(item.prompt), False)])
            return Completion(logprobs=[self._option(context, text) for context, text in item.pairs])
        except RequestRefusedError as error:
            return Completion(refused=str(error))
        except HoldfastError as error:
            raise type(error)(f"{self._model}: the server failed ({error}); the same command goes on") from error

    def _option(self, context: str, text: str) -> tuple[float, bool]:
        spaces = len(context) - len(context.rstrip())
        if spaces:  # the option's first token takes the space with it, as in lm-eval
            context, text = context[:-spaces], context[-spaces:] + text
        if context:
            whole, start = self._tokens(context + text), len(self._tokens(context))
        else:
            whole, start = [self._first(), *self._tokenizer(text, add_special_tokens=False).input_ids], 1
        values, greedy = self._echoed(whole, start)
        return sum(values), greedy

    def _rolling(self, text: str) -> float:
        tokens, total, first = self._tokens(text), 0.0, [self._first()]
        size = self._context - 1
        for start in range(0, len(tokens), size):
            window = tokens[start : start + size]
            total += sum(self._echoed([*first, *window], 1)[0])
            first = [window[-1]]
        return total

    def _tokens(self, text: str) -> list[int]:
        return encoded(self._tokenizer, text)

    def _first(self) -> int:
        return int(
            self._tokenizer.bos_token_id if self._tokenizer.bos_token_id is not None else self._tokenizer.eos_token_id
        )

    def _echoed(self, tokens: list[int], start: int) -> tuple[list[float], bool]:
        body = {"model": self._model, "prompt": tokens[-self._context + 1 :], "max_tokens": 1, "temperature": 0,
                "logprobs": 1, "echo": True}  # fmt: skip
        start -= max(0, len(tokens) - self._context + 1)
        found = self._client.post(body, _logprobs)
        if found is None:
            raise DataError(
                f"the server of {self._model!r} returns no log-probabilities of the prompt (`echo`, `logprobs`), which "
                "comparing options needs; use a task's generative form, or backend=vllm"
            )
        values, best = found[0][start:-1], found[1][start:-1]
        return values, all(value >= top for value, top in zip(values, best, strict=True))


def _logprobs(reply: Any) -> tuple[list[float], list[float]] | None:
    """(log-probability of each token, of the likeliest token there); None where the server gives none."""
    try:
        found = reply["choices"][0].get("logprobs") or {}
        values, tops = found.get("token_logprobs"), found.get("top_logprobs")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"the server's reply is no completion: {str(reply)[:200]}") from error
    if not values or len(values) < 2:
        return None
    best = [max(top.values()) if top else float("inf") for top in tops] if tops else [float("inf")] * len(values)
    return [0.0 if value is None else float(value) for value in values], best
