"""A comparison rendered: terminal, Markdown, JSON and one self-contained HTML file.

`write(comparison, directory)` writes report.json, report.md and report.html; `terminal(comparison)` is what a person
sees first. Scores and differences are shown in points (score × 100).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from holdfast.errors import DataError, unknown

if TYPE_CHECKING:
    from rich.console import RenderableType

    from holdfast.compare.result import Comparison

Format = Literal["json", "md", "html"]
FORMATS: tuple[Format, ...] = ("json", "md", "html")


def write(
    comparison: "Comparison",
    directory: Path,
    formats: Sequence[str] = FORMATS,
    extras: Mapping[str, Any] | None = None,
    name: str = "report",
) -> list[Path]:
    """Write `directory`/report.json, .md and .html (each whole or not at all); returns their paths.

    `extras`: `{"training": log history}` for the training curves; without it the run's own `training.json` is read
    where there is one. Raises UsageError for an unknown format, DataError for a `training.json` that is not one.
    """
    from holdfast.rows import write_whole

    for wanted in formats:
        if wanted not in FORMATS:
            raise unknown("report format", wanted, FORMATS)
    training = _training(comparison, Path(directory), extras or {})
    paths = []
    for wanted in formats:
        path = Path(directory) / f"{name}.{wanted}"
        write_whole(path, text(comparison, wanted, training))
        paths.append(path)
    return paths


def text(comparison: "Comparison", wanted: str, training: Sequence[Mapping[str, Any]] = ()) -> str:
    """The report in one format: `json`, `md` or `html`. Raises UsageError for another."""
    if wanted == "json":
        import json

        return json.dumps(comparison.to_json(), indent=1, ensure_ascii=True) + "\n"
    if wanted == "md":
        from holdfast.report.markdown import markdown

        return markdown(comparison)
    if wanted == "html":
        from holdfast.report.html import render

        return render(comparison, training=training)
    raise unknown("report format", wanted, FORMATS)


def terminal(comparison: "Comparison") -> "RenderableType":
    """What `rich` prints: the verdict, a table with a small forest plot, warnings."""
    from holdfast.report.console import Terminal

    return Terminal(comparison)


def _training(comparison: "Comparison", directory: Path, extras: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if "training" in extras:
        return extras["training"] or ()
    for folder in (directory, Path(comparison.after.path).parent):
        if (folder / "training.json").is_file():
            return read_training(folder / "training.json")
    return ()


def read_training(path: Path) -> list[Mapping[str, Any]]:
    """The log history of a `training.json`: a list of dicts, or an object that holds it as `log`. Raises DataError."""
    import json

    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    log = record.get("log") if isinstance(record, dict) else record
    if not isinstance(log, list) or not all(isinstance(entry, dict) for entry in log):
        raise DataError(f"{path} must hold a list of log entries, or an object with one as `log`")
    return log
