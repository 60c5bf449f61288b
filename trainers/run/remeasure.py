"""What a script is told when measuring its trained model failed: why, and the commands that do it alone."""

import logging
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from holdfast.files import write_json
from holdfast.masking import error_text

log = logging.getLogger("holdfast")


def log_failure(callback: Any, saved: Path, error: Exception) -> None:
    """Log why there is no measurement of the trained model, and how to make it; `out`/outcome.json says it too."""
    lines = commands(callback, saved)
    log.error(
        "the training is done, but measuring its model failed (%s). Save the model, then measure it with\n  %s",
        error_text(error),
        "\n  ".join(lines),
    )
    outcome = {"status": "failed", "phase": "measure after", "error": error_text(error)}
    try:
        write_json(callback.out / "outcome.json", {**outcome, "repeat": lines})
    except OSError as full:
        log.error("nor could %s be written: %s", callback.out / "outcome.json", full)


def commands(callback: Any, saved: Path) -> list[str]:
    """`holdfast eval` of the model in `saved`, and `holdfast compare`."""
    given = callback.given_suite
    suite = str(given) if isinstance(given, str | Path) else _listed(callback.suite.names)
    measuring = [
        *("holdfast", "eval", f"model={saved}", f"suite={suite}", f"batch_size={callback.batch_size}"),
        *([f"limit={callback.limit}"] if callback.limit else []),
        *([f"data_root={callback.data_root}"] if callback.data_root else []),
        f"out={callback.out / 'again'}",
    ]
    comparing = [
        *("holdfast", "compare", str(callback.out / "before"), str(callback.out / "again")),
        *([f"target={_listed(callback.target)}"] if callback.target else []),
        *([f"margin={callback.margin:g}"] if callback.margin is not None else []),
        f"html={callback.out / 'report.html'}",
    ]
    return [" ".join(map(shlex.quote, line)) for line in (measuring, comparing)]


def _listed(names: Sequence[str]) -> str:
    return f"[{','.join(names)}]"
