"""lm-evaluation-harness' files: results_<time>.json and samples_<task>_<time>.jsonl in a folder of the model."""

from pathlib import Path

from holdfast.importers import lm_eval_export
from holdfast.publish.subject import Subject


def write(subject: Subject, directory: Path) -> list[Path]:
    """Write the files; returns them."""
    folder = directory / "lm_eval" / subject.model_id.replace("/", "__")
    return lm_eval_export.write(subject.measurement, folder, subject.created)
