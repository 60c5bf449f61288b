"""Supervised fine-tuning: the model learns the completions; the prompts carry no loss.

    {"prompt": "Compute 85 - 38", "completion": "47"}        or {"messages": [{"role": "user", …}, …]}

Of `messages` the last answer is learned, unless `trainer.args.assistant_only_loss=true`: then every assistant turn
is, and the chat template needs `{% generation %}` markers. TRL's ChatML collation also trains the newline that
follows the end-of-turn token.
"""

from typing import Any

from holdfast.errors import UsageError
from holdfast.trainers.data.row_formats import completion_row, conversation_row
from holdfast.trainers.run.trainer_spec import Job

SHAPE = completion_row


def build(job: Job) -> Any:
    """TRL's SFTTrainer. Raises UsageError when every turn is to be learned and the template marks none."""
    from trl import SFTTrainer

    every_turn = job.args.assistant_only_loss
    if every_turn and "generation" not in (job.tokenizer.chat_template or ""):
        raise UsageError(
            "trainer.args.assistant_only_loss needs {% generation %} markers in the chat template, which this"
            " tokenizer's lacks; give one with model.chat_template=<file> or leave the option off"
        )
    return SFTTrainer(
        model=job.model,
        args=job.args,
        train_dataset=job.dataset(conversation_row if every_turn else SHAPE),
        processing_class=job.tokenizer,
        peft_config=job.peft,
        callbacks=job.callbacks,
    )
