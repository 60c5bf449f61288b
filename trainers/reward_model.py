"""A reward model from preference pairs (Bradley-Terry): one number per answer, higher for the chosen one.

    {"prompt": "Who are you?", "chosen": "I am Ada.", "rejected": "I am a language model."}

Its result scores answers and writes none; TRL puts a one-number head on the starting model, which it loads by its path.
"""

from holdfast.trainers.data.formats.row_formats import preference_row
from holdfast.trainers.settings.trainer_spec import Trainer

TRAINER = Trainer(
    name="reward",
    config="RewardConfig",
    trainer="RewardTrainer",
    row=preference_row,
    columns=(("chosen", "rejected"),),
    answers_per_row=2,
    writes_text=False,
    arguments=lambda inputs: {"model": inputs.model.config._name_or_path},
)
