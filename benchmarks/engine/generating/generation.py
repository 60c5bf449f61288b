"""Generation arguments: one canonical form for every backend, and a budget that fits the model's context."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from holdfast.benchmarks.engine.items import Item
from holdfast.errors import UsageError

BUDGET_NAMES = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
"""Names of the budget in tasks of lm-eval, the first that is given counts (lm-eval's order)."""
DEFAULT_BUDGET = 256
"""Tokens of an answer where a task of lm-eval names no budget (lm-eval's own default)."""
_ROUNDED = 32
"""Budgets that the context caps are multiples of this, so that items with almost equal budgets share a batch."""


def canonical(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`until` (a list), `max_gen_toks`, `do_sample`, `temperature` and whatever else is given, as lm-eval reads the
    generation arguments of a task for a model in memory.

    Greedy arguments have temperature 0. Raises UsageError for a budget or temperature that is no number.
    """
    kept = {name: value for name, value in arguments.items() if name not in BUDGET_NAMES}
    budgets = [arguments[name] for name in BUDGET_NAMES if arguments.get(name) is not None]
    until = kept.get("until") or []
    kept["until"] = [until] if isinstance(until, str) else [str(text) for text in until]
    try:
        kept["max_gen_toks"] = int(budgets[0]) if budgets else DEFAULT_BUDGET
        temperature = float(kept.get("temperature") or 0.0)
    except (TypeError, ValueError) as error:
        raise UsageError(f"generation arguments {dict(arguments)}: {error}") from error
    if kept["max_gen_toks"] < 1:
        raise UsageError(f"an answer needs a budget of at least 1 token, not {kept['max_gen_toks']}")
    samples = kept.get("do_sample")
    kept["do_sample"] = temperature > 0.0 if samples is None else bool(samples) and temperature != 0.0
    kept["temperature"] = temperature if kept["do_sample"] else 0.0
    return kept


def fitted(items: Sequence[Item], length: Callable[[str], int], context: int | None) -> tuple[list[Item], int]:
    """The items with budgets that the model's context can hold, and how many of them had to be capped.

    A budget is unchanged where prompt and answer fit into `context` tokens; else the answer gets what the prompt
    leaves, but at least half of the context (the prompt then loses its beginning, and the row says so).
    """
    if context is None:
        return list(items), 0
    made, capped = [], 0
    for item in items:
        new_tokens = int(item.generation.get("max_gen_toks", 0))
        room = context - new_tokens
        if new_tokens and (room <= 0 or (len(item.prompt.encode()) > room and length(item.prompt) > room)):
            budget = max(context - length(item.prompt), context // 2)
            budget = min(new_tokens, max(1, budget - budget % _ROUNDED if budget > _ROUNDED else budget))
            if budget < new_tokens:
                capped += 1
                made.append(replace(item, generation={**item.generation, "max_gen_toks": budget}))
                continue
        made.append(item)
    return made, capped
