"""Distillation from a teacher with any tokenizer (GOLD; universal logit distillation, arXiv 2402.12030): a teacher's
probabilities of the data's answers, and (`trainer.args.lmbda`, their share) of the model's own. TRL holds it among its
experimental trainers.

{"prompt": "Compute 85 - 38", "completion": "47"}        trainer.args.teacher_model_name_or_path=<directory or hub id>

A teacher with another tokenizer needs `trainer.args.use_uld_loss=true`.
"""

from collections.abc import Mapping
from typing import Any

from holdfast.trainers.data.formats.row_formats import conversation_row
from holdfast.trainers.models.model import model_place
from holdfast.trainers.settings.trainer_spec import Inputs, Trainer


def _teacher(inputs: Inputs) -> Mapping[str, Any]:
    teacher = model_place(inputs.args.teacher_model_name_or_path)
    if inputs.args.use_uld_loss and inputs.args.teacher_tokenizer_name_or_path is None:
        inputs.args.teacher_tokenizer_name_or_path = teacher
    return {"teacher_model": teacher}


TRAINER = Trainer(
    config="trl.experimental.gold:GOLDConfig",
    trainer="trl.experimental.gold:GOLDTrainer",
    row=conversation_row,
    columns=(("prompt", "completion"), ("messages",)),
    arguments=_teacher,
    needs={"teacher_model_name_or_path": "the model whose answers are learned"},
)
