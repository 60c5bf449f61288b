"""Outputs of other harnesses as measurements: anyone can compare two runs made elsewhere.

Each module reads one harness's files and says None to what is not its own; `read` asks them in turn.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

READERS = (
    "lm_eval_samples",
    "helm",
    "inspect_log",
    "every_eval_ever",
    "lighteval",
    "evalscope_opencompass",
    "tau_bench",
    "alpaca_eval",
    "mmlu_pro",
    "promptfoo",
    "deepeval",
    "openai_evals",
)
"""Modules with `read(path) -> Recorded | None`, asked in this order."""

if TYPE_CHECKING:
    from holdfast.importers.recorded import Recorded


def read(path: Path) -> "Recorded | None":
    """The measurement at `path`, a file or folder of one of the harnesses of `READERS`; None when it is none of these.

    Raises DataError for one of theirs that cannot be read, and for results whose samples were not kept, naming the
    flag that keeps them.
    """
    for name in READERS:
        found: Recorded | None = import_module(f"holdfast.importers.{name}").read(Path(path))
        if found is not None:
            return found
    from holdfast.importers.aggregates import refuse

    refuse(Path(path))
    return None
