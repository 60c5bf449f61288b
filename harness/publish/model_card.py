"""A section of a model's card (README.md), and its front matter's `model-index`.

Front matter: `model-index: [{name, results: [{task: {type}, dataset: {type, name, config, split, revision}, metrics:
[{type, value, name}], source: {name, url}}]}]`, as modelcard.md of huggingface/hub-docs documents it. A card that is
there already keeps its text: the section between our two marks is replaced, other models' and tasks' entries stay.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from holdfast.errors import DataError
from holdfast.files import write_whole
from holdfast.publish.subject import Subject, data_source, setup
from holdfast.report import phrases
from holdfast.report.markdown import plain
from holdfast.runs.measurement import TaskResult

BEGIN, END = "<!-- holdfast results -->", "<!-- end of holdfast results -->"
_FRONT = re.compile(r"\A---\n(.*?)\n---\n?", re.DOTALL)


def write(subject: Subject, directory: Path) -> list[Path]:
    """Write or amend README.md. Raises DataError for a card whose front matter is no YAML mapping."""
    path = directory / "README.md"
    existing = path.read_text(encoding="utf-8") if path.is_file() else ""
    front, text = _parts(existing, path)
    front["model-index"] = _merged(front.get("model-index"), model_index(subject))
    front.setdefault("tags", ["holdfast"])
    head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000).strip()
    write_whole(path, f"---\n{head}\n---\n{_replaced(text, section(subject), subject.model_name)}")
    return [path]


def model_index(subject: Subject) -> dict[str, Any]:
    """The metadata of every benchmark with a score."""
    tasks = subject.measurement.tasks.values()
    return {"name": subject.model_name, "results": [_result(one, subject) for one in tasks if one.mean is not None]}


def _result(task: TaskResult, subject: Subject) -> dict[str, Any]:
    source = data_source(task.task)
    data = {"type": source.hub or task.task, "name": task.task, "config": source.config, "split": source.split,
            "revision": source.revision}  # fmt: skip
    error = "" if task.stderr is None else f" (standard error {100 * task.stderr:.2f})"
    name = f"{task.metric}, {task.n} items{error}"
    metric = {"type": task.metric, "value": round(100 * (task.mean or 0.0), 4), "name": name}
    found: dict[str, Any] = {
        "task": {"type": "text-generation"},
        "dataset": {key: value for key, value in data.items() if value},
        "metrics": [metric],
    }
    if subject.source_url:
        found["source"] = {"name": "Holdfast", "url": subject.source_url}
    return found


def section(subject: Subject) -> str:
    """The Markdown between the marks: a table of scores, and with a comparison what changed."""
    lines = [BEGIN, "## Evaluation", ""]
    if subject.comparison is not None:
        lines += [plain(phrases.sentence(subject.comparison)), ""]
    lines += [*_table(subject), "", _setup_sentence(subject), "", END]
    return "\n".join(lines)


def _table(subject: Subject) -> list[str]:
    changes = {one.task: one for one in subject.comparison.benchmarks} if subject.comparison else {}
    heads = ["Benchmark", "Metric", "Score", "± (95 %)", "Items"] + (["Before", "Change", "Verdict"] if changes else [])
    lines = [_line(heads), "| --- " * len(heads) + "|"]
    for task in subject.measurement.tasks.values():
        error = "" if task.stderr is None else f"{196 * task.stderr:.1f}"
        cells = [plain(task.task), plain(task.metric), phrases.score(task.mean), error, f"{task.n:,}"]
        if changes:
            one = changes.get(task.task)
            change = f"{phrases.points(one.difference)} {phrases.interval(one.interval)}" if one else ""
            cells += [phrases.score(one.before), change, phrases.VERDICTS[one.verdict].word] if one else ["", "", ""]
        lines.append(_line(cells))
    return lines


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _setup_sentence(subject: Subject) -> str:
    """How the numbers came about."""
    tasks: dict[str, list[str]] = {}
    for name, result in subject.measurement.tasks.items():
        tasks.setdefault(setup(result, subject.version), []).append(name)
    labelled = [f"{', '.join(names)}: {text}" for text, names in tasks.items()]
    setup_text = "; ".join(labelled if len(tasks) > 1 else tasks)
    link = f" [The run]({subject.source_url})." if subject.source_url else ""
    unjudged = sum(result.unjudged for result in subject.measurement.tasks.values())
    lacking = f" {unjudged:,} answers could not be judged and count for nothing." if unjudged else ""
    return f"Points of 100. {plain(setup_text)}.{lacking}{link}"


def _parts(card: str, path: Path) -> tuple[dict[str, Any], str]:
    """A card's front matter and its text."""
    found = _FRONT.match(card)
    if found is None:
        return {}, card
    try:
        front = yaml.safe_load(found[1]) or {}
    except yaml.YAMLError as error:
        raise DataError(f"the front matter of {path} is not YAML: {error}") from error
    if not isinstance(front, dict):
        raise DataError(f"the front matter of {path} must be a mapping, not {type(front).__name__}")
    return front, card[found.end() :]


def _merged(existing: Any, ours: dict[str, Any]) -> list[dict[str, Any]]:
    """Other models stay, and of this one the results on data and metrics that are not among ours."""
    entries = [entry for entry in existing if isinstance(entry, dict)] if isinstance(existing, list) else []
    mine = {_key(result) for result in ours["results"]}
    kept: list[Any] = []
    for entry in entries:
        if entry.get("name") == ours["name"]:
            kept += [result for result in entry.get("results") or [] if _key(result) not in mine]
    others = [entry for entry in entries if entry.get("name") != ours["name"]]
    return [*others, {"name": ours["name"], "results": [*kept, *ours["results"]]}]


def _key(result: Any) -> str:
    data = result.get("dataset") or {}
    types = sorted(str(metric.get("type")) for metric in result.get("metrics") or [])
    return repr((data.get("type"), data.get("config"), data.get("split"), types))


def _replaced(text: str, section: str, name: str) -> str:
    begin, end = text.find(BEGIN), text.find(END)
    if 0 <= begin < end:
        return f"{text[:begin]}{section}{text[end + len(END) :]}"
    title = text.rstrip() or f"\n# {name}"
    return f"{title}\n\n{section}\n"
