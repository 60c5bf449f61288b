"""A reward model: a sequence classifier with one output, as TRL's RewardTrainer makes it."""

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from holdfast.errors import UsageError
from holdfast.registry import register
from holdfast.sample import Sample, Score

_forward = threading.Lock()
"""One forward at a time: a model is not meant to be shared by threads."""


def _check(batch_size: int, max_length: int, **_options: Any) -> None:
    if batch_size < 1 or max_length < 1:
        raise UsageError("a reward model needs batch_size >= 1 and max_length >= 1")


@register("reward_model", version="1", scope="batch", needs_reference=False, check=_check)
def reward_model(
    samples: Sequence[Sample],
    *,
    model: str,
    batch_size: int = 8,
    max_length: int = 2048,
    device: str = "auto",
    dtype: str = "auto",
    sigmoid: bool = False,
) -> list[Score]:
    """The output of a reward model for prompt and completion: any real number, or 0 to 1 with `sigmoid`.

    `model` is a directory or a hub id of an AutoModelForSequenceClassification with one output (safetensors only, no
    remote code). Prompt and completion go through its tokenizer's chat template where it has one. A text longer than
    `max_length` tokens loses its beginning, and the reason says so. No reference is read.
    """
    tokenizer, classifier = _load(model, device, dtype)
    texts = [_text(tokenizer, sample) for sample in samples]
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    scores: dict[int, Score] = {}
    for start in range(0, len(order), batch_size):
        members = order[start : start + batch_size]
        scores |= zip(
            members, _judge(tokenizer, classifier, [texts[i] for i in members], max_length, sigmoid), strict=False
        )
    return [scores[i] for i in range(len(samples))]


@lru_cache(maxsize=2)
def _load(model: str, device: str, dtype: str) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.truncation_side = "left"
    classifier = AutoModelForSequenceClassification.from_pretrained(model, dtype=dtype, use_safetensors=True)
    if classifier.config.num_labels != 1:
        raise UsageError(f"reward model {model!r} has {classifier.config.num_labels} outputs; expected 1")
    if classifier.config.pad_token_id is None:
        classifier.config.pad_token_id = tokenizer.pad_token_id
    device_name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    return tokenizer, classifier.to(device_name).eval()


def _text(tokenizer: Any, sample: Sample) -> str:
    """Prompt and completion as the model was trained to see them; lone surrogates become marks."""
    conversation = (
        [{"role": "user", "content": sample.prompt}] if isinstance(sample.prompt, str) else list(sample.prompt)
    )
    answer = {"role": "assistant", "content": sample.text}
    if tokenizer.chat_template is None:
        text = sample.prompt_text + sample.text
    else:
        text = tokenizer.apply_chat_template([*conversation, answer], tokenize=False)
    return str(text).encode("utf-8", "replace").decode("utf-8")


def _judge(tokenizer: Any, classifier: Any, texts: Sequence[str], max_length: int, sigmoid: bool) -> list[Score]:
    import torch

    # Tokenizing a megabyte to keep its end would be waste; no vocabulary's tokens average 64 characters.
    cut = [text[-64 * max_length :] for text in texts]
    inputs = tokenizer(cut, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    full = inputs["attention_mask"].sum(dim=1) >= max_length
    with _forward, torch.inference_mode():
        logits = classifier(**inputs.to(classifier.device)).logits[:, 0].float()
    values = (torch.sigmoid(logits) if sigmoid else logits).cpu().tolist()
    return [_score(value, bool(long)) for value, long in zip(values, full, strict=True)]


def _score(value: float, long: bool) -> Score:
    if value != value or value in (float("inf"), float("-inf")):
        return Score.error(f"the reward model gave {value}")
    return Score.share(value, "the beginning was cut" if long else "")
