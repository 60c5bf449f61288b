"""Would a model still answer word for word as it did? One forward pass tells, no text is generated.

The earlier answer is put behind its prompt. When every token of it is still the likeliest one at its place, greedy
decoding would write the same answer again, so its score is known; its log-likelihood tells how far the model has
moved from it even while the words are still the same.
"""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_MOST_LOGITS = 2**27
"""Logits held at once (half a gigabyte in float32)."""
_MOST_ROWS = 24
"""Texts in a batch: few, so that they are of about one length and little is padding."""


@dataclass(frozen=True, slots=True)
class EarlierAnswer:
    """An earlier answer, in tokens."""

    prompt: Sequence[int]
    answer: Sequence[int]
    ended: bool = True
    """Whether an end token followed it (not when it was cut)."""


@dataclass(frozen=True, slots=True)
class AnswerLikelihood:
    """What a model makes of an earlier answer."""

    same: bool
    """Greedy decoding would write it again."""
    nats: float
    """Log-likelihood of the answer, in nats."""


def answer_likelihoods(
    model: Any, completions: Sequence[EarlierAnswer], ends: frozenset[int]
) -> list[AnswerLikelihood]:
    """One per answer, in order. `ends`: the tokens that end an answer. The model is in eval mode, and stays in it."""
    import torch

    found: list[AnswerLikelihood | None] = [None] * len(completions)
    with torch.inference_mode():
        for indices in _batches(completions, model.config.get_text_config().vocab_size):
            rows = [completions[index] for index in indices]
            for index, row, logits in zip(indices, rows, _logits(model, rows), strict=True):
                found[index] = _answer_likelihood(logits, row, ends)
    return [one for one in found if one is not None]


def _batches(completions: Sequence[EarlierAnswer], vocabulary: int) -> Iterator[list[int]]:
    """Positions of texts of about one length, as many as their logits allow."""
    order = sorted(range(len(completions)), key=lambda i: -len(completions[i].prompt) - len(completions[i].answer))
    while order:
        some = order[:_MOST_ROWS]
        logits = (max(len(completions[i].answer) for i in some) + 1) * vocabulary
        some = some[: max(1, _MOST_LOGITS // logits)]
        yield some
        order = order[len(some) :]


def _logits(model: Any, rows: Sequence[EarlierAnswer]) -> Iterator[Any]:
    """For each row the logits that predict its answer's tokens and what follows them, (answer + 1) × vocabulary."""
    import torch

    texts = [[*row.prompt, *row.answer] for row in rows]
    width, keep = max(map(len, texts)), max(len(row.answer) for row in rows) + 1
    ids = torch.zeros((len(rows), width), dtype=torch.long)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for index, text in enumerate(texts):
        ids[index, width - len(text) :] = torch.tensor(text)
        mask[index, width - len(text) :] = torch.ones(len(text))
    given = {"input_ids": ids, "attention_mask": mask, "position_ids": (mask.cumsum(1) - 1).clamp(min=0)}
    taken = inspect.signature(getattr(model, "get_base_model", lambda: model)().forward).parameters
    options: dict[str, Any] = {name: value.to(model.device) for name, value in given.items() if name in taken}
    if "logits_to_keep" in taken:
        options["logits_to_keep"] = keep
    logits = model(**options, use_cache=False).logits
    for index, row in enumerate(rows):
        yield logits[index, -(len(row.answer) + 1) :].float()


def _answer_likelihood(logits: Any, row: EarlierAnswer, ends: frozenset[int]) -> AnswerLikelihood:
    import torch

    last = sorted(ends) if row.ended else []
    likely = logits.argmax(dim=-1).tolist()
    same = likely[:-1] == list(row.answer) and (not last or likely[-1] in ends)
    sure = torch.log_softmax(logits, dim=-1)
    answer = torch.tensor(list(row.answer), dtype=torch.long, device=sure.device)
    nats = float(sure[:-1].gather(1, answer[:, None]).sum())
    return AnswerLikelihood(same, nats + (float(torch.logsumexp(sure[-1, last], 0)) if last else 0.0))
