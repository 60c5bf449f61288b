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
from holdfast.sample import Text, final_text

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
    keep: int | None = 1,
    max_chars: int | None = None,
    dedupe: bool = True,
) -> Drawn:
    """Sample `n` completions per row of `source` and write `out`/{to}.jsonl beside all judged rows.

    `threshold`: the least score of a completion worth training on, and of the better half of a pair. `keep`: rows per
    prompt at most, None for all that pass (rejection sampling); `max_chars`: longer answers train nobody; `dedupe`: of
    equal answers to a prompt one counts. Raises UsageError for fewer completions than the target needs.
    """
    if keep is not None and keep < 1:
        raise UsageError(f"keep must be at least 1, or all, not {keep}")
    if n < (2 if to == "dpo" else 1):
        raise UsageError(f"to={to} needs at least {2 if to == 'dpo' else 1} completions per prompt, not n={n}")
    task = {"task": TASK, "file": str(source.resolve()), "reward": reward, **fields}
    drawn = {"repeats": n, "sampling": {"temperature": temperature}, "max_tokens": max_tokens}
    measurement = measure(model, {"name": TASK, "tasks": [{**task, **drawn}]}, out, settings=settings)
    rows = list(measurement.rows(TASK))
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.doc_id, []).append(row)
    chosen = [choose(group, to, threshold, keep, max_chars, dedupe) for group in groups.values()]
    records = [record for found in chosen for record in found]
    text = "".join(json.dumps(record) + "\n" for record in records)
    write_whole(out / f"{to}.jsonl", text)
    return Drawn(measurement, len(rows), len(groups), len(records), sum(not found for found in chosen))


def choose(
    group: Sequence[Row],
    to: To,
    threshold: float,
    keep: int | None = 1,
    max_chars: int | None = None,
    dedupe: bool = True,
) -> list[dict[str, Any]]:
    """The training rows of one prompt's completions: the `keep` best (SFT), or the best against the worst, the second
    best against the second worst, … (DPO); None keeps all that reach the threshold.

    Completions that could not be judged, were cut off or are too long train nobody. Of equals the shortest is best:
    rejection sampling would otherwise teach length.
    """
    ranked = _ranked(group, max_chars, dedupe)
    good = [row for row in ranked if (row.score or 0.0) >= threshold][:keep]
    if to == "sft":
        return [_sft_row(row) for row in good]
    pairs = zip(good, reversed(ranked))
    return [_pair(best, worst) for best, worst in pairs if (worst.score or 0.0) < (best.score or 0.0)]


def _ranked(group: Sequence[Row], max_chars: int | None, dedupe: bool) -> list[Row]:
    """The completions that may train, the best first."""
    judged = [row for row in group if row.score is not None and row.finish_reason != "length"]
    ranked = sorted(judged, key=lambda row: (-(row.score or 0.0), len(final_text(row.completion))))
    if max_chars is not None:
        ranked = [row for row in ranked if len(final_text(row.completion)) <= max_chars]
    if not dedupe:
        return ranked
    return list({final_text(row.completion).strip(): row for row in reversed(ranked)}.values())[::-1]


def _sft_row(row: Row) -> dict[str, Any]:
    answer = _messages(row.completion, "assistant")
    return {"prompt": _messages(row.prompt, "user"), "completion": answer, "score": row.score}


def _pair(best: Row, worst: Row) -> dict[str, Any]:
    answers = {name: _messages(row.completion, "assistant") for name, row in (("chosen", best), ("rejected", worst))}
    return {"prompt": _messages(best.prompt, "user"), **answers, "scores": [best.score, worst.score]}


def _messages(text: Text, role: str) -> list[dict[str, Any]]:
    return [{"role": role, "content": text}] if isinstance(text, str) else [dict(message) for message in text]
