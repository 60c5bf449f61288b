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

    `extras`: `{"training": log history, "guard": guard.json's record}` for the training curves; without them the
    run's own `training.json` and `guard/guard.json` are read where there are any. Raises UsageError for an unknown
    format, DataError for a `training.json` that is not one.
    """
    from holdfast.rows import write_whole

    for wanted in formats:
        if wanted not in FORMATS:
            raise unknown("report format", wanted, FORMATS)
    known = _found(comparison, directory) | dict(extras or {})
    paths = []
    for wanted in formats:
        path = Path(directory) / f"{name}.{wanted}"
        write_whole(path, text(comparison, wanted, known))
        paths.append(path)
    return paths


def text(comparison: "Comparison", wanted: str, extras: Mapping[str, Any] | None = None) -> str:
    """The report in one format: `json`, `md` or `html`. Raises UsageError for another.

    `extras` as in `write`; None: what lies beside the run after is taken.
    """
    if wanted == "json":
        import json

        return json.dumps(comparison.to_json(), indent=1, ensure_ascii=True) + "\n"
    if wanted == "md":
        from holdfast.report.markdown import markdown

        return markdown(comparison)
    if wanted == "html":
        from holdfast.report.html import render

        known = _found(comparison) if extras is None else extras
        return render(comparison, training=known.get("training") or (), guard=known.get("guard"))
    raise unknown("report format", wanted, FORMATS)


def terminal(comparison: "Comparison") -> "RenderableType":
    """What `rich` prints: the verdict, a table with a small forest plot, warnings."""
    from holdfast.report.console import Terminal

    return Terminal(comparison)


def _found(comparison: "Comparison", directory: Path | None = None) -> dict[str, Any]:
    """What the run's directory tells of its training."""
    from holdfast.run import read_json

    for folder in (directory, Path(comparison.after.path).parent):
        if folder and (Path(folder) / "training.json").is_file():
            guard = Path(folder) / "guard" / "guard.json"
            known = {"training": read_training(Path(folder) / "training.json")}
            return known | ({"guard": read_json(guard)} if guard.is_file() else {})
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
