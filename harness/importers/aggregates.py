"""Results without samples: two means cannot be paired, so they are refused with the flag that would have kept more."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.importers.recorded import read_whole


def refuse(path: Path) -> None:
    """Raise DataError when `path` holds only the averages of lm-eval, lighteval, EvalScope, OpenCompass or HELM."""
    files = [path] if path.is_file() else sorted(path.rglob("*.json"))[:50] if path.is_dir() else []
    for file in files:
        found = read_whole(file)
        flag = _flag(found) if isinstance(found, Mapping) else _helm(found)
        if flag:
            raise DataError(f"{path} holds averages only ({file.name}): a change is judged on items. {flag}")


def _flag(found: Mapping[str, Any]) -> str:
    results = found.get("results")
    if isinstance(results, Mapping) and ("config_general" in found or "config_tasks" in found):
        return "Measure again with --save-details (lighteval)"
    if isinstance(results, Mapping) and any(isinstance(one, Mapping) for one in results.values()):
        return "Measure again with --log_samples --output_path=… (lm-eval)"
    if "dataset_name" in found and "score" in found and "metrics" in found:
        return "Give the folder of the outputs, which holds reviews/ (EvalScope)"
    if set(found) <= _OPENCOMPASS and any(isinstance(value, int | float) for value in found.values()):
        return "Measure again with --dump-eval-details (OpenCompass)"
    return ""


_OPENCOMPASS = frozenset({"accuracy", "score", "details", "type", "pass@1", "humaneval_pass@1", "exact_match", "bleu"})


def _helm(found: Any) -> str:
    """HELM's stats.json: a list of means."""
    first = found[0] if isinstance(found, list) and found else None
    name = first.get("name") if isinstance(first, Mapping) else None
    return "Give the run's folder, which holds per_instance_stats.json (HELM)" if isinstance(name, Mapping) else ""


_LEADERBOARDS = (
    {"win_rate", "standard_error"},
    {"length_controlled_winrate"},
    {"rating_q025", "rating_q975"},
    {"dataset", "metric", "mode"},
)
"""Columns that tell a table of models' averages from one of items: AlpacaEval's, Arena-Hard's, OpenCompass' summary."""


def refuse_leaderboard(path: Path, first: Mapping[str, Any]) -> None:
    """Raise DataError for a table whose rows are models or benchmarks, not items."""
    if any(set(first) >= columns for columns in _LEADERBOARDS):
        raise DataError(
            f"{path} holds averages only (a row is a model's or a benchmark's): a change is judged on items; compare "
            "the judgments or samples that the averages were made of"
        )
