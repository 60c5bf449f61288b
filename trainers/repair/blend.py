"""Checkpoints between two others, written piece by piece: no more than a piece of a tensor is in memory.

    θ = θ_base + w · (θ_tuned − θ_base)            w = 0 the base model, w = 1 the tuned one

WiSE-FT (arXiv 2109.01903) for models, the adapter's scale for LoRA; see
holdfast.trainers.repair.merge_spec for weights per group of layers and for trimming, for which one tensor's changes
are held in float32.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from holdfast.errors import DataError, UsageError
from holdfast.files import write_json
from holdfast.trainers.repair.merge_spec import Recipe, layer_count, weight_of
from holdfast.trainers.repair.safetensors_io import StoredTensor, find, places, shards

ADAPTER = "adapter_config.json"
_PEFT = "base_model.model."


def blend(base: Path, tuned: Path, recipe: Recipe, out: Path) -> None:
    """Write the checkpoint of a recipe into `out`, in the tuned one's layout and types. An adapter stays one.

    Raises DataError when the two do not have the same tensors, UsageError for what an adapter cannot express.
    """
    ignored = shutil.ignore_patterns("*.safetensors", "*.bin", "*.pt")
    shutil.copytree(tuned, out, dirs_exist_ok=True, ignore=ignored)
    adapter = (tuned / ADAPTER).is_file()
    if adapter:
        _check_adapter(tuned, base, recipe, out)
    base_tensors = find(base)
    layers = layer_count(list(base_tensors))
    for file in shards(tuned):
        _blend_file(file, out / file.name, _blender(base_tensors, base, recipe, layers, adapter))


Blender = Callable[[StoredTensor], Callable[[int, int, Any], Any]]
"""Makes a piece (first, count, tuned) of a tensor."""


def _blender(base_tensors: dict[str, StoredTensor], base: Path, recipe: Recipe, layers: int, adapter: bool) -> Blender:
    def of(tensor: StoredTensor) -> Callable[[int, int, Any], Any]:
        weight = weight_of(recipe, tensor.name, layers)
        if not tensor.floating:
            return lambda first, count, tuned: tuned
        if adapter and "lora_" in tensor.name:
            # LoRA adds BA: scaling B alone scales what the training added.
            return lambda first, count, tuned: tuned if "_A" in tensor.name else _scaled(tuned, weight)
        start = _same_tensor(base_tensors, tensor, base)
        least = _threshold(start, tensor, recipe.density)
        return lambda first, count, tuned: _mixed(start.read(first, count), tuned, weight, least)

    return of


def _blend_file(tuned: Path, out: Path, blender: Blender) -> None:
    """One shard: the tuned file's header, then each tensor's bytes."""
    fresh = out.with_suffix(".new")
    raw, tuned_tensors = places(tuned)
    with fresh.open("wb") as stream:
        stream.write(raw)
        for tensor in tuned_tensors:
            make = blender(tensor)
            for first, count in tensor.pieces():
                stream.write(_bytes(make(first, count, tensor.read(first, count)).to(tensor.dtype)))
    fresh.replace(out)


def _same_tensor(base_tensors: dict[str, StoredTensor], tensor: StoredTensor, base: Path) -> StoredTensor:
    """The base model's tensor. A head that the base model ties to its embedding is found there."""
    name = tensor.name.removeprefix(_PEFT)
    if name not in base_tensors and name.endswith("lm_head.weight"):
        name = next((tied for tied in base_tensors if tied.endswith("embed_tokens.weight")), name)
    if name not in base_tensors:
        raise DataError(f"{base} has no tensor {name!r}: the checkpoints are of different models")
    if base_tensors[name].shape != tensor.shape:
        shapes = f"{list(tensor.shape)} in {tensor.file.parent}, {list(base_tensors[name].shape)} in {base}"
        raise DataError(f"{name} is {shapes}: different models")
    return base_tensors[name]


def _mixed(base: Any, tuned: Any, weight: float, least: float) -> Any:
    change = tuned.double() - base.double()
    if least:
        change[change.abs().float() < least] = 0
    return base.double() + weight * change


def _scaled(tuned: Any, weight: float) -> Any:
    return weight * tuned.double()


def _threshold(base: StoredTensor, tuned: StoredTensor, density: float) -> float:
    """The smallest change that is among the largest `density` of a tensor's; 0 when all are kept."""
    import torch

    if density >= 1 or not tuned.count:
        return 0.0
    sizes = torch.empty(tuned.count)
    for first, count in tuned.pieces():
        change = tuned.read(first, count).double() - base.read(first, count).double()
        sizes[first : first + count] = change.abs().float()
    kept = max(1, int(density * tuned.count))
    return float(sizes.kthvalue(tuned.count - kept + 1).values)


def _bytes(tensor: Any) -> memoryview:
    import torch

    return memoryview(tensor.contiguous().reshape(-1).view(torch.uint8).numpy())


def _check_adapter(tuned: Path, base: Path, recipe: Recipe, out: Path) -> None:
    """Refuse what B's scale cannot say, and let the written adapter stand on `base`."""
    config = json.loads((tuned / ADAPTER).read_text("utf-8"))
    if recipe.density < 1:
        raise UsageError("trimming (density=) needs full weights, and this run trained an adapter: leave it out")
    if config.get("use_dora"):
        raise UsageError("an adapter with DoRA cannot be scaled; merge it into its base model first")
    named = Path(str(config.get("base_model_name_or_path")))
    if named.is_absolute() and not named.is_dir():
        write_json(out / ADAPTER, config | {"base_model_name_or_path": str(base)})
