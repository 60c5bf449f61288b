"""A model to measure: loaded from a directory or the hub, or handed over in memory, with its fingerprint."""

import hashlib
import importlib.util
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from holdfast import values
from holdfast.benchmarks.engine.parallel.shards import unwrapped
from holdfast.errors import DataError, UsageError, suggestion, unknown
from holdfast.files import digest, is_model, model_folders
from holdfast.process.distributed import is_spread, local_rank


@dataclass
class LoadedModel:
    """A model in memory. `model`: a transformers (or PEFT) causal LM, also as DDP, DeepSpeed (ZeRO-1, ZeRO-2) or FSDP2
    hold it; `tokenizer`: its fast tokenizer. Of FSDP2 every process makes its own, at the same time."""

    model: Any
    tokenizer: Any
    name: str
    fingerprint: str = ""
    """Hash of the weights; computed when empty."""
    loading: Mapping[str, Any] = field(default_factory=dict)
    """How it was loaded, where that changes what it says (quantisation, attention)."""

    def __post_init__(self) -> None:
        """Take the model out of what a trainer wrapped it in; compute a fingerprint that was not given."""
        self.model = unwrapped(self.model)
        if not self.fingerprint:
            self.fingerprint = fingerprint(self.model)

    @cached_property
    def tokenizer_hash(self) -> str:
        """Hash of the tokenizer's vocabulary, rules and chat template."""
        return tokenizer_hash(self.tokenizer)

    @property
    def size(self) -> int:
        """Number of the model's parameters."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    @property
    def chat(self) -> bool:
        """Whether the tokenizer has a chat template."""
        return bool(getattr(self.tokenizer, "chat_template", None))

    def describe(self) -> dict[str, Any]:
        """What results.json records of the model."""
        return {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "tokenizer": self.tokenizer_hash,
            "chat_template": self.chat,
            "dtype": str(getattr(self.model, "dtype", "")).removeprefix("torch."),
            "parameters": self.size,
        }


def load_tokenizer(name: str, revision: str | None = None, trust_remote_code: bool = False) -> Any:
    """A tokenizer from a directory or hub id. Raises DataError when there is none."""
    import transformers

    with _loading(name):
        return transformers.AutoTokenizer.from_pretrained(
            name, revision=revision or "main", trust_remote_code=trust_remote_code
        )


LOADING_ARGUMENTS: Mapping[str, Any] = {
    "attn_implementation": str,
    "device_map": str | dict[str, Any],
    "max_memory": dict[str, Any],
    "subfolder": str,
    "variant": str,
}
"""Further arguments of loading (`backend_args.…`), passed to transformers as they are."""


def load(
    name: str,
    *,
    revision: str | None = None,
    dtype: str = "auto",
    device: str | None = None,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
    tokenizer: str | None = None,
    peft: str | None = None,
    quantization: str | None = None,
    **more: Any,
) -> LoadedModel:
    """Load a causal LM and its tokenizer from a directory, a hub id, or `tiny` (the embedded model). A directory with
    an adapter_config.json is a PEFT adapter: its base model is loaded beneath it; `peft` names an adapter to lay over
    the model. `quantization`: `4bit` or `8bit`. `more`: some of LOADING_ARGUMENTS. Safetensors only, unless
    `allow_pickle`: reading other weights runs code.

    Raises DataError naming what the directory lacks or what the hub said, UsageError for an argument without effect.
    """
    import transformers

    path = _path(name)
    adapter = path if (Path(path) / "adapter_config.json").is_file() else peft
    base, base_revision = (_base_of(path), None) if adapter == path else (path, revision)
    options = {"revision": base_revision or "main", "trust_remote_code": trust_remote_code, **_checked(more)}
    if quantization is not None:
        options["quantization_config"] = _quantized(quantization)
    with _loading(name):
        loaded_tokenizer = transformers.AutoTokenizer.from_pretrained(
            tokenizer or _tokenizer_path(path, base),
            revision=(revision if not adapter or tokenizer else None) or "main",
            trust_remote_code=trust_remote_code,
        )
        model = transformers.AutoModelForCausalLM.from_pretrained(
            base, dtype=dtype, use_safetensors=None if allow_pickle else True, **options
        )
        model = model if adapter is None else _adapted(model, str(adapter), loaded_tokenizer)
        if quantization is None and "device_map" not in more:
            model = model.to(_device_of(device))
    loading = {key: value for key, value in (("quantization", quantization), *more.items()) if value is not None}
    return LoadedModel(model.eval(), loaded_tokenizer, name, loading=loading)


def _checked(more: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in more.items():
        if key not in LOADING_ARGUMENTS:
            raise unknown("argument of loading a model", key, LOADING_ARGUMENTS)
        values.check(f"backend_args.{key}", value, LOADING_ARGUMENTS[key])
    return dict(more)


def _quantized(quantization: str) -> Any:
    if quantization not in ("4bit", "8bit"):
        raise unknown("quantization", quantization, ("4bit", "8bit"))
    if importlib.util.find_spec("bitsandbytes") is None:
        raise UsageError(f"quantization={quantization} needs bitsandbytes: pip install bitsandbytes")
    import transformers

    return transformers.BitsAndBytesConfig(load_in_4bit=quantization == "4bit", load_in_8bit=quantization == "8bit")


def _adapted(model: Any, adapter: str, tokenizer: Any) -> Any:
    """The model under a PEFT adapter. Tokens that the adapter's tokenizer added get rows of their own first, which the
    adapter then fills."""
    import peft

    if Path(adapter).is_dir() and len(tokenizer) > model.get_input_embeddings().weight.shape[0]:
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    return peft.PeftModel.from_pretrained(model, adapter, use_safetensors=True)


def _device_of(device: str | None) -> str:
    """The device asked for, or the best there is. Raises UsageError for a GPU that is not there."""
    import torch

    if device is not None and device.startswith("cuda") and not torch.cuda.is_available():
        raise UsageError(
            f"device={device}: torch sees no GPU here (torch.cuda.is_available() is false); device=cpu works"
        )
    return device or _device()


def _device() -> str:
    """This process's own GPU among those of a launch, or the CPU."""
    import torch

    if not torch.cuda.is_available():
        return "cpu"
    return f"cuda:{local_rank() % torch.cuda.device_count()}"


