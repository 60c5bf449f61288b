"""Odds-ratio preference optimisation (arXiv 2403.07691): learns the chosen answer and drops the rejected, without a
reference model. TRL holds it among its experimental trainers.

{"prompt": "Who are you?", "chosen": "I am Ada.", "rejected": "I am a language model."}
"""

from holdfast.trainers.data.formats.row_formats import preference_row
from holdfast.trainers.settings.trainer_spec import Trainer

TRAINER = Trainer(
    config="trl.experimental.orpo:ORPOConfig",
    trainer="trl.experimental.orpo:ORPOTrainer",
    row=preference_row,
    columns=(("chosen", "rejected"),),
    answers_per_row=2,
)
