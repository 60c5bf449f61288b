"""The line of weights between two checkpoints, written tensor by tensor: no more than one is in memory.

    θ(w) = θ_base + w · (θ_tuned − θ_base)            w = 0 the base model, w = 1 the tuned one

WiSE-FT (arXiv 2109.01903) for models, the adapter's scale for LoRA.
"""

import json
import shutil
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.rows import write_json

ADAPTER = "adapter_config.json"


def blend(base: Path, tuned: Path, weight: float, out: Path) -> None:
    """Write the checkpoint at `weight` into `out`, in the tuned one's layout and types.

    Raises DataError when the two do not have the same tensors.
    """
    shutil.copytree(tuned, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors", "*.bin", "*.pt"))
    if (tuned / ADAPTER).is_file():
        _scale_adapter(tuned, weight, out)
        return
    held = _Tensors(base)
    for file in shards(tuned):
        _blend_file(held, file, weight, out / file.name)


def shards(directory: Path) -> list[Path]:
    """The safetensors files of a checkpoint. Raises DataError when it has none."""
    files = sorted(directory.glob("*.safetensors"))
    if not files:
        raise DataError(f"{directory} holds no safetensors weights")
    return files


class _Tensors:
    """The tensors of a checkpoint by name, read from disk when they are asked for."""

    def __init__(self, directory: Path) -> None:
        from safetensors import safe_open

        opener: Any = safe_open
        self.directory = directory
        self._files = [opener(str(file), framework="pt") for file in shards(directory)]
        self._place = {name: file for file in self._files for name in file.keys()}  # noqa: SIM118 - not a dict

    def get(self, name: str, shape: Sequence[int]) -> Any:
        """One tensor. Raises DataError when it is missing or has another shape."""
        if name not in self._place:
            raise DataError(f"{self.directory} has no tensor {name!r}: the checkpoints are of different models")
        tensor = self._place[name].get_tensor(name)
        if list(tensor.shape) != list(shape):
            raise DataError(f"{name} is {list(tensor.shape)} in {self.directory}, not {list(shape)}: different models")
        return tensor


def _blend_file(base: _Tensors, tuned: Path, weight: float, out: Path) -> None:
    """One shard: the tuned file's header, then each blended tensor's bytes."""
    from safetensors import safe_open

    opener: Any = safe_open
    fresh = out.with_suffix(".new")
    with opener(str(tuned), framework="pt") as held, fresh.open("wb") as stream:
        raw, names = _header(tuned)
        stream.write(raw)
        for name in names:
            tensor = held.get_tensor(name)
            stream.write(_bytes(_mixed(base.get(name, tensor.shape), tensor, weight)))
    fresh.replace(out)


def _mixed(base: Any, tuned: Any, weight: float) -> Any:
    if not tuned.is_floating_point():
        return tuned
    return (base.double() + weight * (tuned.double() - base.double())).to(tuned.dtype)


def _bytes(tensor: Any) -> memoryview:
    import torch

    return memoryview(tensor.contiguous().reshape(-1).view(torch.uint8).numpy())


def _header(file: Path) -> tuple[bytes, Iterator[str]]:
    """A safetensors header as it stands, and its tensors' names in the order of their bytes."""
    with file.open("rb") as stream:
        length = stream.read(8)
        raw = stream.read(struct.unpack("<Q", length)[0])
    tensors = {name: about for name, about in json.loads(raw).items() if name != "__metadata__"}
    return length + raw, iter(sorted(tensors, key=lambda name: tensors[name]["data_offsets"][0]))


def _scale_adapter(tuned: Path, weight: float, out: Path) -> None:
    """LoRA adds alpha/r · BA: scaling alpha scales what the training added."""
    for file in shards(tuned):
        shutil.copy2(file, out / file.name)
    config = json.loads((tuned / ADAPTER).read_text("utf-8"))
    config["lora_alpha"] = config["lora_alpha"] * weight
    config["alpha_pattern"] = {key: value * weight for key, value in (config.get("alpha_pattern") or {}).items()}
    write_json(out / ADAPTER, config)
