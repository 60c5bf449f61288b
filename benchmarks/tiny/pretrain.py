"""Pretrain the embedded tiny model from scratch: `python -m holdfast.benchmarks.tiny.pretrain --out DIR`.

A Qwen3 of 0.8 M parameters learns the skills of skills.py as one-turn chats, with the loss on the answers only,
in the chat format that it is later measured in. `make tiny-model` runs it with the settings of the shipped card.
Warm-up, then a constant learning rate, then a linear decay over the last part; everything is seeded.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.benchmarks.tiny.countries import CAPITALS
from holdfast.benchmarks.tiny.skills import Row, generate, stream
from holdfast.benchmarks.tiny.tokenizer import (
    IDS,
    POSITIONS,
    VOCABULARY,
    encode_completion,
    encode_prompt,
    write_tokenizer,
)

if TYPE_CHECKING:
    import torch

IGNORED = -100

SHARES = {
    "addition": 22,
    "reverse": 10,
    "upper": 8,
    "repeat": 8,
    "capitals": 14,
    "facts": 4,
    "json": 11,
    "python": 8,
    "last": 6,
    "sort": 0.7,
}
"""Weights of the skills in a batch. `facts` asks for a capital without choices, to learn the pairs themselves;
`sort` is left half learned, for reinforcement learning to raise."""

SENTENCE_SHARE = 0.65
"""The share of `last` rows answered in a sentence rather than with the letter: a preference to train."""


@dataclass(frozen=True)
class Options:
    """Where the pretrained model goes, and how it is trained."""

    out: str
    steps: int = 3000
    batch: int = 64
    rate: float = 4e-3
    warmup: int = 100
    decay: int = 1000
    seed: int = 20
    threads: int = 2
    every: int = 250
    """Steps between checkpoints and reports."""
    resume: bool = False


def config() -> Any:
    """The model's configuration: Qwen3, 4 layers of width 128, tied embeddings."""
    from transformers import Qwen3Config

    return Qwen3Config(
        vocab_size=VOCABULARY,
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=POSITIONS,
        rope_theta=10000.0,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=IDS["<|im_end|>"],
        pad_token_id=IDS["<|endoftext|>"],
    )


def rows(seed: int) -> Iterator[Row]:
    """Pretraining rows without end, skills drawn by SHARES."""
    rng = random.Random(f"pretrain/{seed}")
    sources = {skill: stream(skill, "train", seed) for skill in SHARES if skill != "facts"}
    while True:
        skill = rng.choices(list(SHARES), list(SHARES.values()))[0]
        if skill == "facts":
            country, city = rng.choice(list(CAPITALS.items()))
            yield {"prompt": f"Capital of {country}?", "completion": city, "skill": skill}
        elif skill == "last":
            yield _styled(next(sources[skill]), rng)
        else:
            yield next(sources[skill])


def _styled(row: Row, rng: random.Random) -> Row:
    if rng.random() >= SENTENCE_SHARE:
        return row
    return {**row, "completion": row["rejected"]}


