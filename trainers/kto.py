"""Kahneman-Tversky optimisation (arXiv 2402.01306): single answers, each marked good or bad.

{"prompt": "Who are you?", "completion": "I am Ada.", "label": true}
"""

from typing import Any

from holdfast.trainers.data.row_formats import marked_row
from holdfast.trainers.run.trainer_spec import Job

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
