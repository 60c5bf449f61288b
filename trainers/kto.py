"""Kahneman-Tversky optimisation (arXiv 2402.01306): single answers, each marked good or bad.

{"prompt": "Who are you?", "completion": "I am Ada.", "label": true}
"""

from typing import Any

from holdfast.trainers.job import Job
from holdfast.trainers.shape import marked_row

SHAPE = marked_row


def build(job: Job) -> Any:
    """TRL's KTOTrainer."""
    from trl import KTOTrainer

    return KTOTrainer(
        model=job.model,
        args=job.args,
        train_dataset=job.dataset(SHAPE),
        processing_class=job.tokenizer,
        peft_config=job.peft,
        callbacks=job.callbacks,
    )
