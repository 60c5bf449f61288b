"""TRL's other trainers, from their declarations: each moves the model the way it is meant to, is measured, reported."""

from pathlib import Path
from typing import Any

import pytest
from helpers.trl_scripts import other_model

from holdfast.errors import UsageError
from holdfast.trainers.settings.compose import compose

SMALL = {
    "orpo": ["max_length=128"],
    "cpo": ["max_length=128"],
    "simpo": ["max_length=128"],
    "distill": ["teacher_model_name_or_path={teacher}", "max_completion_length=6"],
    "gkd": ["teacher_model_name_or_path={teacher}", "max_new_tokens=6", "max_length=128"],
    "gold": ["teacher_model_name_or_path={teacher}", "max_completion_length=6", "max_length=128"],
    "online_dpo": ["max_new_tokens=6", "beta=0.01"],
}
STEPS = 12
RATE = dict.fromkeys(("distill", "gkd", "gold"), 1e-3)
PROMPTS = ["What is the last letter of 'abc'?", "Sort 3 1 2", "Compute 85 - 38"]
PAIR = ("c", "The last letter is c.")


def plain(completions: list[Any], **_: Any) -> list[float]:
    """A reward of one's own that an untrained model can earn: the share of ASCII among its random bytes."""
    texts = [completion if isinstance(completion, str) else completion[0]["content"] for completion in completions]
    return [sum(letter < "\x80" for letter in text) / max(1, len(text)) for text in texts]


def logits(model: Path, texts: list[str]) -> list[Any]:
    """For each text its tokens, and the log-probabilities of every next token."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype="float32").eval()
    asked = [torch.tensor(tokenizer(text)["input_ids"]) for text in texts]
    with torch.no_grad():
        return [(ids, torch.log_softmax(loaded(ids[None]).logits[0], -1)) for ids in asked]


def chat(model: Path, answer: str = "") -> list[str]:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    asked: list[str] = [
        tokenizer.apply_chat_template([{"role": "user", "content": text}], tokenize=False, add_generation_prompt=True)
        for text in PROMPTS
    ]
    return [text + answer for text in asked]


def likelihood(model: Path, answer: str) -> float:
    """The mean log-probability of an answer's tokens."""
    lengths = [len(ids) for ids, _ in logits(model, chat(model))]
    whole = logits(model, chat(model, answer))
    said = [
        table[start - 1 : -1].gather(1, ids[start:, None]).mean().item()
        for (ids, table), start in zip(whole, lengths, strict=True)
    ]
    return sum(said) / len(said)


def chosen(model: Path, _teacher: Path) -> float:
    """How likely the better answer is."""
    return likelihood(model, PAIR[0])


def margin(model: Path, _teacher: Path) -> float:
    """How much likelier the better answer is than the worse."""
    return likelihood(model, PAIR[0]) - likelihood(model, PAIR[1])


def nearness(model: Path, teacher: Path) -> float:
    """The negative divergence from the teacher."""
    pairs = zip(logits(model, chat(model, "42")), logits(teacher, chat(model, "42")), strict=True)
    return -sum((theirs.exp() * (theirs - ours)).sum(-1).mean().item() for (_, ours), (_, theirs) in pairs)


def earned(model: Path, _teacher: Path) -> float:
    """The probability of the bytes that `plain` pays for."""
    return sum(table[-1, :128].exp().sum().item() for _, table in logits(model, chat(model)))


MEANT = {
    "orpo": chosen,
    **dict.fromkeys(("cpo", "simpo"), margin),
    **dict.fromkeys(("distill", "gkd", "gold"), nearness),
    "online_dpo": earned,
}


@pytest.mark.parametrize("trainer", SMALL)
def test_it_learns_what_it_is_for(trainer: str, untrained: Path, tmp_path: Path) -> None:
    from holdfast.trainers.job.before_after import before_after

    teacher = other_model(untrained, tmp_path / "teacher", 2.5)
    steps = [
        f"max_steps={STEPS}",
        "logging_steps=1",
        "per_device_train_batch_size=8",
        f"learning_rate={RATE.get(trainer, 5e-3)}",
    ]
    words = [f"trainer.args.{arg.format(teacher=teacher)}" for arg in [*steps, *SMALL[trainer]]]
    reward = [f"reward={__file__}:plain"] if trainer == "online_dpo" else []
    config = compose(
        [f"trainer={trainer}", f"model={untrained}", "suite=[tiny_last]", "limit=4", f"out={tmp_path / 'run'}", *words]
        + reward
    )
    result = before_after(config)
    losses = [entry["loss"] for entry in result.training["log"] if "loss" in entry]
    assert len(losses) == STEPS
    assert result.comparison is not None
    before, after = (MEANT[trainer](path, teacher) for path in (untrained, tmp_path / "run" / "checkpoint"))
    assert after > before


def test_a_teacher_is_asked_for() -> None:
    from holdfast.trainers.settings import trl_args

    for trainer in ("distill", "gkd", "gold"):
        with pytest.raises(UsageError, match=rf"trainer={trainer} needs trainer.args.teacher_model_name_or_path"):
            trl_args.check(trainer, {})
