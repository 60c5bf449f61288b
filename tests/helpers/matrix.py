"""One training as a user's plain TRL script has it, with and without the callback: the cells of the matrix test.

    python -m helpers.matrix MODEL TEACHER ADAPTER OUT CELL …        a cell is trainer:kind:start

runs the cells in this process, or in those of `accelerate launch`, and writes each cell's losses into OUT.
"""

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

TRAINERS = ("sft", "dpo", "kto", "grpo", "rloo", "distill", "orpo")
KINDS = ("full", "lora", "adapter")
STARTS = ("fresh", "resumed")
SUITE = ["tiny_repeat", "tiny_upper"]
LIMIT, STEPS, KILLED = 3, 4, 3
CLASSES = {
    "sft": ("SFTConfig", "SFTTrainer"),
    "dpo": ("DPOConfig", "DPOTrainer"),
    "kto": ("KTOConfig", "KTOTrainer"),
    "grpo": ("GRPOConfig", "GRPOTrainer"),
    "rloo": ("RLOOConfig", "RLOOTrainer"),
    "distill": ("DistillationConfig", "DistillationTrainer"),
    "orpo": ("ORPOConfig", "ORPOTrainer"),
}
OWN: dict[str, dict[str, Any]] = {
    "sft": {"max_length": 64},
    "dpo": {"max_length": 64},
    "kto": {"max_length": 64},
    "grpo": {"num_generations": 2, "max_completion_length": 6, "beta": 0.02},
    "rloo": {"num_generations": 2, "max_completion_length": 6},
    "distill": {"max_completion_length": 6},
    "orpo": {"max_length": 64},
}


class KilledError(Exception):
    """Stands for a kill: nothing after it runs."""


def rows(trainer: str) -> Any:
    """Rows as the trainer's users have them."""
    from datasets import Dataset

    def one(number: int) -> dict[str, Any]:
        prompt = f"Say {number}. "
        if trainer in ("dpo", "orpo"):
            return {"prompt": prompt, "chosen": str(number), "rejected": f"No {number}."}
        if trainer == "kto":
            return {"prompt": prompt, "completion": str(number), "label": number % 2 == 0}
        return {"prompt": prompt, "completion": str(number)} if trainer == "sft" else {"prompt": prompt}

    return Dataset.from_list([one(number) for number in range(32)])


def lengths(completions: list[str], **_: Any) -> list[float]:
    """A user's own reward, which varies on the random bytes of an untrained model."""
    return [len(set(text)) / 10 for text in completions]


def start_model(kind: str, model: Path, adapter: Path) -> Any:
    """The model in the user's hands."""
    from peft import AutoPeftModelForCausalLM
    from transformers import AutoModelForCausalLM

    if kind == "adapter":
        return AutoPeftModelForCausalLM.from_pretrained(adapter, is_trainable=True, dtype="float32")
    return AutoModelForCausalLM.from_pretrained(model, dtype="float32")


def made(trainer: str, kind: str, places: "Places", out: Path, callbacks: list[Any]) -> Any:
    """TRL's trainer."""
    import trl
    import trl.experimental.orpo as orpo
    from peft import LoraConfig
    from transformers import AutoTokenizer, set_seed

    set_seed(3)
    config, name = (getattr(orpo if trainer == "orpo" else trl, one) for one in CLASSES[trainer])
    common = {
        "max_steps": STEPS,
        "save_steps": 2,
        "logging_steps": 1,
        "per_device_train_batch_size": 4,
        "learning_rate": 1e-2,
        "seed": 3,
        "use_cpu": True,
        "bf16": False,
        "report_to": "none",
        "disable_tqdm": True,
        "gradient_checkpointing": False,
    }
    more: dict[str, Any] = {}
    if trainer in ("grpo", "rloo"):
        more["reward_funcs"] = [lengths]
    if trainer == "distill":
        more["teacher_model"] = str(places.teacher)
    if kind == "lora":
        more["peft_config"] = LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM")
    return name(
        model=start_model(kind, places.model, places.adapter),
        args=config(str(out), **(common | OWN[trainer])),
        train_dataset=rows(trainer),
        processing_class=AutoTokenizer.from_pretrained(places.model),
        callbacks=callbacks,
        **more,
    )


class Places:
    """Where the models of the cells lie."""

    def __init__(self, model: Path, teacher: Path, adapter: Path) -> None:
        self.model, self.teacher, self.adapter = model, teacher, adapter

    def start(self, kind: str) -> Path:
        """The model whose `eval` is the measurement before."""
        return self.adapter if kind == "adapter" else self.model


def train(cell: tuple[str, str, str], places: Places, out: Path, measured: Path | None) -> list[float]:
    """Train one cell into `out`, with the callback when `measured` says where it writes; the losses."""
    from transformers import TrainerCallback

    from holdfast.trainers.callback import BeforeAfter

    trainer, kind, start = cell

    class Kill(TrainerCallback):  # type: ignore[misc]  # transformers is not typed
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == KILLED:
                raise KilledError

    def callbacks() -> list[Any]:
        return [BeforeAfter(suite=SUITE, out=measured, limit=LIMIT)] if measured else []

    if start == "resumed":
        with contextlib.suppress(KilledError):
            made(trainer, kind, places, out, [*callbacks(), Kill()]).train()
    last = made(trainer, kind, places, out, callbacks())
    last.train(resume_from_checkpoint=str(out / "checkpoint-2") if start == "resumed" else None)
    last.save_model(str(out / "saved"))
    return [entry["loss"] for entry in last.state.log_history if "loss" in entry]


def run(cells: list[tuple[str, str, str]], places: Places, out: Path) -> None:
    """Every cell plain and with the callback; the losses of both in `out`/<cell>/losses.json."""
    from accelerate import PartialState

    for cell in cells:
        folder = out / "-".join(cell)
        losses = [
            train(cell, places, folder / "plain", None),
            train(cell, places, folder / "called", folder / "measured"),
        ]
        if PartialState().is_main_process:
            (folder / "losses.json").write_text(json.dumps(losses))


def main(words: list[str]) -> None:
    """The cells that are named."""
    import gc
    import os

    import torch

    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    torch.set_num_threads(1)
    model, teacher, adapter, out, *cells = words
    named = [tuple(cell.split(":")) for cell in cells]
    made("sft", "full", Places(Path(model), Path(teacher), Path(adapter)), Path(out) / "warm", [])
    gc.collect()
    gc.freeze()  # what the libraries made is not looked at again by every collection
    run([(one[0], one[1], one[2]) for one in named], Places(Path(model), Path(teacher), Path(adapter)), Path(out))


if __name__ == "__main__":
    main(sys.argv[1:])
