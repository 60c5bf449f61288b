"""Forms that scripts of TRL's documentation have: with the callbacks the losses are the same, before is `eval` of the
base and after `eval` of what was saved."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
PAIRS = [{"prompt": f"Say {n}. ", "completion": str(n)} for n in range(32)]
EVALUATED = {"eval_strategy": "steps", "eval_steps": 1}


def settings(**form: Any) -> dict[str, Any]:
    return form


def sgd(model: Any) -> Any:
    import torch

    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    return optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer)


FORMS: dict[str, dict[str, Any]] = {
    "packing": settings(packing=True, max_length=48),
    "packing, wrapped": settings(packing=True, packing_strategy="wrapped", max_length=48),
    "gradient checkpointing": settings(gradient_checkpointing=True),
    "noise on embeddings": settings(neftune_noise_alpha=5.0),
    "mixed precision, accumulated": settings(bf16=True, gradient_accumulation_steps=2),
    "loss on all tokens": settings(completion_only_loss=False),
    "epochs": settings(max_steps=-1, num_train_epochs=1),
    "evaluation": settings(**EVALUATED),
    "the best checkpoint, early": settings(
        **EVALUATED, save_strategy="steps", save_steps=1, load_best_model_at_end=True, metric_for_best_model="loss"
    ),
    "a stream": {},
    "an optimizer of one's own": {},
    "padding on the left": {},
    "another generation config": {},
}


def trained(form: str, model_path: Path, out: Path, callbacks: list[Any]) -> Any:
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, EarlyStoppingCallback, set_seed
    from trl import SFTConfig, SFTTrainer

    set_seed(3)
    usual = {"max_steps": 4, "logging_steps": 1, "per_device_train_batch_size": 4, "learning_rate": 1e-2}
    quiet = {"use_cpu": True, "bf16": False, "report_to": "none", "save_strategy": "no", "seed": 3}
    model = AutoModelForCausalLM.from_pretrained(model_path, dtype="float32")
    tokenizer = AutoTokenizer.from_pretrained(model_path)
    rows = Dataset.from_list(PAIRS)
    if form == "padding on the left":
        tokenizer.padding_side = tokenizer.truncation_side = "left"
    if form == "another generation config":
        model.generation_config.update(do_sample=True, temperature=0.7, max_new_tokens=3)
        model.config.use_cache = False
    more: dict[str, Any] = {"optimizers": sgd(model)} if "optimizer" in form else {}
    early = [EarlyStoppingCallback(1)] if "best" in form else []
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(str(out), **(usual | quiet | FORMS[form])),
        train_dataset=rows.to_iterable_dataset() if form == "a stream" else rows,
        eval_dataset=Dataset.from_list(PAIRS[:8]) if "eval_strategy" in FORMS[form] else None,
        processing_class=tokenizer,
        callbacks=[*early, *callbacks],
        **more,
    )
    trainer.train()
    return trainer


def course(trainer: Any) -> list[Any]:
    return [(entry.get("loss"), entry.get("eval_loss")) for entry in trainer.state.log_history]


def left(trainer: Any) -> tuple[Any, ...]:
    """The state that a script finds after its training."""
    model, tokenizer = trainer.model, trainer.processing_class
    modes = tuple(module.training for module in model.modules())
    return modes, model.generation_config.to_dict(), model.config.to_dict(), tokenizer.padding_side


@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_script_trains_as_without_us(form: str, untrained: Path, tmp_path: Path) -> None:
    from helpers.trl_scripts import SUITE, answers, evaluated

    from holdfast.trainers.callback import BeforeAfter
    from holdfast.trainers.guard.guard import Guard

    make: Callable[..., Any] = lambda out, callbacks: trained(form, untrained, tmp_path / out, callbacks)  # noqa: E731
    plain = make("plain", [])
    callback = BeforeAfter(suite=SUITE, out=tmp_path / "run", limit=8)
    watching = Guard(SUITE, every=2, limit=4, pool=8, out=tmp_path / "guard")
    called = make("called", [callback, watching])
    assert course(called) == course(plain) and left(called) == left(plain)
    called.save_model(str(tmp_path / "saved"))
    if form != "another generation config":  # of which `eval` of the base knows nothing
        assert answers(tmp_path / "run" / "before") == evaluated(untrained, tmp_path / "base")
    assert answers(tmp_path / "run" / "after") == evaluated(tmp_path / "saved", tmp_path / "again")
