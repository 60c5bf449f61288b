"""What a batch's prompts share is computed once: same logits and same texts, whatever the model's architecture."""

from pathlib import Path
from typing import Any

import pytest
from helpers import lm_eval_cli

from holdfast.benchmarks.decoding import shared_prefix
from holdfast.benchmarks.decoding.drafts import Drafter, Request
from holdfast.benchmarks.decoding.shared_prefix import keeps_every_token, logits_from, prefilled, shareable
from holdfast.benchmarks.engine.backends.models import load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.lm_eval_fence import recording_hf

SMALL = {
    "vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 512, "pad_token_id": 0, "bos_token_id": 1,
    "eos_token_id": 2,
}  # fmt: skip
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", {}),
    "llama with scaled rotations": (
        "llama",
        {"rope_scaling": {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                          "original_max_position_embeddings": 64}},
    ),
    "qwen2": ("qwen2", {}),
    "qwen3": ("qwen3", {}),
    "qwen3_moe": ("qwen3_moe", {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}),
    "gpt2": ("gpt2", {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 512}),
    "gpt_neox": ("gpt_neox", {}),
    "opt": ("opt", {"ffn_dim": 64, "word_embed_proj_dim": 32}),
    "phi": ("phi", {}),
    "olmo2": ("olmo2", {}),
    "granite": ("granite", {}),
    "falcon": ("falcon", {"alibi": True, "new_decoder_architecture": False}),
    "stablelm": ("stablelm", {}),
    "starcoder2": ("starcoder2", {}),
    "smollm3": ("smollm3", {}),
}  # fmt: skip
FORGETFUL: dict[str, tuple[str, dict[str, Any]]] = {
    "a sliding window": ("mistral", {"sliding_window": 16}),
    "a window in some layers": ("gemma2", {"sliding_window": 16}),
    "windows by choice": ("qwen2", {"use_sliding_window": True, "sliding_window": 16, "max_window_layers": 1}),
    "no attention": ("mamba", {"state_size": 8}),
    "rotations by length": (
        "llama", {"rope_scaling": {"rope_type": "dynamic", "factor": 2.0}, "max_position_embeddings": 64}
    ),
    "distances instead of positions": ("bloom", {"n_head": 4, "n_layer": 2}),
}  # fmt: skip


def _model(kind: str, options: dict[str, Any]) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    sizes = {name: value for name, value in SMALL.items() if (kind, name) != ("falcon", "head_dim")}
    config = AutoConfig.for_model(kind, **{**sizes, **options})
    config._experts_implementation = "eager"  # the grouped one knows no double precision
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager" if kind == "falcon" else None)
    return model.to(torch.float64).eval()


def _prompts(shared: int, rest: list[int]) -> list[Any]:
    import torch

    made = torch.Generator().manual_seed(1)
    start = torch.randint(3, 64, (shared,), generator=made)
    return [torch.cat([start, torch.randint(3, 64, (count,), generator=made)]) for count in rest]


@pytest.mark.parametrize("name", MODELS)
def test_logits_and_texts_do_not_change(name: str) -> None:
    import torch

    model = _model(*MODELS[name])
    if not keeps_every_token(model):
        pytest.skip(f"{name}: transformers gives its forward no such arguments")
    prompts = _prompts(300, [5, 1, 9, 30, 2])
    longest = max(map(len, prompts))
    right = torch.stack([torch.nn.functional.pad(ids, (0, longest - len(ids))) for ids in prompts])
    left = torch.stack([torch.nn.functional.pad(ids, (longest - len(ids), 0)) for ids in prompts])
    mask = torch.stack([torch.arange(longest) >= longest - len(ids) for ids in prompts]).long()
    with torch.no_grad():
        plain = model(input_ids=right).logits
        for first in (0, 40, 299, 300):
            mine = logits_from(model, right, first)
            for row, ids in enumerate(prompts):
                torch.testing.assert_close(
                    mine[row, : len(ids) - first], plain[row, first : len(ids)], rtol=0, atol=1e-9
                )
        arranged = prefilled(model, left, mask)
        assert arranged is not None
        ids, own_mask, cache = arranged
        options: dict[str, Any] = {"max_new_tokens": 12, "do_sample": False, "pad_token_id": 0, "eos_token_id": 63}
        expected = model.generate(input_ids=left, attention_mask=mask, **options)[:, longest:]
        got = model.generate(input_ids=ids, attention_mask=own_mask, past_key_values=cache, **options)[:, longest:]
    assert cache.get_seq_length() > 300, "the cache was not used"
    assert got.tolist() == expected.tolist()