def _path(name: str) -> str:
    """The directory or hub id that `name` means."""
    from holdfast.benchmarks.tiny import EMBEDDED, model_path

    if name in EMBEDDED:
        return str(model_path(name))
    check_place(name)
    return name


def check_place(name: str) -> None:
    """Raise DataError, naming the nearest, for a directory that is not there or holds no model; a hub id passes."""
    path = Path(name)
    if path.is_dir():
        _check_directory(path)
    elif name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise DataError(f"no model directory {name}{_nearest(path)}")


def _nearest(path: Path) -> str:
    """The model beside `path` whose name is nearest, for an error's text; empty where none is near."""
    return suggestion(path.name, model_folders(path.parent)).partition(" (available")[0]


def _check_directory(path: Path) -> None:
    if not is_model(path):
        checkpoints = sorted(p.name for p in path.glob("checkpoint*") if p.is_dir())
        hint = f"; did you mean {path / checkpoints[-1]}?" if checkpoints else ""
        raise DataError(f"{path} is not a model directory: it has no config.json{hint}")
    if not (path / "adapter_config.json").is_file() and not has_tokenizer(path):
        raise DataError(
            f"{path} has no tokenizer (tokenizer.json or tokenizer_config.json): save it there with "
            "tokenizer.save_pretrained, or name one with tokenizer=…"
        )


def has_tokenizer(path: Path) -> bool:
    """Whether a model directory holds a tokenizer's files."""
    names = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
    return any((path / name).is_file() for name in names)


def _tokenizer_path(path: str, base: str) -> str:
    return path if not Path(path).is_dir() or has_tokenizer(Path(path)) else base


def _base_of(path: str) -> str:
    config = json.loads((Path(path) / "adapter_config.json").read_text(encoding="utf-8"))
    base = config.get("base_model_name_or_path")
    if not base:
        raise DataError(f"{path}/adapter_config.json does not name its base model")
    return _path(str(base))


@contextmanager
def _loading(name: str) -> Iterator[None]:
    """Turn transformers' many ways of saying 'cannot load' into one line; no bars of its own."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    except ImportError as error:
        raise UsageError(f"cannot load model {name!r}: {error}; see `holdfast doctor`") from error
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        first = str(error).strip().partition("\n")[0]
        raise DataError(
            f"cannot load model {name!r}: {first:.300}; expected a model directory, a hub id, or 'tiny'"
            + _nearest(Path(name))
        ) from error
    finally:
        if shown:
            logging.enable_progress_bar()


def fingerprint(model: Any) -> str:
    """16 hex digits of BLAKE2 over names, types, shapes and bytes of all weights, and the configuration.

    Tensors are hashed in parallel: hashing releases the interpreter lock.
    """
    tensors = sorted(model.state_dict().items())
    if any(is_spread(tensor) for _, tensor in tensors):
        return digest([[_tensor_digest(name, _gathered(tensor)) for name, tensor in tensors], _shape(model)])
    with ThreadPoolExecutor(max_workers=4) as pool:
        parts = list(pool.map(lambda named: _tensor_digest(*named), tensors))
    return digest([parts, _shape(model)])


def _gathered(tensor: Any) -> Any:
    """A tensor gathered from all processes, one after the other: a collective must come in the same order on each."""
    return tensor.full_tensor() if is_spread(tensor) else tensor


def _shape(model: Any) -> dict[str, Any]:
    config = getattr(model, "config", None)
    return _config_of(config.to_dict()) if config is not None and hasattr(config, "to_dict") else {}


_CONFIG_NOISE = frozenset(
    {"_name_or_path", "transformers_version", "use_cache", "dtype", "torch_dtype", "pad_token_id", "architectures"}
)


def _config_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a configuration that changes what the model says."""
    return {key: value for key, value in config.items() if key not in _CONFIG_NOISE}


def _tensor_digest(name: str, tensor: Any) -> str:
    import torch

    data = tensor.detach().contiguous().cpu().reshape(-1).view(torch.uint8)
    header = f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode()
    state = hashlib.blake2b(header, digest_size=16)
    state.update(memoryview(data.numpy()))
    return state.hexdigest()


def tokenizer_hash(tokenizer: Any) -> str:
    """Hash of vocabulary, rules, special tokens and chat template; padding and truncation state left out."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        rules = json.loads(backend.to_str())
        rules.pop("padding", None)
        rules.pop("truncation", None)
    else:
        rules = sorted(tokenizer.get_vocab().items())
    special = {name: str(token) for name, token in sorted(tokenizer.special_tokens_map.items())}
    sides = [getattr(tokenizer, name, None) for name in ("truncation_side", "add_bos_token", "add_eos_token")]
    return digest([rules, getattr(tokenizer, "chat_template", None), special, sides])
