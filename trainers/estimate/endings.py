"""Does the model see where its answers end? Rows that the trainer cuts, rows whose answer is cut off whole, and answers
that do not end with a token that ends a generation.

TRL cuts rows at `max_length` in silence: what is cut has lost the end of its answer and the token that says so, and a
prompt that long has no answer left. A chat template may end a turn with a token that generation does not stop at: the
model learns to write it, and writes on.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.files import read_json
from holdfast.trainers.data.formats.row_formats import with_prompt
from holdfast.trainers.run.run_dir import amend_manifest
from holdfast.trainers.settings.config import DataConfig
from holdfast.trainers.settings.tool_calls import for_template
from holdfast.trainers.settings.trainer_spec import Row, Trainer

log = logging.getLogger("holdfast")
ANSWERS = ("completion", "chosen", "rejected")
PADDING_IS_END = "the padding token is the end token; TRL pads by length, so that the end is learned all the same"
TURN_TOKENS = 64
"""No template adds more tokens to a message than this."""
LAST = 4
"""Tokens of an answer among which its end must be: a template may write a newline after it."""
MOST = 2_000
"""Rows looked at before anything is measured; before the training all are."""


@dataclass
class Endings:
    """What becomes of the ends of a data set's answers."""

    limit: int | None
    """The trainer's max_length; None: it cuts nothing."""
    stops: list[str] = field(default_factory=list)
    """Tokens that end a generation."""
    rows: int = 0
    cut: int = 0
    """Rows that lose the end of an answer, those that lose all of it apart."""
    lost: list[int] = field(default_factory=list)
    """Rows that have no answer left."""
    ended: int = 0
    """How many of the rows looked at that are not cut end with a stop token."""
    looked: int = 0
    last: str = ""
    """What stands at the end of an answer that has no stop token."""
    padding_is_end: bool = False

    @property
    def share(self) -> float:
        """Share of the rows that are cut or lose their answer."""
        return (self.cut + len(self.lost)) / max(1, self.rows)

    def findings(self) -> list[str]:
        """What is wrong, in sentences."""
        found = []
        if self.lost or self.cut:
            found.append(
                f"{self.cut + len(self.lost):,} of {self.rows:,} rows are longer than trainer.args.max_length="
                f"{self.limit}: {self.cut:,} lose the end of their answer and its end token, {len(self.lost):,} the"
                " whole answer (these are left out)"
            )
        if self.looked and self.ended < self.looked:
            found.append(
                f"{self.looked - self.ended:,} of {self.looked:,} answers do not end with a token that generation"
                f" stops at ({', '.join(self.stops) or 'there is none'}) but with {self.last!r}: the model will not"
                " learn to stop; name the end token with model.eos_token=…"
            )
        return found


def endings(
    rows: Iterable[Row], trainer: Trainer, args: Any, data: DataConfig, tokenizer: Any, stops: Sequence[int]
) -> Endings:
    """Look at rows (with our column names) as the trainer will read them. Rows it cannot read are left to it."""
    limit = None if trainer.writes_while_training or _wrapped(args) else getattr(args, "max_length", None)
    found = Endings(limit, [tokenizer.decode([stop]) for stop in stops])
    found.padding_is_end = tokenizer.pad_token_id == tokenizer.eos_token_id
    row_format = trainer.row_format(args)
    for number, row in enumerate(rows):
        found.rows += 1
        try:
            shaped = row_format(row, data)
        except DataError:
            continue
        _look(found, number, shaped, tokenizer, set(stops))
    return found


def _wrapped(args: Any) -> bool:
    return bool(getattr(args, "packing", False)) and getattr(args, "packing_strategy", "") == "wrapped"


def _look(found: Endings, number: int, row: Row, tokenizer: Any, stops: set[int]) -> None:
    row = for_template(with_prompt(row))
    answers = [row[name] for name in ANSWERS if name in row]
    if not answers:
        return
    short = found.limit is None or _at_most(row, answers) <= found.limit
    if short and found.looked >= MOST:
        return
    texts = [_tokens(tokenizer, row.get("prompt", ""), answer, row.get("tools")) for answer in answers]
    if found.limit is not None and any(before >= found.limit for before, _ in texts):
        found.lost.append(number)
    elif found.limit is not None and any(len(ids) > found.limit for _, ids in texts):
        found.cut += 1
    elif found.looked < MOST:
        found.looked += 1
        ended = all(isinstance(a, str) or stops & set(ids[-LAST:]) for a, (_, ids) in zip(answers, texts, strict=True))
        found.ended += ended
        if not ended and not found.last:
            found.last = tokenizer.decode(texts[0][1][-LAST:])


def _at_most(row: Row, answers: Sequence[Any]) -> int:
    """Tokens that the row can have at most: a tokenizer makes no more of a text than it has bytes."""
    parts = [row.get("prompt", ""), *answers, *([str(row["tools"])] if row.get("tools") else [])]
    turns = [turn for part in parts for turn in ([part] if isinstance(part, str) else part)]
    return sum(len(str(turn).encode("utf-8", "replace")) + TURN_TOKENS for turn in turns)


def _tokens(tokenizer: Any, prompt: Any, answer: Any, tools: Any) -> tuple[int, list[int]]:
    """(tokens before the answer, all tokens), as TRL makes them; TRL adds the end token to plain text itself."""
    if isinstance(answer, str):
        before = tokenizer(str(prompt), verbose=False)["input_ids"]
        return len(before), list(tokenizer(f"{prompt}{answer}{tokenizer.eos_token or ''}", verbose=False)["input_ids"])
    options = {
        "tools": json.loads(tools) if isinstance(tools, str) else tools or None,
        "tokenize": True,
        "return_dict": False,
    }
    before = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, **options) if prompt else []
    return len(before), list(tokenizer.apply_chat_template([*prompt, *answer], **options))


def stop_tokens(tokenizer: Any, generation: Any) -> list[int]:
    """Tokens at which generation stops: the tokenizer's end, and what generation_config.json names."""
    named = getattr(generation, "eos_token_id", None)
    more = [named] if isinstance(named, int) else list(named or [])
    return sorted({token for token in (tokenizer.eos_token_id, *more) if token is not None})


def check_share(found: Endings, most: float) -> None:
    """Raise DataError when more than `most` of the rows lose the end of their answer."""
    if found.share > most:
        raise DataError(
            f"{found.findings()[0]}: {found.share:.1%} of the rows, more than data.max_cut={most:g}; raise"
            " trainer.args.max_length, leave long rows out with data.filter.max_tokens, or raise data.max_cut"
        )


def record(found: Endings, out: Path) -> None:
    """Say what was found; the manifest keeps it, and the report says it again."""
    sentences = found.findings()
    for sentence in sentences:
        log.warning("data: %s", sentence)
    if found.padding_is_end:
        log.info("data: %s", PADDING_IS_END)
    facts = asdict(found) | {"lost": len(found.lost), "share": round(found.share, 6), "findings": sentences}
    amend_manifest(out, endings=facts)


def warnings_of(out: Path) -> tuple[str, ...]:
    """What the report has to say of it."""
    found = read_json(out / "manifest.json").get("endings") or {}
    sentences = [*found.get("findings", ()), *([PADDING_IS_END] if found.get("padding_is_end") else [])]
    return tuple(f"data: {text}" for text in sentences)
