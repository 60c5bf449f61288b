"""A trainer: TRL's SFT under a name of its own. Another class is named as `module:Class`."""

from holdfast.trainers.data.formats.row_formats import completion_row
from holdfast.trainers.settings.trainer_spec import Trainer

TRAINER = Trainer(config="SFTConfig", trainer="SFTTrainer", row=completion_row, columns=(("prompt", "completion"),))
