"""REINFORCE leave-one-out (arXiv 2402.14740) on registered rewards; rows and rewards as in grpo.py."""

from typing import Any

from holdfast.rewards.adapters.trl import together
from holdfast.trainers.data.row_formats import prompt_row
from holdfast.trainers.run.trainer_spec import Job

SHAPE = prompt_row


def build(job: Job) -> Any:
    """TRL's RLOOTrainer."""
    from trl import RLOOTrainer

    return RLOOTrainer(
        model=job.model,
        reward_funcs=together(*job.rewards),
        args=job.args,
        train_dataset=job.dataset(SHAPE),
        processing_class=job.tokenizer,
        peft_config=job.peft,
        callbacks=job.callbacks,
    )
