"""The embedded agent: the tiny model taught to play tiny_form. `python -m holdfast.benchmarks.tiny.agent --out DIR`.

It goes on from the shipped tiny model with one half of its old rows and one half of episodes, the loss on the
assistant's messages. In most of the episodes the digits are saved as they were looked up, so that the skill is half
learned and reinforcement learning can raise it. Its chat template writes tools' names, calls and results.
"""

import argparse
import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast.benchmarks.environments.tiny_form import form_rows, gold
from holdfast.benchmarks.tiny import agent_path, model_path
from holdfast.benchmarks.tiny.pretrain import rows

SORTED_SHARE = 0.4
"""The share of episodes that show the right way."""

TEMPLATE = (
    "{%- if tools %}{{ '<|im_start|>system\\nTools:' }}"
    "{%- for tool in tools %}{{ ' ' + tool['function']['name'] }}{%- endfor %}{{ '<|im_end|>\\n' }}{%- endif %}"
    "{%- for message in messages %}"
    "{%- if not loop.first %}{{ '\\n' }}{% endif %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' }}"
    "{%- if message['role'] == 'assistant' %}"
    "{%- generation %}{{- message['content'] or '' }}"
    "{%- for call in message['tool_calls'] or [] %}"
    "{{- '<tool_call>' + ({'name': call['function']['name'], 'arguments': call['function']['arguments']} | tojson) "
    "+ '</tool_call>' }}"
    "{%- endfor %}{{- '<|im_end|>' }}{%- endgeneration %}"
    "{%- else %}{{- message['content'] + '<|im_end|>' }}{%- endif %}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{ '\\n<|im_start|>assistant\\n' }}{% endif %}"
)

RESPONSE: Mapping[str, Any] = {
    "defaults": {"role": "assistant"},
    "start_anchor": "<|im_start|>assistant\n",
    "fields": {
        "tool_calls": {
            "open": "<tool_call>",
            "close_pattern": r"</tool_call>\s*",
            "repeats": True,
            "content": "json",
            "transform": {"type": "function", "function": "{content}"},
        },
        "content": {"close_pattern": r"<\|im_end\|>\s*|$", "content": "text"},
    },
}
"""How transformers reads such a message back."""


def episodes(seed: int) -> Iterator[list[dict[str, Any]]]:
    """Conversations without end, of both environments; in most the digits are saved unsorted."""
    rng = random.Random(f"agent/{seed}")
    kinds = [(solo, form_rows("train", 5000, solo)) for solo in (False, True)]
    while True:
        solo, made = rng.choice(kinds)
        row = rng.choice(made)
        messages = gold(row, solo)
        if rng.random() >= SORTED_SHARE:
            wanted = " ".join(sorted(row["digits"].split()))
            messages = [_unsorted(message, wanted, row["digits"]) for message in messages]
        yield messages


def _unsorted(message: dict[str, Any], wanted: str, digits: str) -> dict[str, Any]:
    if message["role"] != "assistant":
        return message
    if not message.get("tool_calls"):
        return {**message, "content": message["content"].replace(wanted, digits)}
    call = message["tool_calls"][0]
    arguments = call["function"]["arguments"].replace(f'"{wanted}"', f'"{digits}"')
    return {**message, "tool_calls": [{**call, "function": {**call["function"], "arguments": arguments}}]}


def tools_of(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    """The tools that an episode's template is given; none of a plain question."""
    if not any(message.get("tool_calls") for message in messages):
        return None
    return [{"type": "function", "function": {"name": name}} for name in ("look", "save")]


def encoded(tokenizer: Any, messages: Sequence[Mapping[str, Any]]) -> tuple[list[int], list[int]]:
    """(ids, 1 where the assistant speaks) of a conversation, by the template."""
    from holdfast.benchmarks.engine.episodes.chat import as_objects

    made = tokenizer.apply_chat_template(
        [as_objects(message) for message in messages],
        tools=tools_of(messages),
        return_dict=True,
        return_assistant_tokens_mask=True,
    )
    return list(made["input_ids"]), list(made["assistant_masks"])


def agent_tokenizer() -> Any:
    """The tiny model's tokenizer with tools in its template."""
    from transformers import AutoTokenizer

    made = AutoTokenizer.from_pretrained(str(model_path()))
    made.chat_template = TEMPLATE
    made.response_template = dict(RESPONSE)
    return made


def train(
    out: Path, steps: int = 800, size: int = 12, rate: float = 3e-3, seed: int = 0, start: Path | None = None
) -> None:
    """Fine-tune from `start` (default: the shipped tiny model) and write the model directory."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    tokenizer = agent_tokenizer()
    model = AutoModelForCausalLM.from_pretrained(str(start or model_path()), dtype=torch.float32).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    old, new = rows(seed + 1000), episodes(seed)
    for step in range(steps):
        chats = [next(new) for _ in range(size * 2 // 3)]
        asked = [next(old) for _ in range(size // 3)]
        chats += [[_user(row["prompt"]), _assistant(row["completion"])] for row in asked]
        loss = _loss(model, [encoded(tokenizer, chat) for chat in chats])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 30, (steps - step) / (steps * 0.5))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if step % 50 == 0 or step + 1 == steps:
            print(f"{step + 1} loss {float(loss.detach()):.4f}", flush=True)
            model.save_pretrained(str(out))
    model.eval().to(torch.bfloat16).save_pretrained(str(out))
    tokenizer.save_pretrained(str(out))


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def _assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def _loss(model: Any, pairs: Sequence[tuple[list[int], list[int]]]) -> Any:
    """Mean loss of the assistant's tokens; right padding needs no mask, as attention is causal."""
    import torch

    longest = max(len(ids) for ids, _ in pairs)
    ids = torch.zeros((len(pairs), longest), dtype=torch.long)
    labels = torch.full((len(pairs), longest), -100)
    for i, (tokens, mask) in enumerate(pairs):
        ids[i, : len(tokens)] = torch.tensor(tokens)
        labels[i, : len(tokens)] = torch.tensor([t if m else -100 for t, m in zip(tokens, mask, strict=True)])
    return model(input_ids=ids, labels=labels).loss


SHIPPED = ("config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")


def ship(directory: Path) -> None:
    """Copy a model directory into the package."""
    agent_path().mkdir(exist_ok=True)
    for name in (*SHIPPED, "chat_template.jinja"):
        if (directory / name).is_file():
            shutil.copyfile(directory / name, agent_path() / name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="a model directory to go on from")
    parser.add_argument("--ship", action="store_true", help="copy the result into the package")
    chosen = parser.parse_args()
    train(chosen.out, chosen.steps, seed=chosen.seed, start=chosen.start)
    if chosen.ship:
        ship(chosen.out)
