"""REINFORCE leave-one-out (arXiv 2402.14740) on registered rewards; rows and rewards as in grpo.py."""

from typing import Any

from holdfast.rewards.adapters.trl import together
from holdfast.trainers.job import Job
from holdfast.trainers.shape import prompt_row

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
