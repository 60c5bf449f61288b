"""Direct preference optimisation (arXiv 2305.18290): the chosen answer gains on the rejected one.

    {"prompt": "Who are you?", "chosen": "I am Ada.", "rejected": "I am a language model."}

The reference model is the starting model: TRL loads it a second time for full training and switches the adapter
off for LoRA.
"""

from typing import Any

from holdfast.trainers.data.row_formats import preference_row
from holdfast.trainers.run.trainer_spec import Job

SHAPE = preference_row


def build(job: Job) -> Any:
    """TRL's DPOTrainer."""
    from trl import DPOTrainer

    return DPOTrainer(
        model=job.model,
        args=job.args,
        train_dataset=job.dataset(SHAPE),
        processing_class=job.tokenizer,
        peft_config=job.peft,
        callbacks=job.callbacks,
    )
