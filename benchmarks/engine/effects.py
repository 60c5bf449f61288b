"""Settings that nothing in a suite would act on: refused, or said where a suite's file may mean other models."""

import logging
from collections.abc import Sequence
from typing import Any

from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.engine.work import Work
from holdfast.benchmarks.suites.suite import Entry
from holdfast.errors import UsageError

log = logging.getLogger("holdfast")


def refuse_idle(suite: str, works: Sequence[Work], settings: Settings) -> None:
    """Raise UsageError for a setting of the measurement that no task of the suite could follow."""
    kinds = {item.kind for work in works for item in work.items} | {"generate" for work in works if work.player}
    if "generate" not in kinds:
        for name in ("max_tokens", "sampling", "thinking"):
            if getattr(settings, name):
                raise UsageError(
                    f"{name}= has no effect: no task of {suite!r} has the model write an answer "
                    "(their likelihoods are compared); leave it out"
                )
    if settings.sampling.get("coupled") and not any(work.result.generation.get("coupled") for work in works):
        raise UsageError(f"sampling.coupled: no task of {suite!r} samples; set sampling.temperature, too")
    samples = any(item.generation.get("do_sample") for work in works for item in work.items)
    if (settings.repeats or 1) > 1 and not samples and all(work.varies_by == "nothing" for work in works):
        raise UsageError(f"repeats={settings.repeats}: no task of {suite!r} samples; set sampling.temperature, too")
    chatting = any(work.result.generation.get("chat_template") for work in works)
    if settings.chat_template_args and not chatting and not any(work.player for work in works):
        raise UsageError(
            f"chat_template_args= has no effect: no task of {suite!r} is asked through a chat template "
            "(chat=false, or the tokenizer has none)"
        )
    if settings.seed and not samples and not any(work.varies_by == "seed" for work in works):
        log.warning("seed=%s changes nothing: no task of %r samples its answers", settings.seed, suite)


def say_unused(entry: Entry, chat: bool, shown: int, arguments: "dict[str, Any]") -> None:
    """Warn of a task's setting that is meant for models of the other kind: with a chat template, or without one."""
    given = entry.overrides
    other = "fewshot" if chat else "chat_fewshot"
    if given.get(other) is not None and given[other] != shown:
        kind, own = ("with", "chat_fewshot") if chat else ("without", "fewshot")
        log.warning(
            "task %r: %s=%s is not for models %s a chat template: this one is shown %s examples (%s=)",
            entry.name, other, given[other], kind, shown, own,
        )  # fmt: skip
    if given.get("stop") and not arguments.get("until"):
        log.warning("task %r: stop= is for models without a chat template unless stop_chat: true", entry.name)
