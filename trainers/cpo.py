"""Contrastive preference optimisation (arXiv 2401.08417), and with `trainer=simpo` SimPO (arXiv 2405.14734): preference
pairs without a reference model. TRL holds it among its experimental trainers.

{"prompt": "Who are you?", "chosen": "I am Ada.", "rejected": "I am a language model."}
"""

from holdfast.trainers.data.formats.row_formats import preference_row
from holdfast.trainers.settings.trainer_spec import Trainer

TRAINER = Trainer(
    config="trl.experimental.cpo:CPOConfig",
    trainer="trl.experimental.cpo:CPOTrainer",
    row=preference_row,
    columns=(("chosen", "rejected"),),
    answers_per_row=2,
)
