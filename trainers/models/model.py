"""The model of a run: loaded for measuring or for training, checked against its tokenizer."""

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from holdfast.benchmarks.engine.backends.models import LoadedModel, has_tokenizer, load
from holdfast.errors import DataError, UsageError
from holdfast.process.distributed import local_rank
from holdfast.trainers.settings.config import ModelConfig, TrainConfig


def load_base(config: ModelConfig, *, training: bool = False, lora: bool = False) -> LoadedModel:
    """The starting model. For training it is float32 unless LoRA freezes it: bfloat16 weights lose small updates.

    Raises DataError or UsageError in one line for whatever cannot be loaded.
    """
    if training and config.load_in_4bit:
        return _in_4bit(config)
    continued = is_adapter(config.path)
    dtype = measuring_dtype(config.dtype) if not training or lora or continued else "float32"
    loaded = load(
        config.path,
        device="cpu" if training else None,  # the trainer puts it where its process computes
        revision=config.revision,
        dtype=dtype,
        trust_remote_code=config.trust_remote_code,
        allow_pickle=config.allow_pickle,
    )
    if training and continued:
        train_adapter(loaded.model)
    prepare_tokenizer(loaded.tokenizer, config)
    check_pair(loaded)
    return loaded


def is_adapter(path: str) -> bool:
    """Whether a model's path is the directory of a PEFT adapter."""
    return (Path(path) / "adapter_config.json").is_file()


def train_adapter(model: Any) -> None:
    """Let the adapter of a loaded PeftModel learn on; peft loads it frozen."""
    for config in model.peft_config.values():
        config.inference_mode = False
    model.set_adapter(model.active_adapter)
    for name, parameter in model.named_parameters():
        if "lora_" in name or ".modules_to_save." in name:
            parameter.requires_grad_(True)


def read_model_config(config: ModelConfig) -> tuple[Any, Any]:
    """The model's configuration and its tokenizer, without weights; of an adapter, those of its base unless it has a
    tokenizer of its own. Raises what transformers raises."""
    import transformers

    path = model_place(config.path)
    base = path
    if is_adapter(path):
        base = str(json.loads((Path(path) / "adapter_config.json").read_text("utf-8"))["base_model_name_or_path"])
    options = {"revision": config.revision or "main", "trust_remote_code": config.trust_remote_code}
    words = path if path == base or has_tokenizer(Path(path)) else base
    return (
        transformers.AutoConfig.from_pretrained(base, **options),
        transformers.AutoTokenizer.from_pretrained(words, **options),
    )


def check_quantized(config: ModelConfig, lora: bool) -> None:
    """Raise UsageError when QLoRA is asked for and cannot be had here, saying what is missing."""
    if not config.load_in_4bit:
        return
    import importlib.util

    import torch

    if not lora:
        raise UsageError("model.load_in_4bit freezes the weights in 4 bits: train an adapter with lora=true")
    if importlib.util.find_spec("bitsandbytes") is None:
        raise UsageError("model.load_in_4bit needs bitsandbytes: pip install bitsandbytes")
    if not torch.cuda.is_available():
        raise UsageError("model.load_in_4bit needs a CUDA GPU, and torch sees none; lora=true alone runs on a CPU")


def _in_4bit(config: ModelConfig) -> LoadedModel:
    """QLoRA's frozen weights (arXiv 2305.14314): NF4, the scales quantised too, computing in bfloat16."""
    import torch
    import transformers

    path = model_place(config.path)
    options = {"revision": config.revision or "main", "trust_remote_code": config.trust_remote_code}
    model = transformers.AutoModelForCausalLM.from_pretrained(
        path,
        quantization_config=transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        ),
        device_map={"": local_rank()},
        use_safetensors=None if config.allow_pickle else True,
        **options,
    )
    words = transformers.AutoTokenizer.from_pretrained(path, **options)
    loaded = LoadedModel(model, words, config.path, fingerprint="in 4 bits, for training only")
    prepare_tokenizer(words, config)
    check_pair(loaded)
    return loaded


def load_trained(config: ModelConfig, checkpoint: Path) -> LoadedModel:
    """What the training wrote, with the starting model beneath it when it is an adapter."""
    loaded = load(str(checkpoint), dtype=measuring_dtype(config.dtype), trust_remote_code=config.trust_remote_code)
    prepare_tokenizer(loaded.tokenizer, config)
    return loaded


def model_place(path: str) -> str:
    """The directory or hub id that a model's name means."""
    from holdfast.benchmarks.tiny import EMBEDDED, model_path

    return str(model_path(path)) if path in EMBEDDED else path


def measuring_dtype(dtype: str) -> str:
    """`auto` is bfloat16 on a GPU that has it, else float32; both measurements use the same."""
    import torch

    if dtype != "auto":
        if not isinstance(getattr(torch, dtype, None), torch.dtype):
            raise UsageError(f"model.dtype {dtype!r} is not a torch dtype (auto, float32, bfloat16, float16)")
        return dtype
    return "bfloat16" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "float32"


def prepare_tokenizer(tokenizer: Any, config: ModelConfig) -> None:
    """Give the tokenizer the configured chat template and end token and, where it has none, a padding token."""
    if config.chat_template:
        file = Path(config.chat_template)
        if not file.is_file():
            raise UsageError(f"no chat template file {file}")
        tokenizer.chat_template = file.read_text("utf-8")
    if config.eos_token is not None:
        if config.eos_token not in tokenizer.get_vocab():
            raise UsageError(f"model.eos_token {config.eos_token!r} is no token of {config.path}'s tokenizer")
        tokenizer.eos_token = config.eos_token
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token


def check_pair(loaded: LoadedModel) -> None:
    """Raise DataError when the tokenizer writes tokens that the model has no embedding for."""
    embeddings = loaded.model.get_input_embeddings()  # whose weight may be spread over processes
    rows = getattr(embeddings, "num_embeddings", None) or embeddings.weight.shape[0]
    if len(loaded.tokenizer) > rows:
        raise DataError(
            f"the tokenizer has {len(loaded.tokenizer)} tokens, the model {rows} embeddings:"
            " they do not belong together"
        )


def check_template(tokenizer: Any, config: TrainConfig) -> None:
    """Raise UsageError when chat messages are to be trained without a chat template."""
    if config.data.conversational and not tokenizer.chat_template:
        raise UsageError(
            f"the tokenizer of {config.model.path} has no chat template: give one with model.chat_template=<file>,"
            " or train on plain text with data.conversational=false"
        )


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Let torch use so many CPU threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def free() -> None:
    """Give the memory of models that nobody holds any more back, on the GPU too."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
