"""Best-of-N and rejection sampling: N completions per prompt, judged by a reward, written as training rows.

The sampling is a measurement of a one-task suite (`benchmarks.engine.measure`), so it resumes after a kill, its answers
are cached, and every judged row stays on disk, also those that become no training row.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.errors import DataError, UsageError, suggestion
from holdfast.files import write_whole
from holdfast.records import read_records
from holdfast.reward import Reward
from holdfast.runs.measurement import Measurement
from holdfast.runs.row import Row
from holdfast.sample import Text, final_text
from holdfast.trainers.data.generated.prompts import prompt_rows, write_prompts
from holdfast.trainers.settings.config import DataConfig

log = logging.getLogger("holdfast")
To = Literal["sft", "dpo"]
TASK = "sample"


@dataclass(frozen=True, slots=True)
class Sampled:
    """What a sampling gave."""

    measurement: Measurement
    rows: int
    """Number of judged completions."""
    prompts: int
    written: int
    """Number of training rows written."""
    without: int
    """Prompts that gave none: nothing good enough, or (for pairs) nothing to prefer."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which training rows are made of the completions."""

    to: To = "sft"
    n: int = 8
    """Completions per prompt."""
    threshold: float = 1.0
    """Least score of a completion worth training on, and of the better half of a pair."""
    keep: int | None = 1
    """Rows per prompt at most; None: all that pass (rejection sampling)."""
    max_chars: int | None = None
    """Longer answers become no training row."""
    dedupe: bool = True
    """Keep one of equal answers to a prompt."""
    chosen: Literal["best", "data"] = "best"
    """Pairs: the better half is the model's best answer, or the data's own (the worse: the model's, where it is not the
    same and, if `judged`, scores below the threshold)."""
    judged: bool = True

    def check(self) -> None:
        """Raise UsageError for fewer completions than the target needs, or none to keep."""
        if self.keep is not None and self.keep < 1:
            raise UsageError(f"keep must be at least 1, or all, not {self.keep}")
        if self.chosen == "data" and self.to != "dpo":
            raise UsageError("chosen=data pairs the data's answers with the model's: it goes with to=dpo")
        least = 2 if self.to == "dpo" and self.chosen == "best" else 1
        if self.n < least:
            raise UsageError(f"to={self.to} needs at least {least} completions per prompt, not n={self.n}")


def prompts_of(data: DataConfig, out: Path, reward: Reward, data_root: Path | None = None) -> Path:
    """`out`/prompts.jsonl: the prompts of a data set as they will be asked, other columns beside them.

    Raises DataError for a row without prompt, or without the reference that `reward` needs (naming its columns).
    """

    def rows() -> Iterator[dict[str, Any]]:
        for number, row in enumerate(prompt_rows(data, 0, data_root)):
            if reward.needs_reference and "reference" not in row:
                raise DataError(
                    f"{data.path}, row {number}: reward {reward.name!r} needs a reference"
                    f"{suggestion('reference', row)}; name its column with reference=…"
                )
            yield row

    return write_prompts(rows(), out / "prompts.jsonl")


def sample(
    model: Any,
    prompts: Path,
    out: Path,
    *,
    reward: Any,
    selection: Selection,
    temperature: float = 1.0,
    max_tokens: int = 512,
    settings: Settings | None = None,
) -> Sampled:
    """Sample completions of every row of `prompts` (JSONL: prompt, reference, …) and write `out`/{to}.jsonl beside all
    judged rows. `model`, `settings`: as `benchmarks.engine.measure` takes them."""
    selection.check()
    task = {"task": TASK, "file": str(prompts.resolve()), "reward": reward}
    sampling = {"repeats": selection.n, "sampling": {"temperature": temperature}, "max_tokens": max_tokens}
    measurement = measure(model, {"name": TASK, "tasks": [{**task, **sampling}]}, out, settings=settings)
    rows = list(measurement.rows(TASK))
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.doc_id, []).append(row)
    _warn(groups, selection.n)
    answers = _own_answers(prompts) if selection.chosen == "data" else {}
    chosen = [choose(group, selection, answers.get(doc)) for doc, group in groups.items()]
    records = [record for found in chosen for record in found]
    text = "".join(json.dumps(record) + "\n" for record in records)
    write_whole(out / f"{selection.to}.jsonl", text)
    return Sampled(measurement, len(rows), len(groups), len(records), sum(not found for found in chosen))


def _warn(groups: Mapping[str, Sequence[Row]], n: int) -> None:
    if n > 1 and len(groups) > 1 and all(len({str(row.completion) for row in group}) == 1 for group in groups.values()):
        log.warning("all %d completions of every prompt are the same text: does the model sample? (temperature=)", n)


def _own_answers(prompts: Path) -> dict[str, Text]:
    """The data's own answers by doc_id, which is a row's position. Raises DataError where there are none."""
    rows = {str(index): row for index, (_, row) in enumerate(read_records(prompts))}
    if not any("completion" in row or "messages" in row for row in rows.values()):
        raise DataError(f"chosen=data needs answers: {prompts} has no column completion (columns.completion=…)")
    return {doc: row.get("completion") or row["messages"][-1:] for doc, row in rows.items()}


def choose(group: Sequence[Row], selection: Selection, own_answer: Text | None = None) -> list[dict[str, Any]]:
    """The training rows of one prompt's completions: the `keep` best (SFT), or the best against the worst, the second
    best against the second worst, … (DPO); None keeps all that reach the threshold.

    Completions that could not be judged, were cut off or are too long are left out. Of equals the shortest is best:
    rejection sampling would otherwise teach length.
    """
    ranked = _ranked(group, selection.max_chars, selection.dedupe)
    if own_answer is not None:
        return _against_own_answer(ranked, selection, own_answer)
    good = [row for row in ranked if (row.score or 0.0) >= selection.threshold][: selection.keep]
    if selection.to == "sft":
        return [_sft_row(row) for row in good]
    pairs = zip(good, reversed(ranked), strict=False)
    return [_pair(best, worst) for best, worst in pairs if (worst.score or 0.0) < (best.score or 0.0)]


def _against_own_answer(ranked: Sequence[Row], selection: Selection, own_answer: Text) -> list[dict[str, Any]]:
    """The data's answer against the model's, the worst first."""
    worse = [row for row in reversed(ranked) if final_text(row.completion).strip() != final_text(own_answer).strip()]
    if selection.judged:
        worse = [row for row in worse if (row.score or 0.0) < selection.threshold]
    chosen = _messages(own_answer, "assistant")
    return [_pair(row, row) | {"chosen": chosen, "scores": [None, row.score]} for row in worse[: selection.keep]]


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


def _pair(better: Row, worst: Row) -> dict[str, Any]:
    answers = {name: _messages(row.completion, "assistant") for name, row in (("chosen", better), ("rejected", worst))}
    return {"prompt": _messages(better.prompt, "user"), **answers, "scores": [better.score, worst.score]}


def _messages(text: Text, role: str) -> list[dict[str, Any]]:
    return [{"role": role, "content": text}] if isinstance(text, str) else [dict(message) for message in text]