def test_drafts_behind_a_shared_prefix_change_no_token() -> None:
    import torch

    model = _model("qwen3", {})
    prompts = _prompts(300, [5, 1, 9, 30, 2])
    longest = max(map(len, prompts))
    left = torch.stack([torch.nn.functional.pad(ids, (longest - len(ids), 0)) for ids in prompts])
    mask = torch.stack([torch.arange(longest) >= longest - len(ids) for ids in prompts]).long()
    options: dict[str, Any] = {"max_new_tokens": 20, "do_sample": False, "pad_token_id": 0, "eos_token_id": 63}
    with torch.no_grad():
        plain = model.generate(input_ids=left, attention_mask=mask, **options)[:, longest:].tolist()
    drafts = [row[:kept] + [3] * 4 for row, kept in zip(plain, (0, 3, 20, 11, 7), strict=True)]
    assert prefilled(model, left, mask) is not None
    drafter = Drafter(model)
    rows = drafter.decode(Request(left, mask, 20, frozenset({63}), drafts), lambda numbers: [[] for _ in numbers])
    assert drafter.tally.accepted > 0 and drafter.tally.plain == 0
    for mine, other in zip(rows, plain, strict=True):
        assert mine == other[: len(mine)] and (len(mine) == 20 or mine[-1] == 63)


def test_most_of_these_models_share_prefixes() -> None:
    shared = {name for name in MODELS if keeps_every_token(_model(*MODELS[name]))}
    assert {"llama", "llama with scaled rotations", "qwen2", "qwen3", "qwen3_moe", "gpt2", "olmo2"} <= shared
    assert len(shared) >= len(MODELS) - 3


@pytest.mark.parametrize("name", FORGETFUL)
def test_models_that_forget_or_turn_by_length_read_every_prompt_whole(name: str) -> None:
    assert not keeps_every_token(_model(*FORGETFUL[name]))


def test_virtual_tokens_before_the_prompt_share_nothing() -> None:
    from peft import LoraConfig, PromptTuningConfig, get_peft_model

    virtual = PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4)
    assert not keeps_every_token(get_peft_model(_model("llama", {}), virtual))
    assert keeps_every_token(get_peft_model(_model("llama", {}), LoraConfig(target_modules=["q_proj"])))


def test_prompts_without_padding_that_share_little_are_read_as_they_are() -> None:
    import torch

    model = _model("llama", {})
    ids = torch.stack(_prompts(20, [5, 5]))
    assert prefilled(model, ids, torch.ones_like(ids)) is None
    assert prefilled(model, ids[:1], torch.ones_like(ids[:1])) is None


@pytest.mark.parametrize(
    "argument", ["no_repeat_ngram_size", "num_beams", "cache_implementation", "prompt_lookup_num_tokens"]
)
def test_arguments_that_look_at_the_order_of_tokens_share_nothing(argument: str) -> None:
    from transformers import GenerationConfig

    assert shareable(["do_sample", "temperature"], GenerationConfig(eos_token_id=2))
    assert not shareable([argument], GenerationConfig())
    value = "static" if argument == "cache_implementation" else 3
    assert not shareable([], GenerationConfig(**{argument: value}))


def test_a_measurement_with_examples_answers_and_compares_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GSM8K with two examples and MMLU with five, whole, against a measurement in which nothing is shared."""
    tasks = lm_eval_cli.write_tasks(tmp_path, ("our_gsm8k", "our_mmlu"), 12)
    suite = [{"task": name, "include_path": str(tasks)} for name in ("our_gsm8k", "our_mmlu")]
    used, seen = _spied(monkeypatch)
    ordered: list[Any] = []
    monkeypatch.setattr(recording_hf, "prefilled", lambda *given: ordered.append(prefilled(*given)) or ordered[-1])
    shared, compared = _rows(suite, tmp_path / "shared"), list(seen)
    assert used, "the options were not compared behind a shared prefix"
    assert any(ordered), "no batch of answers was prefilled"
    used.clear(), seen.clear()
    monkeypatch.setattr(recording_hf, "keeps_every_token", lambda model: False)
    plain = _rows(suite, tmp_path / "plain")
    assert not used and len(seen) == len(compared) == 12 * 4
    assert shared == plain
    assert [greedy for _, greedy in compared] == [greedy for _, greedy in seen]
    assert [total for total, _ in compared] == pytest.approx([total for total, _ in seen], abs=1e-4)


def _spied(monkeypatch: pytest.MonkeyPatch) -> tuple[list[int], list[tuple[float, bool]]]:
    """The lengths of the prefixes that are shared, and the log-likelihoods that the model gives, as they come."""
    used: list[int] = []
    seen: list[tuple[float, bool]] = []
    repeated, compare = shared_prefix._cache, recording_hf.RecordingHFLM._loglikelihood_tokens

    def recorded(model: Any, *given: Any, **options: Any) -> Any:
        found = compare(model, *given, **options)
        seen.extend(found)
        return found

    monkeypatch.setattr(shared_prefix, "_cache", lambda *given: used.append(len(given[1])) or repeated(*given))
    monkeypatch.setattr(recording_hf.RecordingHFLM, "_loglikelihood_tokens", recorded)
    return used, seen


def _rows(suite: list[Any], out: Path) -> list[tuple[Any, ...]]:
    """What every row says, in order."""
    how = Settings(progress=False, batch_size=6, max_tokens=24)
    measured = measure(load("tiny", dtype="float32"), suite, out, settings=how)
    return [
        (row.key, row.completion, row.score, row.finish_reason, row.tokens, row.parts.get("acc"))
        for task in measured.tasks
        for row in measured.rows(task)
    ]
