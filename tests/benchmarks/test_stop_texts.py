"""Stop strings end each row by itself, at the token with which they are complete, whatever tokens they are made of."""

import random

import pytest
import torch

from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.lm_eval_fence.recording_hf import RecordingHFLM
from holdfast.benchmarks.lm_eval_fence.stop_texts import Stops, StopTexts

STOPS = (["\n\n"], ["a"], ["e ", "on"], ["é", "日本"], ["Question:", "<|im_end|>"], ["", "ab"])


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    torch.set_num_threads(1)
    return load("tiny", dtype="float32")


@pytest.mark.parametrize("texts", STOPS, ids=str)
def test_every_row_ends_where_its_text_first_holds_a_stop_string(texts: list[str], tiny: LoadedModel) -> None:
    """Against the whole text decoded at every step, over texts that hold the strings and over random tokens."""
    words = tiny.tokenizer
    draw = random.Random(0)
    written = [f"xx{stop}yy{stop}" for stop in texts] + ["a\n", "nothing at all", "on", "日é", "Question: <|im_end|>"]
    rows = [words.encode(text, add_special_tokens=False) for text in written]
    rows += [[draw.randrange(len(words)) for _ in range(40)] for _ in range(20)]
    longest = max(map(len, rows))
    ids = torch.tensor([[5, 6, 7, *row, *[5] * (longest - len(row))] for row in rows])
    stops = Stops(words, texts)
    ends, wanted = StopTexts(stops, 3, len(rows)), [False] * len(rows)
    for step in range(1, longest + 1):
        done = ends(ids[:, : 3 + step], None).tolist()
        for row in range(len(rows)):
            new = words.decode(ids[row, 3 : 3 + step], skip_special_tokens=False)
            wanted[row] = wanted[row] or any(stop and stop in new for stop in texts)
        assert done == wanted, step


def test_a_batch_says_what_lm_evals_criteria_say_in_fewer_steps(tiny: LoadedModel) -> None:
    """Rows that end with different strings: lm-eval's go on to the budget, and are then cut to the same texts."""
    from lm_eval.models.huggingface import HFLM

    from holdfast.benchmarks.engine.items import Item
    from holdfast.benchmarks.engine.protocol import instances

    asked = ["Compute 2 + 3", "Compute 1 + 4", "Repeat hello 3 times", "Repeat wall 3 times"]
    render = tiny.tokenizer.apply_chat_template
    prompts = [render([{"role": "user", "content": one}], tokenize=False, add_generation_prompt=True) for one in asked]
    arguments = {"until": ["l", "5"], "max_gen_toks": 40, "do_sample": False}
    items = [Item("t", str(n), 0, "generate", prompt, generation=arguments) for n, prompt in enumerate(prompts)]
    found, passes = [], []
    for kind in (RecordingHFLM, HFLM):
        lm = kind(pretrained=tiny.model, tokenizer=tiny.tokenizer, batch_size=4)
        count: list[int] = []
        hook = tiny.model.register_forward_pre_hook(lambda *_, kept=count: kept.append(1))
        found.append(lm.generate_until(instances(items), disable_tqdm=True))
        hook.remove()
        passes.append(len(count))
    assert found[0] == found[1] and passes[0] < passes[1]
