"""A reward model from preference pairs (Bradley-Terry): one number per answer, higher for the chosen one.

    {"prompt": "Who are you?", "chosen": "I am Ada.", "rejected": "I am a language model."}

Its result scores answers and writes none; TRL puts a one-number head on the starting model.
"""

from typing import Any

from holdfast.trainers.data.row_formats import preference_row
from holdfast.trainers.run.trainer_spec import Job

SHAPE = preference_row


def build(job: Job) -> Any:
    """TRL's RewardTrainer; the model is loaded by its path, with a new head."""
    from trl import RewardTrainer

    return RewardTrainer(
        model=job.model.config._name_or_path,
        args=job.args,
        train_dataset=job.dataset(SHAPE),
        processing_class=job.tokenizer,
        peft_config=job.peft,
        callbacks=job.callbacks,
    )
