"""Plain TRL scripts as users write them, and what `holdfast eval` finds of their models."""

from pathlib import Path
from typing import Any

from holdfast.runs.measurement import read_measurement

SUITE = ["tiny_repeat", "tiny_upper"]


def sft(
    model: Any, tokenizer_from: Path, out: Path, callback: Any, peft: Any = None, rows: int = 64, **args: Any
) -> Any:
    """A plain TRL script's trainer."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    settings = {"max_steps": 4, "learning_rate": 1e-2, "use_cpu": True, "bf16": False, "report_to": "none"} | args
    return SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(model, dtype="float32") if isinstance(model, Path) else model,
        args=SFTConfig(str(out), **settings),
        train_dataset=Dataset.from_list([{"prompt": f"Say {n}. ", "completion": str(n)} for n in range(rows)]),
        processing_class=AutoTokenizer.from_pretrained(tokenizer_from),
        callbacks=[callback] if callback else [],
        peft_config=peft,
    )


def answers(directory: Path) -> dict[str, list[Any]]:
    measured = read_measurement(directory)
    return {task: [(row.doc_hash, row.completion) for row in measured.rows(task)] for task in measured.tasks}


def evaluated(model: Path, out: Path, limit: int = 8) -> dict[str, list[Any]]:
    """What `holdfast eval` finds."""
    from holdfast.benchmarks.engine.backends.models import load
    from holdfast.benchmarks.engine.measuring import measure
    from holdfast.benchmarks.engine.settings import Settings

    measure(load(str(model), dtype="float32"), SUITE, out, settings=Settings(limit=limit))
    return answers(out)


def other_model(untrained: Path, out: Path, factor: float = 1.5) -> Path:
    """The same architecture with other weights."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(untrained)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(factor)
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(untrained).save_pretrained(out)
    return out


def adapter(untrained: Path, out: Path) -> Path:
    """An adapter that says something."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(untrained, dtype="float32")
    model = get_peft_model(base, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.3)
    model.save_pretrained(out)
    return out
