"""Write a run's results in the forms that others read: model card, the hub's metadata, other harnesses' files.

usage: holdfast publish RUN out=DIR [key=value …] [--json]

RUN is a training, an evaluation, or the output of another harness that `holdfast compare` reads. Keys:
  out=DIR               where to; a README.md there keeps its text, only our section and its numbers are replaced
  formats=[card,eval_results,every_eval_ever,lm_eval,inspect]     default: all
    card                README.md: a section with the scores (and what changed), front matter with `model-index`
    eval_results        .eval_results/TASK.yaml, what the hub's model pages and leaderboards read (whole benchmarks)
    every_eval_ever     data/…/UUID.json and UUID_samples.jsonl
    lm_eval             lm_eval/MODEL/results_TIME.json and samples_TASK_TIME.jsonl
    inspect             inspect/TIME_TASK_ID.eval, for `inspect view`
  model_id=ORG/NAME     the model's id on the hub (default: the measured model's name, else local/RUN)
  source_url=https://…  where the run can be seen

Nothing is uploaded.

examples:
  holdfast publish runs/a out=models/a model_id=me/my-model
  holdfast publish runs/a out=models/a formats=[card,eval_results] source_url=https://example.org/runs/a
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.cli.grammar import Flags
from holdfast.errors import UsageError


@dataclass(slots=True)
class Options:
    """Keys of `holdfast publish`."""

    out: str
    formats: list[str] = field(default_factory=list)
    model_id: str | None = None
    source_url: str = ""


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Publish one run."""
    from holdfast.publish import FORMATS, publish
    from holdfast.publish.eval_results import left_out
    from holdfast.publish.subject import read_subject

    if len(paths) != 1:
        raise UsageError(f"`holdfast publish` takes one run, not {len(paths)}: {' '.join(paths) or 'nothing'}")
    subject = read_subject(Path(paths[0]), options.model_id, options.source_url)
    formats = options.formats or list(FORMATS)
    written = publish(subject, Path(options.out), formats)
    skipped = left_out(subject) if "eval_results" in formats else {}
    if flags.json:
        listed = {name: [str(path) for path in paths] for name, paths in written.items()}
        print(json.dumps({"model_id": subject.model_id, "files": listed, "left_out_of_eval_results": skipped}))
        return 0
    for name, files in written.items():
        print(f"{name:<16} {_files_text(files)}")
    for reason in dict.fromkeys(skipped.values()):
        names = ", ".join(name for name in skipped if skipped[name] == reason)
        print(f"not in .eval_results: {names} ({reason})")
    return 0


def _files_text(files: list[Path]) -> str:
    if not files:
        return "nothing"
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{files[0]}{more}"
