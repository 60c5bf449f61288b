"""Supervised fine-tuning: the model learns the completions; the prompts carry no loss.

    {"prompt": "Compute 85 - 38", "completion": "47"}        or {"messages": [{"role": "user", …}, …]}
    {"text": "…"}                                            continued pretraining: all of it is learned

Of `messages` the last answer is learned, unless `trainer.args.assistant_only_loss=true`: then every assistant turn
is, and the chat template needs `{% generation %}` markers. TRL's ChatML collation also trains the newline that
follows the end-of-turn token.
"""

from collections.abc import Mapping
from typing import Any

from holdfast.errors import UsageError
from holdfast.trainers.data.formats.row_formats import completion_row, conversation_row
from holdfast.trainers.settings.trainer_spec import Inputs, Trainer


def _check_template(inputs: Inputs) -> Mapping[str, Any]:
    if inputs.args.assistant_only_loss and "generation" not in (inputs.tokenizer.chat_template or ""):
        raise UsageError(
            "trainer.args.assistant_only_loss needs {% generation %} markers in the chat template, which this"
            " tokenizer's lacks; give one with model.chat_template=<file> or leave the option off"
        )
    return {}


TRAINER = Trainer(
    config="SFTConfig",
    trainer="SFTTrainer",
    row=completion_row,
    columns=(("prompt", "completion"), ("messages",), ("text",)),
    row_of=lambda args: conversation_row if args.assistant_only_loss else completion_row,
    arguments=_check_template,
    usual=True,
)