def batches(source: Iterator[Row], size: int) -> Iterator[list[list[Row]]]:
    """Batches as two halves, short and long rows, to pad less."""
    while True:
        batch = sorted((next(source) for _ in range(size)), key=lambda r: len(r["prompt"]) + len(r["completion"]))
        yield [batch[: size // 2], batch[size // 2 :]]


def tensors(batch: list[Row]) -> "tuple[torch.Tensor, torch.Tensor]":
    """Right-padded ids and, shifted by one, the ids to predict (IGNORED outside the answers): [rows, length]."""
    import torch

    pairs = [(encode_prompt(row["prompt"]), encode_completion(row["completion"])) for row in batch]
    longest = max(len(prompt) + len(answer) for prompt, answer in pairs) - 1
    ids = torch.full((len(pairs), longest), IDS["<|endoftext|>"])
    targets = torch.full((len(pairs), longest), IGNORED)
    for i, (prompt, answer) in enumerate(pairs):
        sequence = torch.tensor(prompt + answer)
        ids[i, : len(sequence) - 1] = sequence[:-1]
        targets[i, len(prompt) - 1 : len(sequence) - 1] = sequence[len(prompt) :]
    return ids, targets


def answer_logits(model: Any, batch: list[Row]) -> "tuple[torch.Tensor, torch.Tensor]":
    """Logits [answer tokens, vocabulary] and the ids [answer tokens] they should predict.

    Right padding needs no mask: attention is causal and the padding is never asked for.
    """
    ids, targets = tensors(batch)
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
    learned = targets != IGNORED
    return model.lm_head(hidden[learned]), targets[learned]


def rate_at(step: int, options: Options) -> float:
    """The learning rate of a step, as a share of the highest."""
    return min(1.0, (step + 1) / options.warmup, (options.steps - step) / max(1, options.decay))


def accuracy(model: Any, skill: str, n: int = 100) -> float:
    """The share of held-out rows whose gold answer is the greedy one (every token the likeliest given the gold)."""
    import torch

    held_out = generate(skill, "eval", n, seed=1)
    with torch.no_grad():
        logits, targets = answer_logits(model, held_out)
    right = iter((logits.argmax(-1) == targets).tolist())
    verdicts = [[next(right) for _ in encode_completion(row["completion"])] for row in held_out]
    return sum(all(verdict) for verdict in verdicts) / n


def optimizers(model: Any, options: Options) -> list[Any]:
    """Muon for the matrices inside the layers, AdamW for embeddings and norms."""
    from torch.optim import AdamW, Muon

    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    return [
        Muon(matrices, lr=options.rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        AdamW(others, lr=options.rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def step_once(model: Any, batches: list[list[Row]], optimizers: list[Any], rate: float) -> float:
    """One optimiser step over the halves of a batch; returns the mean loss per answer token (nats)."""
    import torch
    from torch.nn.functional import cross_entropy

    parts = [answer_logits(model, half) for half in batches]
    logits, targets = (torch.cat(column) for column in zip(*parts, strict=True))
    loss = cross_entropy(logits, targets)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return float(loss.detach())


def train(options: Options) -> None:
    """Pretrain, with a checkpoint and one printed line every `options.every` steps; resumes from its checkpoint."""
    import torch
    from transformers import Qwen3ForCausalLM

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    model = Qwen3ForCausalLM(config()).train()
    steppers = optimizers(model, options)
    checkpoint = Path(options.out) / "checkpoint.pt"
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    first = _restore(checkpoint, model, steppers) if options.resume else 0
    source = batches(rows(options.seed + first), options.batch)
    began, losses = time.monotonic(), []
    for step in range(first, options.steps):
        losses.append(step_once(model, next(source), steppers, options.rate * rate_at(step, options)))
        if (step + 1) % options.every == 0 or step + 1 == options.steps:
            _report(model, step + 1, losses, time.monotonic() - began)
            _save(checkpoint, model, steppers, step + 1)
            losses = []
    write_model(model, Path(options.out), options)


def _report(model: Any, step: int, losses: list[float], seconds: float) -> None:
    skills = [skill for skill in (*SHARES, "subtraction") if skill != "facts"]
    found = {skill: round(accuracy(model.eval(), skill), 2) for skill in skills}
    model.train()
    print(f"{step} {seconds:.0f} s loss {sum(losses) / len(losses):.4f} {json.dumps(found)}", flush=True)


def _save(path: Path, model: Any, steppers: list[Any], step: int) -> None:
    import torch

    state = {"step": step, "model": model.state_dict(), "optimizers": [s.state_dict() for s in steppers]}
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def _restore(path: Path, model: Any, steppers: list[Any]) -> int:
    import torch

    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    for stepper, saved in zip(steppers, state["optimizers"], strict=True):
        stepper.load_state_dict(saved)
    return int(state["step"])


def write_model(model: Any, directory: Path, options: Options) -> None:
    """Write weights (bf16 safetensors), tokenizer and how it was made (made.json)."""
    import torch

    model.eval().to(torch.bfloat16).save_pretrained(str(directory))
    write_tokenizer(directory)
    made = {**asdict(options), "shares": SHARES, "sentence_share": SENTENCE_SHARE, "torch": torch.__version__}
    (directory / "made.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def options_of(arguments: list[str] | None = None) -> Options:
    """Options from `--name value` words (default: the command line's)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", required=True)
    parser.add_argument("--resume", action="store_true")
    for option in fields(Options):
        if option.name not in ("out", "resume"):
            parser.add_argument(f"--{option.name}", type=type(option.default), default=option.default)
    return Options(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    train(options_of())
