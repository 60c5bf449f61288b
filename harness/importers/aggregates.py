"""Results without samples: two means cannot be paired, so they are refused with the flag that would have kept more."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.importers.recorded import read_object


def refuse(path: Path) -> None:
    """Raise DataError when `path` holds only the averages of lm-eval, lighteval or HELM."""
    files = [path] if path.is_file() else sorted(path.rglob("*.json"))[:50] if path.is_dir() else []
    for file in files:
        found = read_object(file)
        flag = _flag(found) if found else ""
        if flag:
            raise DataError(
                f"{path} holds averages only ({file.name}): a change is judged on items. Measure again with {flag}"
            )


def _flag(found: Mapping[str, Any]) -> str:
    results = found.get("results")
    if isinstance(results, Mapping) and ("config_general" in found or "config_tasks" in found):
        return "--save-details (lighteval)"
    if isinstance(results, Mapping) and any(isinstance(one, Mapping) for one in results.values()):
        return "--log_samples --output_path=… (lm-eval)"
    return ""
