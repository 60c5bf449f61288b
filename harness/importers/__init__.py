"""Outputs of other harnesses as measurements: anyone can compare two runs made elsewhere.

Each module reads one harness's files and says None to what is not its own; `read` asks them in turn.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.importers.recorded import Recorded


def read(path: Path) -> "Recorded | None":
    """The measurement at `path`, a file or folder of lm-eval, inspect, lighteval, EvalScope, OpenCompass or τ-bench;
    None when it is none of these. Raises DataError for one of theirs that cannot be read."""
    from holdfast.importers import evalscope_opencompass, inspect_log, lighteval, lm_eval_samples, tau_bench

    readers = (lm_eval_samples, inspect_log, lighteval, evalscope_opencompass, tau_bench)
    return next((found for reader in readers if (found := reader.read(Path(path))) is not None), None)
