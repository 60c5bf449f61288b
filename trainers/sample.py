"""Best-of-N and rejection sampling: N completions per prompt, judged by a reward, written as training rows.

The sampling is a measurement of a one-task suite (`benchmarks.engine.measure`), so it resumes after a kill, its answers
are cached, and every judged row stays on disk, also those that train nobody.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from holdfast.benchmarks.engine import measure
from holdfast.benchmarks.settings import Settings
from holdfast.errors import UsageError
from holdfast.rows import Row, write_whole
from holdfast.run import Measurement
from holdfast.sample import Text

To = Literal["sft", "dpo"]
TASK = "sample"


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a sampling gave."""

    measurement: Measurement
    rows: int
    """Judged completions."""
    prompts: int
    written: int
    """Training rows."""
    without: int
    """Prompts that gave none: nothing good enough, or (for pairs) nothing to prefer."""


def sample(
    model: Any,
    source: Path,
    out: Path,
    *,
    reward: Any,
    to: To,
    n: int,
    threshold: float,
    fields: Mapping[str, str],
    temperature: float = 1.0,
    max_tokens: int = 512,
    settings: Settings | None = None,
) -> Drawn:
    """Sample `n` completions per row of `source` and write `out`/{to}.jsonl beside all judged rows.

    `threshold`: the least score of a completion worth training on, and of the better half of a pair. Raises UsageError
    for fewer completions than the target needs.
    """
    if n < (2 if to == "dpo" else 1):
        raise UsageError(f"to={to} needs at least {2 if to == 'dpo' else 1} completions per prompt, not n={n}")
    task = {"task": TASK, "file": str(source.resolve()), "reward": reward, **fields}
    drawn = {"repeats": n, "sampling": {"temperature": temperature}, "max_tokens": max_tokens}
    measurement = measure(model, {"name": TASK, "tasks": [{**task, **drawn}]}, out, settings=settings)
    rows = list(measurement.rows(TASK))
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.doc_id, []).append(row)
    chosen = [choose(group, to, threshold) for group in groups.values()]
    records = [record for found in chosen for record in found]
    text = "".join(json.dumps(record) + "\n" for record in records)
    write_whole(out / f"{to}.jsonl", text)
    return Drawn(measurement, len(rows), len(groups), len(records), sum(not found for found in chosen))


def choose(group: Sequence[Row], to: To, threshold: float) -> list[dict[str, Any]]:
    """The training row of one prompt's completions, or none: the best one (SFT), or the best against the worst (DPO).

    Completions that could not be judged, or were cut off, train nobody. Of equals the shortest is best: rejection
    sampling would otherwise teach length.
    """
    judged = [row for row in group if row.score is not None and row.finish_reason != "length"]
    ranked = sorted(judged, key=lambda row: (-(row.score or 0.0), len(str(row.completion))))
    if not ranked or (ranked[0].score or 0.0) < threshold:
        return []
    best, worst = ranked[0], ranked[-1]
    prompt = _messages(best.prompt, "user")
    if to == "sft":
        return [{"prompt": prompt, "completion": _messages(best.completion, "assistant"), "score": best.score}]
    if worst.score == best.score:
        return []
    answers = {name: _messages(row.completion, "assistant") for name, row in (("chosen", best), ("rejected", worst))}
    return [{"prompt": prompt, **answers, "scores": [best.score, worst.score]}]


def _messages(text: Text, role: str) -> list[dict[str, Any]]:
    return [{"role": role, "content": text}] if isinstance(text, str) else [dict(message) for message in text]
