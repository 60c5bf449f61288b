"""On-policy distillation (arXiv 2306.13649): the model writes answers, and learns a teacher's probabilities of them.

    {"prompt": "Compute 85 - 38"}                trainer.args.teacher_model_name_or_path=<directory or hub id>

Teacher and model share a tokenizer. `trainer.args.beta` mixes forward (0) and reverse (1) divergence.
"""

from collections.abc import Mapping
from typing import Any

from holdfast.trainers.data.formats.row_formats import prompt_row
from holdfast.trainers.models.model import model_place
from holdfast.trainers.settings.trainer_spec import Inputs, Trainer


def _teacher(inputs: Inputs) -> Mapping[str, Any]:
    return {"teacher_model": model_place(inputs.args.teacher_model_name_or_path)}


TRAINER = Trainer(
    config="DistillationConfig",
    trainer="DistillationTrainer",
    row=prompt_row,
    columns=(("prompt",),),
    generates=True,
    arguments=_teacher,
    needs={"teacher_model_name_or_path": "the model whose answers are learned"},
)
