"""The tiny model, taught to call a tool: TRL's tool loops run for real with it."""

import random
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{%- for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + (m['content'] or '') }}"
    "{%- for call in m['tool_calls'] or [] %}"
    "<tool_call>{{ call['function'] | tojson }}</tool_call>{%- endfor %}{{ '<|im_end|>\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""ChatML with tool calls and no schemas: the prompts stay short."""

RESPONSE = {
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
"""How transformers reads such a turn back into a message."""


SETTINGS: dict[str, Any] = {
    "max_steps": 2,
    "num_generations": 4,
    "max_completion_length": 120,
    "temperature": 1.4,
    "logging_steps": 1,
    "save_strategy": "no",
    "report_to": [],
    "use_cpu": True,
    "bf16": False,
    "disable_tqdm": True,
}
"""Of any of TRL's trainers: two steps on a processor, hot enough that some calls go wrong."""


def rows(count: int) -> list[dict[str, Any]]:
    """Conversational rows, every third with a wrong answer asked for and every fourth unjudgeable."""
    asked = [str(10 + 7 * i % 90) for i in range(count)]
    answers = [None if i % 4 == 3 else "0" if i % 3 == 2 else value for i, value in enumerate(asked)]
    return [
        {"prompt": [{"role": "user", "content": f"repeat: {value}"}], "answer": answer}
        for value, answer in zip(asked, answers, strict=True)
    ]


def tokenizer() -> Any:
    """The tiny model's, with tool calls."""
    from transformers import AutoTokenizer

    from holdfast.benchmarks.tiny import model_path

    made = AutoTokenizer.from_pretrained(model_path())
    made.chat_template, made.response_template = TEMPLATE, RESPONSE
    return made


def taught(folder: Path, tool: str, steps: int = 80) -> Path:
    """A model in `folder` that calls `tool` with the text it is asked to repeat, then says that text."""
    import torch
    from transformers import AutoModelForCausalLM

    from holdfast.benchmarks.tiny import model_path

    torch.manual_seed(0)
    draw, words = random.Random(0), tokenizer()
    model = AutoModelForCausalLM.from_pretrained(model_path(), dtype=torch.float32)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(steps):
        batch = words([_conversation(words, tool, str(draw.randint(10, 99))) for _ in range(16)], return_tensors="pt")
        model(**batch, labels=batch["input_ids"]).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def submitted(completion: Any, tool: str = "submit") -> str | None:
    """The answer of the last call of `tool` in a rollout; None where there is none."""
    calls = [call["function"] for turn in completion for call in turn.get("tool_calls") or []]
    given = [call["arguments"]["answer"] for call in calls if call["name"] == tool and "answer" in call["arguments"]]
    return str(given[-1]) if given else None


def _conversation(words: Any, tool: str, value: str) -> str:
    call = {"type": "function", "function": {"name": tool, "arguments": {"answer": value}}}
    messages = [
        {"role": "user", "content": f"repeat: {value}"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "name": tool, "content": "received"},
        {"role": "assistant", "content": value},
    ]
    return str(words.apply_chat_template(messages, tokenize=False))
