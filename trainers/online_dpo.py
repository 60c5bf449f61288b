"""Online DPO (arXiv 2402.04792): two answers of the model itself to each prompt; the one with the higher reward is
chosen. Rows and rewards as in grpo.py. TRL holds it among its experimental trainers.
"""

from holdfast.trainers.data.formats.row_formats import prompt_row
from holdfast.trainers.settings.trainer_spec import Trainer

TRAINER = Trainer(
    config="trl.experimental.online_dpo:OnlineDPOConfig",
    trainer="trl.experimental.online_dpo:OnlineDPOTrainer",
    row=prompt_row,
    columns=(("prompt", "reference"), ("prompt",)),
    learns_from_reward=True,
    reference_model=True,
    answers_per_row=2,
)
