"""The embedded agent, `model=tiny_agent`: the tiny model taught to play tiny_notes.

`python -m holdfast.benchmarks.tiny.agent --out DIR` goes on from the shipped tiny model with one half of its old rows
and one half of episodes, the loss on the assistant's messages; `make tiny-model` runs it, too. Last letters are told
in a sentence as often as in pretraining, for reinforcement learning to change. Its chat template writes tools' names,
calls and results.
"""

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.benchmarks.environments.tiny_notes import TinyNotes, answer_of, note_rows, right_messages
from holdfast.benchmarks.shared.tool_messages import as_objects
from holdfast.benchmarks.tiny import model_path
from holdfast.benchmarks.tiny.pretrain import (
    IGNORED,
    SENTENCE_SHARE,
    Options,
    optimizers,
    options_of,
    rate_at,
    rows,
    write_model,
)
from holdfast.benchmarks.tiny.tokenizer import IDS, encode_completion, encode_prompt

if TYPE_CHECKING:
    import torch

SETTINGS = ("--steps=450", "--batch=32", "--rate=2e-3", "--warmup=50", "--decay=180", "--seed=5", "--threads=1")
"""Settings of the shipped weights; what the command line gives comes after."""
_POOL = 6000
"""Episodes that are drawn from."""
TEMPLATE = (
    "{%- if tools %}{{- '<|im_start|>system\\n' }}"
    "{%- for tool in tools %}{{- tool['function']['name'] + '(' + tool['function']['parameters']['properties']"
    " | join(', ') + ')' }}{%- if not loop.last %}{{- '\\n' }}{%- endif %}"
    "{%- endfor %}{{- '<|im_end|>\\n' }}{%- endif %}"
    "{%- for message in messages %}"
    "{%- if not loop.first %}{{ '\\n' }}{% endif %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' }}"
    "{%- if message['role'] == 'assistant' %}"
    "{% generation %}{{- message['content'] or '' }}"
    "{%- for call in message['tool_calls'] or [] %}"
    "{{- '<tool_call>{\"name\": \"' + call['function']['name'] + '\", \"arguments\": '"
    " + (call['function']['arguments'] if call['function']['arguments'] is string"
    " else (call['function']['arguments'] | tojson)) + '}</tool_call>' }}"
    "{%- endfor %}{{- '<|im_end|>' }}{% endgeneration %}"
    "{%- else %}{{- message['content'] + '<|im_end|>' }}{%- endif %}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{ '\\n<|im_start|>assistant\\n' }}{% endif %}"
)

Pair = tuple[list[int], list[int]]
"""Tokens of a conversation, and 1 for each that is the assistant's."""


def episodes(tokenizer: Any, seed: int) -> list[Pair]:
    """Conversations of the split `train`, as the template writes them."""
    rng = random.Random(f"agent/{seed}")
    made = []
    for row in note_rows("train", _POOL):
        answer = answer_of(row)
        if row["category"] == "Last letter of" and rng.random() < SENTENCE_SHARE:
            answer = f"The last letter is {answer}."
        tools = TinyNotes().open(row, 0).tools
        messages = [as_objects(message) for message in right_messages(row, answer)]
        encoded = tokenizer.apply_chat_template(
            messages, tools=list(tools), tokenize=True, return_dict=True, return_assistant_tokens_mask=True
        )
        made.append((list(encoded["input_ids"]), list(encoded["assistant_masks"])))
    return made


def old_rows(seed: int) -> Iterator[Pair]:
    """The tiny model's own pretraining rows, without end."""
    for row in rows(seed):
        prompt, answer = encode_prompt(row["prompt"]), encode_completion(row["completion"])
        yield [*prompt, *answer], [0] * len(prompt) + [1] * len(answer)


def logits(model: Any, pairs: Sequence[Pair]) -> "tuple[torch.Tensor, torch.Tensor]":
    """Logits [assistant tokens, vocabulary] and the ids [assistant tokens] they should predict."""
    import torch

    longest = max(len(ids) for ids, _ in pairs) - 1
    shown_ids = torch.full((len(pairs), longest), IDS["<|endoftext|>"])
    targets = torch.full((len(pairs), longest), IGNORED)
    for number, (ids, mask) in enumerate(pairs):
        sequence, own = torch.tensor(ids), torch.tensor(mask[1:], dtype=torch.bool)
        shown_ids[number, : len(ids) - 1] = sequence[:-1]
        targets[number, : len(ids) - 1][own] = sequence[1:][own]
    hidden = model.model(input_ids=shown_ids, use_cache=False).last_hidden_state
    learned = targets != IGNORED
    return model.lm_head(hidden[learned]), targets[learned]


def teach(options: Options) -> None:
    """Train and write a model directory."""
    import torch
    from torch.nn.functional import cross_entropy
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    tokenizer = AutoTokenizer.from_pretrained(str(model_path()))
    tokenizer.chat_template = TEMPLATE
    model = AutoModelForCausalLM.from_pretrained(str(model_path()), dtype=torch.float32).train()
    steppers, began, losses = optimizers(model, options), time.monotonic(), list[float]()
    pool, old, rng = episodes(tokenizer, options.seed), old_rows(options.seed), random.Random(options.seed)
    half = options.batch // 2
    for step in range(options.steps):
        parts = [logits(model, rng.sample(pool, half)), logits(model, [next(old) for _ in range(half)])]
        predicted, targets = (torch.cat(column) for column in zip(*parts, strict=True))
        loss = cross_entropy(predicted, targets)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for stepper in steppers:
            for group in stepper.param_groups:
                group["lr"] = options.rate * rate_at(step, options)
            stepper.step()
            stepper.zero_grad(set_to_none=True)
        losses.append(float(loss.detach()))
        if (step + 1) % options.every == 0:
            print(f"{step + 1} {time.monotonic() - began:.0f} s loss {sum(losses) / len(losses):.4f}", flush=True)
            losses = []
    write_model(model, Path(options.out), options)
    tokenizer.save_pretrained(options.out)


if __name__ == "__main__":
    import sys

    teach(options_of([*SETTINGS, *sys.argv[1:]]))
