"""REINFORCE leave-one-out (arXiv 2402.14740) on registered rewards; rows and rewards as in grpo.py."""

from holdfast.trainers.data.formats.row_formats import prompt_row
from holdfast.trainers.settings.trainer_spec import Trainer

TRAINER = Trainer(
    config="RLOOConfig",
    trainer="RLOOTrainer",
    row=prompt_row,
    columns=(("prompt", "reference"), ("prompt",)),
    learns_from_reward=True,
    reference_model=True,
)
