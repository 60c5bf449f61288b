"""Small models as outsiders bring them: no padding token, no template, two beginnings, an end behind every text, many
end tokens, sliding windows, generation files with settings of their own. Weights are random and the same each time."""

import json
import shutil
from pathlib import Path
from typing import Any

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
BOS, BOS_ID, END_ID = "<s>", 264, 258
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "no pad, no template": {"bos": True, "pad": False, "template": None},
    "the template writes BOS": {"bos": True, "pad": False, "template": "{{ bos_token }}" + CHATML},
    "the template leaves BOS out": {"bos": True, "pad": False},
    "an end behind every text": {"bos": True, "adds_end": True},
    "an end behind every text, no template": {"bos": True, "adds_end": True, "template": None},
    "no end in the tokenizer": {"end": False, "pad": False},
    "ends are a list": {"generation": {"eos_token_id": [END_ID, 10, 257], "pad_token_id": END_ID}},
    "padding is the end": {"pad": False, "generation": {"eos_token_id": END_ID, "pad_token_id": END_ID}},
    "sampling and penalty": {"generation": {"repetition_penalty": 1.3, "do_sample": True, "temperature": 0.6}},
    "a mapping is returned": {"generation": {"return_dict_in_generate": True}},
    "several are returned": {"generation": {"num_return_sequences": 2, "do_sample": True}},
    "stop strings": {"generation": {"stop_strings": ["e"]}},
    "a length of its own": {"generation": {"max_length": 20, "min_new_tokens": 5}},
    "sliding window": {"sliding": True},
}


def made(kind: str, folder: Path) -> Path:
    """The directory of a model of this kind."""
    options = dict(KINDS[kind])
    generation, sliding = options.pop("generation", None), options.pop("sliding", False)
    model = _mistral() if sliding else _llama()
    model.save_pretrained(folder)
    _tokenizer(folder, **options)
    if generation is not None:
        (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": END_ID} | generation))
    return folder


def _sizes() -> dict[str, Any]:
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    ends = {"eos_token_id": END_ID, "bos_token_id": None, "pad_token_id": None}
    return {"vocab_size": 265, "num_key_value_heads": 2, "max_position_embeddings": 2048, **small, **ends}


def _llama() -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(3)
    return _sharpened(LlamaForCausalLM(LlamaConfig(**_sizes())))


def _mistral() -> Any:
    import torch
    from transformers import MistralConfig, MistralForCausalLM

    torch.manual_seed(3)
    return _sharpened(MistralForCausalLM(MistralConfig(**_sizes(), sliding_window=16)))


def _sharpened(model: Any) -> Any:
    """With weights large enough that answers differ from prompt to prompt."""
    import torch

    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(6)
    return model


def _tokenizer(
    folder: Path, bos: bool = False, pad: bool = True, end: bool = True, adds_end: bool = False,
    template: str | None = CHATML,
) -> None:  # fmt: skip
    from holdfast.benchmarks.tiny import model_path

    rules = json.loads((model_path() / "tokenizer.json").read_text())
    settings: dict[str, Any] = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
    settings |= {"eos_token": "<|im_end|>"} if end else {}
    settings |= {"pad_token": "<|endoftext|>"} if pad else {}
    settings |= {"chat_template": template} if template else {}
    if bos:
        settings["bos_token"] = BOS
        word = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        rules["added_tokens"].append({"id": BOS_ID, "content": BOS, **word})
        special = {BOS: BOS_ID, "<|im_end|>": END_ID}
        framed = [BOS, None, *(["<|im_end|>"] if adds_end else [])]
        rules["post_processor"] |= {
            "single": [_piece(name) for name in framed],
            "special_tokens": {
                name: {"id": name, "ids": [number], "tokens": [name]} for name, number in special.items()
            },
        }
    (folder / "tokenizer.json").write_text(json.dumps(rules))
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    shutil.rmtree(folder / "chat_template.jinja", ignore_errors=True)


def _piece(name: str | None) -> dict[str, Any]:
    return {"Sequence": {"id": "A", "type_id": 0}} if name is None else {"SpecialToken": {"id": name, "type_id": 0}}
