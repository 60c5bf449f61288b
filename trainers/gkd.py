"""Generalised knowledge distillation (arXiv 2306.13649): a teacher's probabilities, of the data's answers and
(`trainer.args.lmbda`, their share) of the model's own. TRL holds it among its experimental trainers; `distill` is the
stable one.

{"prompt": "Compute 85 - 38", "completion": "47"}        trainer.args.teacher_model_name_or_path=<directory or hub id>
"""

from collections.abc import Mapping
from typing import Any

from holdfast.trainers.data.formats.row_formats import conversation_row
from holdfast.trainers.models.model import model_place
from holdfast.trainers.settings.trainer_spec import Inputs, Trainer


def _teacher(inputs: Inputs) -> Mapping[str, Any]:
    return {"teacher_model": model_place(inputs.args.teacher_model_name_or_path)}


TRAINER = Trainer(
    config="trl.experimental.gkd:GKDConfig",
    trainer="trl.experimental.gkd:GKDTrainer",
    row=conversation_row,
    columns=(("prompt", "completion"), ("messages",)),
    arguments=_teacher,
    needs={"teacher_model_name_or_path": "the model whose answers are learned"},
)
