"""Weights between two checkpoints: streamed, sharded, by groups of layers, trimmed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import DataError, UsageError
from holdfast.trainers.repair import safetensors_io
from holdfast.trainers.repair.blend import blend
from holdfast.trainers.repair.merge_spec import Recipe, depth_of, kind_of


def moved(base: Path, out: Path, **how: Any) -> dict[str, Any]:
    """A second model, every weight moved by noise, written as transformers writes it."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator))
    model.save_pretrained(out, **how)
    return weights(out)


def weights(directory: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return {name: t for file in directory.glob("*.safetensors") for name, t in load_file(file).items()}


def test_shards_keep_their_layout_and_load(untrained: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    base, tuned = weights(untrained), moved(untrained, tmp_path / "tuned", max_shard_size="40KB")
    assert len(list((tmp_path / "tuned").glob("*.safetensors"))) > 2
    (tmp_path / "tuned" / "stray.safetensors").write_bytes(b"of something else")
    blend(untrained, tmp_path / "tuned", Recipe.line(0.5), tmp_path / "half")
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "half").state_dict()
    for name, tensor in base.items():
        torch.testing.assert_close(loaded[name], (tensor + tuned[name]) / 2)
    index = "model.safetensors.index.json"
    assert json.loads((tmp_path / "half" / index).read_text()) == json.loads((tmp_path / "tuned" / index).read_text())


def test_a_shard_that_is_missing_is_named(untrained: Path, tmp_path: Path) -> None:
    moved(untrained, tmp_path / "tuned", max_shard_size="40KB")
    sorted((tmp_path / "tuned").glob("*.safetensors"))[0].unlink()
    with pytest.raises(DataError, match="model-00001-of-"):
        blend(untrained, tmp_path / "tuned", Recipe.line(0.5), tmp_path / "half")


def test_pieces_are_seamless(untrained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    moved(untrained, tmp_path / "tuned")
    blend(untrained, tmp_path / "tuned", Recipe.line(0.3), tmp_path / "whole")
    monkeypatch.setattr(safetensors_io, "PIECE", 1000)
    blend(untrained, tmp_path / "tuned", Recipe.line(0.3), tmp_path / "pieces")
    whole, pieces = weights(tmp_path / "whole"), weights(tmp_path / "pieces")
    assert all(torch.equal(tensor, pieces[name]) for name, tensor in whole.items())


@pytest.mark.parametrize(
    ("name", "kind", "depth"),
    [
        ("model.embed_tokens.weight", "embedding", "early"),
        ("model.layers.0.self_attn.q_proj.weight", "attention", "early"),
        ("model.layers.5.mlp.gate_proj.weight", "mlp", "middle"),
        ("model.layers.8.mlp.experts.3.down_proj.weight", "mlp", "late"),
        ("model.layers.11.input_layernorm.weight", "other", "late"),
        ("model.norm.weight", "other", "late"),
        ("lm_head.weight", "embedding", "late"),
        ("transformer.h.2.attn.c_attn.weight", "attention", "early"),
        ("base_model.model.model.layers.6.self_attn.v_proj.lora_B.weight", "attention", "middle"),
    ],
)
def test_tensors_belong_to_groups(name: str, kind: str, depth: str) -> None:
    assert kind_of(name) == kind
    assert depth_of(name, 12) == depth


def test_groups_have_weights_of_their_own(untrained: Path, tmp_path: Path) -> None:
    import torch

    base, tuned = weights(untrained), moved(untrained, tmp_path / "tuned")
    recipe = Recipe.line(0.5).split("kind").changed("mlp", 1.0).changed("attention", 0.0)
    blend(untrained, tmp_path / "tuned", recipe, tmp_path / "out")
    for name, tensor in weights(tmp_path / "out").items():
        share = {"mlp": 1.0, "attention": 0.0}.get(kind_of(name), 0.5)
        torch.testing.assert_close(tensor, base[name].lerp(tuned[name], share))
    assert recipe.name == "embedding=0.5,attention=0,mlp=1,other=0.5"


def test_trimming_keeps_the_largest_changes(untrained: Path, tmp_path: Path) -> None:
    import torch

    base, tuned = weights(untrained), moved(untrained, tmp_path / "tuned")
    blend(untrained, tmp_path / "tuned", Recipe.line(0.5, density=0.2), tmp_path / "out")
    for name, tensor in weights(tmp_path / "out").items():
        change = (tuned[name].double() - base[name].double()).abs()
        least = change.flatten().sort(descending=True).values[max(1, int(0.2 * change.numel())) - 1]
        kept = change.float() >= least.float()
        torch.testing.assert_close(tensor, torch.where(kept, base[name].lerp(tuned[name], 0.5), base[name]))


def test_an_adapter_keeps_its_other_modules_between_base_and_tuned(untrained: Path, tmp_path: Path) -> None:
    """An embedding trained in full beside the adapter is blended like any weight."""
    import torch
    from peft import LoraConfig, get_peft_model
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained(untrained)
    start = plain.get_input_embeddings().weight.detach().clone()
    model = get_peft_model(plain, LoraConfig(r=4, target_modules=["q_proj"], modules_to_save=["embed_tokens"]))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.add_(0.5 if "embed" in name else 0.1)
    model.save_pretrained(tmp_path / "tuned")
    blend(untrained, tmp_path / "tuned", Recipe.line(0.25), tmp_path / "out")
    tuned, out = (load_file(tmp_path / d / "adapter_model.safetensors") for d in ("tuned", "out"))
    for name, tensor in out.items():
        if "lora_B" in name:
            torch.testing.assert_close(tensor, 0.25 * tuned[name])
        elif "lora_A" in name:
            assert torch.equal(tensor, tuned[name])
        else:
            torch.testing.assert_close(tensor, start + 0.125)
    with pytest.raises(UsageError, match="full weights"):
        blend(untrained, tmp_path / "tuned", Recipe.line(0.25, density=0.2), tmp_path / "trimmed")


MADE = 64 * 2**20
"""Elements of the made checkpoint: 256 MB in float32, in four tensors of 64 MB."""

SCRIPT = """
import resource, sys
from pathlib import Path
import torch
from safetensors.torch import load_file
torch.set_num_threads(1)
from holdfast.trainers.repair.merge_spec import Recipe
from holdfast.trainers.repair.blend import blend
base, tuned, out = map(Path, sys.argv[2:])
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 160 * 2**20,) * 2)
load_file(base / "model.safetensors") if sys.argv[1] == "load" else blend(base, tuned, Recipe.line(0.5), out)
print("done")
"""


@pytest.mark.slow
def test_a_checkpoint_larger_than_the_memory_is_streamed(tmp_path: Path) -> None:
    """A process that may take 160 MB more of address space blends two checkpoints of 256 MB, and cannot load one."""
    import torch
    from safetensors.torch import load_file, save_file

    for name, value in (("base", 1.0), ("tuned", 3.0)):
        (tmp_path / name).mkdir()
        save_file(
            {f"w{i}": torch.full((MADE // 4,), value + i) for i in range(4)}, tmp_path / name / "model.safetensors"
        )
    paths = [str(tmp_path / name) for name in ("base", "tuned", "out")]

    def run(what: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", SCRIPT, what, *paths], capture_output=True, text=True)

    assert "done" not in run("load").stdout, "the limit would not bite"
    streamed = run("blend")
    assert streamed.stdout == "done\n", streamed.stderr[-2000:]
    for i, tensor in enumerate(load_file(tmp_path / "out" / "model.safetensors").values()):
        assert tensor.shape == (MADE // 4,)
        assert float(tensor.min()) == float(tensor.max()) == 2.0 + i
