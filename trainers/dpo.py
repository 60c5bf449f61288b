"""Direct preference optimisation (arXiv 2305.18290): the chosen answer gains on the rejected one.

    {"prompt": "Who are you?", "chosen": "I am Ada.", "rejected": "I am a language model."}

The reference model is the starting model: TRL loads it a second time for full training and switches the adapter
off for LoRA.
"""

from holdfast.trainers.data.formats.row_formats import preference_row
from holdfast.trainers.settings.trainer_spec import Trainer

TRAINER = Trainer(
    config="DPOConfig",
    trainer="DPOTrainer",
    row=preference_row,
    columns=(("chosen", "rejected"),),
    reference_model=True,
    answers_per_row=2,
    usual=True,
)
