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

    `extras`: what else is known of the run: `training` (a trainer's log history), `guard`, `bisect`, `mend` (their
    records); without them the run's own files are read where there are any. Raises UsageError for an unknown format,
    DataError for a `training.json` that is not one.
    """
    from holdfast.files import write_whole

    for kind in formats:
        if kind not in FORMATS:
            raise unknown("report format", kind, FORMATS)
    known = _training_records(comparison, directory) | dict(extras or {})
    paths = []
    for kind in formats:
        path = Path(directory) / f"{name}.{kind}"
        write_whole(path, text(comparison, kind, known))
        paths.append(path)
    return paths


def text(comparison: "Comparison", kind: str, extras: Mapping[str, Any] | None = None) -> str:
    """The report in one format: `json`, `md` or `html`. Raises UsageError for another.

    `extras` as in `write`; None: what lies beside the run after is taken.
    """
    if kind == "json":
        import json

        return json.dumps(comparison.to_json(), indent=1, ensure_ascii=True) + "\n"
    if kind not in FORMATS:
        raise unknown("report format", kind, FORMATS)
    known = _training_records(comparison) if extras is None else extras
    if kind == "md":
        from holdfast.report.markdown import markdown

        return markdown(comparison, known)
    from holdfast.report.html.page import render

    return render(comparison, known)


def terminal(comparison: "Comparison", extras: Mapping[str, Any] | None = None) -> "RenderableType":
    """What `rich` prints: the verdict, a table with a small forest plot, warnings, what guard, bisect and mend found.

    `extras` as in `write`; None: what lies beside the run after is taken.
    """
    from holdfast.report.console import Terminal

    return Terminal(comparison, _training_records(comparison) if extras is None else extras)


def refresh(run: Path) -> list[Path]:
    """Write a run's report.md and report.html anew from its report.json, with what bisect and mend have found since.

    Returns the paths; none when the run has no report.json.
    """
    from holdfast.compare.result import Comparison
    from holdfast.files import read_json

    if not (run / "report.json").is_file():
        return []
    return write(Comparison.from_json(read_json(run / "report.json")), run, ("md", "html"))


def _training_records(comparison: "Comparison", directory: Path | None = None) -> dict[str, Any]:
    """What the run's directory tells of its training."""
    from holdfast.report.training_events import read_story

    for folder in (directory, Path(comparison.after.path).parent):
        if folder is None:
            continue
        known: dict[str, Any] = read_story(Path(folder))
        if (Path(folder) / "training.json").is_file():
            known["training"] = read_training(Path(folder) / "training.json")
        if known:
            return known
    return {}


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
