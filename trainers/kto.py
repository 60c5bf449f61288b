"""Kahneman-Tversky optimisation (arXiv 2402.01306): single answers, each marked good or bad.

{"prompt": "Who are you?", "completion": "I am Ada.", "label": true}
"""

from holdfast.trainers.data.formats.row_formats import marked_row
from holdfast.trainers.settings.trainer_spec import Trainer

TRAINER = Trainer(
    config="KTOConfig",
    trainer="KTOTrainer",
    row=marked_row,
    columns=(("completion", "label"), ("messages", "label")),
    reference_model=True,
    usual=True,
)
