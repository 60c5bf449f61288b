"""The card that goes with a trained model: what it was trained from, on what, and what it gained and lost."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from holdfast.files import read_json, write_whole


def write_card(run: Path, checkpoint: Path) -> None:
    """Write README.md beside a checkpoint's weights, from its run's manifest and report."""
    write_whole(checkpoint / "README.md", card(run))


def card(run: Path) -> str:
    """The card of a run's model: the hub's front matter, its data, and the regression table of its report."""
    manifest: Mapping[str, Any] = read_json(run / "manifest.json")
    config: Mapping[str, Any] = manifest.get("config") or {}
    trainer, model, data = (config.get(name) or {} for name in ("trainer", "model", "data"))
    adapter = (run / "checkpoint" / "adapter_config.json").is_file()
    front: dict[str, Any] = {"tags": ["holdfast", "trl", str(trainer.get("name", ""))]}
    front |= {"library_name": "peft" if adapter else "transformers"}
    if base := _hub_id(str(model.get("path", ""))):
        front |= {"base_model": base}
    if sets := [name for name in map(_hub_id, _paths(data)) if name]:
        front |= {"datasets": sets}
    report = run / "report.md"
    return "\n".join(
        [
            "---",
            yaml.safe_dump(front, sort_keys=True).strip(),
            "---",
            "",
            f"# {run.name}",
            "",
            f"Trained with `{trainer.get('name')}` from `{model.get('path')}`, see the data below.",
            "",
            "What the training did to the other skills, item by item against the model it began with:",
            "",
            report.read_text("utf-8") if report.is_file() else "The suite was not measured.",
            "",
            "## Training data",
            "",
            *(f"- {line}" for line in _data(manifest, _paths(data))),
            "",
        ]
    )


def _paths(data: Mapping[str, Any]) -> list[str]:
    """The data sets of a run's settings."""
    given = data.get("sources") or [data.get("path", "")]
    return [str(one.get("path", "") if isinstance(one, Mapping) else one) for one in given]


def _data(manifest: Mapping[str, Any], paths: list[str]) -> Iterator[str]:
    """What was found out about the rows before they were learned: how many, whence, cut, overlapping, odd."""
    rows: Mapping[str, Any] = manifest.get("training_rows") or {}
    if not rows:
        yield f"`{' + '.join(paths)}`"
        return
    yield f"{rows['count']:,} rows of `{rows.get('source', '')}` (hash `{str(rows.get('hash', ''))[:16]}`)"
    if replay := rows.get("replay"):
        yield f"{replay['count']:,} of them rehearse what the model could ({replay['source']})"
    for part in ("data_card", "contamination"):
        if sentence := (manifest.get(part) or {}).get("sentence"):
            yield str(sentence)
    yield from map(str, (manifest.get("endings") or {}).get("findings", ()))


def _hub_id(path: str) -> str:
    return path if path.count("/") == 1 and not path.startswith((".", "/", "~")) and not Path(path).exists() else ""
