"""LoRA's kin: every setting reaches peft, or is refused before anything is measured."""

from pathlib import Path

import pytest

from holdfast.errors import UsageError
from holdfast.trainers.models.adapters import check_modules, lora
from holdfast.trainers.settings.compose import compose
from holdfast.trainers.settings.config import LoraConfig


@pytest.mark.parametrize("words", ["lora.targets=[q_proj,v_proj]", "lora.targets='q_proj, v_proj'"])
def test_every_setting_reaches_peft(words: str) -> None:
    config = compose(["lora=8", words, "lora.dora=true", "lora.rslora=true", "lora.modules_to_save=[lm_head]"])
    made = lora(config.lora)
    assert (made.r, made.lora_alpha, made.use_dora, made.use_rslora) == (8, 16, True, True)
    assert set(made.target_modules) == {"q_proj", "v_proj"}
    assert made.modules_to_save == ["lm_head"]


def test_what_cannot_be_is_refused(untrained: Path) -> None:
    from transformers import AutoConfig

    for config, message in (
        (LoraConfig(dora=True), "lora.dora has no effect without LoRA"),
        (LoraConfig(r=4, targets=[]), "takes names"),
        (LoraConfig(r=4, targets=7), "takes names"),
    ):
        with pytest.raises(UsageError, match=message):
            lora(config)
    shape = AutoConfig.from_pretrained(untrained)
    check_modules(LoraConfig(r=4, targets="q_proj,model.layers.0.mlp.up_proj", modules_to_save=["lm_head"]), shape)
    with pytest.raises(UsageError, match="did you mean 'q_proj'"):
        check_modules(LoraConfig(r=4, targets=["q_porj"]), shape)


@pytest.mark.parametrize("kind", ["lora.dora=true", "lora.rslora=true", "lora.modules_to_save=[lm_head]"])
def test_after_is_what_was_saved(untrained: Path, tmp_path: Path, kind: str) -> None:
    from helpers.trl_scripts import SUITE, answers, evaluated

    from holdfast.trainers.job.before_after import before_after

    args = ["trainer.args.max_steps=3", "trainer.args.learning_rate=1e-2", "trainer.args.per_device_train_batch_size=4"]
    out = tmp_path / "run"
    suite = f"suite=[{','.join(SUITE)}]"
    before_after(
        compose([f"model={untrained}", suite, "limit=8", "data.limit=12", f"out={out}", "lora=4", kind, *args])
    )
    assert answers(out / "before") == evaluated(untrained, tmp_path / "alone")
    assert answers(out / "after") == evaluated(out / "checkpoint", tmp_path / "saved-alone")
    assert "Trained with `sft`" in (out / "checkpoint" / "README.md").read_text()


@pytest.mark.parametrize("modules", [["lm_head"], ["embed_tokens"], ["lm_head", "embed_tokens"]])
def test_an_adapter_of_one_of_two_tied_matrices_is_measured_and_exported_as_it_is(
    tmp_path: Path, modules: list[str]
) -> None:
    """lm-eval tied the weights again, which failed after the training."""
    import torch
    from helpers.trl_scripts import answers, evaluated
    from peft import LoraConfig as Peft
    from peft import get_peft_model
    from transformers import AutoModelForCausalLM

    from holdfast.benchmarks.engine.backends.models import load
    from holdfast.benchmarks.tiny import model_path
    from holdfast.trainers.models.merge import merge_adapter
    from holdfast.trainers.settings.config import ModelConfig

    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(model_path("tiny"), dtype="float32")
    assert base.config.tie_word_embeddings
    model = get_peft_model(base, Peft(r=4, target_modules=["q_proj"], modules_to_save=modules, task_type="CAUSAL_LM"))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name or ".modules_to_save." in name:
                parameter.add_(torch.randn_like(parameter) * 0.3)
    model.save_pretrained(tmp_path / "adapter")
    tokens = torch.arange(1, 20)[None]
    wanted = model.eval()(tokens).logits
    evaluated(tmp_path / "adapter", tmp_path / "measured")
    again = load(str(tmp_path / "adapter"), dtype="float32").model(tokens).logits
    merged = merge_adapter(ModelConfig(path=str(tmp_path / "adapter"), dtype="float32"), tmp_path / "merged")
    exported = load(str(merged), dtype="float32").model(tokens).logits
    assert torch.allclose(again, wanted, atol=1e-4) and torch.allclose(exported, wanted, atol=1e-3)
    evaluated(merged, tmp_path / "measured-merged")
    assert answers(tmp_path / "measured") == answers(tmp_path / "measured-merged")
