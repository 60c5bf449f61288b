"""What a model's configuration and tokenizer alone tell: whether they fit each other, the data and the settings.

Read before anything is measured, weights untouched. What cannot be read here is left to the loading, which says why.
"""

from pathlib import Path
from typing import Any

from holdfast.errors import DataError, UsageError
from holdfast.trainers.data.mix import first_rows
from holdfast.trainers.estimate.checks import check
from holdfast.trainers.estimate.endings import MOST, check_share, endings, stop_tokens
from holdfast.trainers.models.adapters import check_modules
from holdfast.trainers.models.model import check_template, prepare_tokenizer, read_model_config
from holdfast.trainers.run import own_tools
from holdfast.trainers.run.checkpoint_eval import suite_of
from holdfast.trainers.settings import trl_args
from holdfast.trainers.settings.catalogue import find_trainer
from holdfast.trainers.settings.config import TrainConfig

SAMPLED_ROWS = 64


def check_all(config: TrainConfig) -> None:
    """Everything that can be found before a model is loaded: by a run before it begins, and by its dry run."""
    check(config)
    suite_of(config)
    preflight(config)


def preflight(config: TrainConfig) -> None:
    """Raise DataError for a model and tokenizer that do not belong together, UsageError for a missing chat template
    or for lengths the model's context cannot hold (with those it can)."""
    found = _read(config)
    if found is None:
        return
    model_config, tokenizer = found
    prepare_tokenizer(tokenizer, config.model)
    text = model_config.get_text_config()
    if len(tokenizer) > text.vocab_size:
        raise DataError(
            f"the tokenizer has {len(tokenizer)} tokens, the model {text.vocab_size} embeddings:"
            " they do not belong together"
        )
    check_template(tokenizer, config)
    if config.tools:
        own_tools.check_template(tokenizer)
    if context := getattr(text, "max_position_embeddings", None):
        _check_lengths(config, tokenizer, context)
    check_modules(config.lora, model_config)
    _check_endings(config, tokenizer)


def _check_endings(config: TrainConfig, tokenizer: Any) -> None:
    """Raise DataError when too many of the first rows would lose the end of their answer."""
    if not tokenizer.chat_template and config.data.conversational:
        return
    args = trl_args.build(config.trainer.name, config.trainer.args, Path("unused"), config.seed)
    root = Path(config.data_root) if config.data_root else None
    rows = first_rows(config.data, config.seed, root, MOST)
    trainer = find_trainer(config.trainer.name)
    check_share(endings(rows, trainer, args, config.data, tokenizer, stop_tokens(tokenizer, None)), config.data.max_cut)


def longest(config: TrainConfig, tokenizer: Any, parts: tuple[str, ...]) -> int:
    """Tokens of the longest of the first rows, of these parts together; of two answers the longer counts."""
    root = Path(config.data_root) if config.data_root else None
    row_of = find_trainer(config.trainer.name).row
    rows = (row_of(row, config.data) for row in first_rows(config.data, config.seed, root, SAMPLED_ROWS))
    return max((tokens(row, parts, tokenizer) for row in rows), default=0)


def tokens(row: dict[str, Any], parts: tuple[str, ...], tokenizer: Any) -> int:
    """Tokens of a row's prompt (or whole conversation) and of the longest of its answers named in `parts`."""
    prompt = row.get("prompt", row.get("messages", []))
    return _count(prompt, tokenizer) + max((_count(row[part], tokenizer) for part in parts if part in row), default=0)


def _count(turns: Any, tokenizer: Any) -> int:
    """The template's own tokens are reckoned as four a message."""
    if isinstance(turns, str):
        return len(tokenizer(turns, truncation=False, verbose=False)["input_ids"])
    texts = [str(turn["content"]) for turn in turns]
    return sum(len(tokenizer(text, truncation=False, verbose=False)["input_ids"]) + 4 for text in texts)


def _check_lengths(config: TrainConfig, tokenizer: Any, context: int) -> None:
    args = config.trainer.args
    schema = {field.name: field.default for field in trl_args.fields(config.trainer.name)}
    grown = args.get("max_completion_length", schema.get("max_completion_length"))
    if find_trainer(config.trainer.name).writes_while_training and grown:
        prompt_tokens = longest(config, tokenizer, ())
        if prompt_tokens + grown > context:
            raise UsageError(
                f"trainer.args.max_completion_length={grown} does not fit the model's context of {context} tokens"
                f" behind prompts of up to {prompt_tokens}: take {max(1, context - prompt_tokens)} at most"
                + (", and leave long prompts out with data.filter.max_chars" if prompt_tokens >= context else "")
            )
        return
    limit = args.get("max_length", schema.get("max_length")) or context + 1
    row = longest(config, tokenizer, ("completion", "chosen", "rejected"))
    if min(row, limit) > context:
        raise UsageError(
            f"training rows of up to {row} tokens do not fit the model's context of {context}: cut them with"
            f" trainer.args.max_length={context}, or leave them out with data.filter.max_chars"
        )


def _read(config: TrainConfig) -> tuple[Any, Any] | None:
    try:
        return read_model_config(config.model)
    except (OSError, ValueError, KeyError):
        return None
