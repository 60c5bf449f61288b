"""The shipped weights: they reach their card, read any text, and know their chat format."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.benchmarks.tiny import model_path
from holdfast.benchmarks.tiny.card import MEASURED, accuracies, card
from holdfast.benchmarks.tiny.pretrain import accuracy, config
from holdfast.benchmarks.tiny.skills import SKILLS
from holdfast.benchmarks.tiny.tasks import ITEMS
from holdfast.benchmarks.tiny.tokenizer import POSITIONS, encode_completion, encode_prompt

LEARNED = ("addition", "reverse", "upper", "repeat", "capitals", "json", "python")


@pytest.fixture(scope="module")
def tokenizer():  # type: ignore[no-untyped-def]
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(model_path()))


@pytest.fixture(scope="module")
def model():  # type: ignore[no-untyped-def]
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(1)
    return AutoModelForCausalLM.from_pretrained(str(model_path()), dtype=torch.float32).eval()


@pytest.mark.parametrize(
    "skills", [("upper", "capitals"), pytest.param(tuple(SKILLS), marks=pytest.mark.slow)], ids=len
)
def test_weights_reach_the_card(skills: tuple[str, ...]) -> None:
    """Greedy generation on the tasks' rows; another machine's arithmetic may tip an item or two."""
    found = accuracies(model_path(), [task for task in MEASURED if task.name.removeprefix("tiny_") in skills])
    written = card()["accuracy"]
    assert set(found) == {f"tiny_{skill}" for skill in skills}
    assert set(written) == {f"tiny_{skill}" for skill in SKILLS}
    for task, value in found.items():
        assert value == pytest.approx(written[task], abs=3 / ITEMS), task


def test_pretrained_skills_are_known_and_the_new_one_is_not() -> None:
    written = card()["accuracy"]
    assert min(written[f"tiny_{skill}"] for skill in LEARNED) >= 0.9
    assert written["tiny_subtraction"] <= 0.1


def test_likeliest_answers_agree_with_generated_ones(model) -> None:  # type: ignore[no-untyped-def]
    """pretrain's quick accuracy (the gold answer is greedy) against the card's, on other rows: within 10 points."""
    for skill in LEARNED:
        assert accuracy(model, skill) == pytest.approx(card()["accuracy"][f"tiny_{skill}"], abs=0.1)


def test_package_data_is_small() -> None:
    assert sum(file.stat().st_size for file in model_path().iterdir()) < 6 * 2**20
    assert not [file.name for file in model_path().iterdir() if file.suffix in (".bin", ".pt", ".pkl")]


@given(text=st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_survives_the_tokenizer(tokenizer, text: str) -> None:  # type: ignore[no-untyped-def]
    ids = tokenizer(text)["input_ids"]
    assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text
    assert max(ids, default=0) < config().vocab_size


def test_chat_template_is_what_pretraining_used(tokenizer) -> None:  # type: ignore[no-untyped-def]
    turns = [{"role": "user", "content": "Repeat grün 2 times"}, {"role": "assistant", "content": "grün grün"}]
    asked = tokenizer.apply_chat_template(turns[:1], add_generation_prompt=True)["input_ids"]
    assert asked == encode_prompt("Repeat grün 2 times")
    whole = tokenizer.apply_chat_template(turns, return_dict=True, return_assistant_tokens_mask=True)
    answer = encode_completion("grün grün")
    assert whole["input_ids"] == asked + answer
    assert whole["assistant_masks"] == [0] * len(asked) + [1] * len(answer)


def test_template_takes_a_system_message_and_several_turns(tokenizer) -> None:  # type: ignore[no-untyped-def]
    roles = ("system", "user", "assistant", "user")
    turns = [{"role": role, "content": f"text {i}"} for i, role in enumerate(roles)]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert text == "\n".join(
        [*(f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>" for turn in turns), "<|im_start|>assistant\n"]
    )


def test_long_prompts_run(model, tokenizer) -> None:  # type: ignore[no-untyped-def]
    import torch

    ids = torch.tensor([tokenizer("a long real text, repeated. " * 200)["input_ids"][:2100]])
    assert ids.shape[1] == 2100 < POSITIONS
    with torch.no_grad():
        assert torch.isfinite(model(ids).logits).all()
