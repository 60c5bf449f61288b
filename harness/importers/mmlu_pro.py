"""MMLU-Pro's own outputs (TIGER-AI-Lab/MMLU-Pro, evaluate_from_local.py): a JSON array, or a zip of one.

[{"question_id": 70, "question": "…", "options": ["…", …], "answer": "I", "answer_index": 8, "category": "business",
"pred": "I", "model_outputs": "…"}, …]; `pred` null: no answer was read, which is wrong here (the source guesses).
"""

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.files import digest
from holdfast.importers.recorded import Recorded, read_whole, recorded
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row

TASK = "mmlu_pro"
_NEEDED = frozenset({"question_id", "question", "options", "answer", "pred", "category"})
_MOST_BYTES = 1 << 30
_REWARD = {"name": "mmlu_pro:extract_answer", "version": "unknown", "options": {}}


def read(path: Path) -> Recorded | None:
    """The measurement, or None when it is not MMLU-Pro's."""
    rows = _load(path)
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], Mapping) or not set(rows[0]) >= _NEEDED:
        return None
    task = TaskResult(TASK, version="unknown", reward=_REWARD, chance=0.1)
    return recorded(path, {TASK: partial(_rows, rows)}, {TASK: task}, {"name": path.name.partition(".")[0]})


def _load(path: Path) -> Any:
    if path.suffix != ".zip" or not path.is_file():
        return read_whole(path)
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [one for one in archive.infolist() if one.filename.endswith(".json")]
            if len(inside) != 1 or inside[0].file_size > _MOST_BYTES:
                return None
            return json.loads(archive.read(inside[0]))
    except (ValueError, RecursionError, zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _rows(rows: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    for row in rows:
        prompt = str(row["question"]) + "".join(f"\n{chr(65 + i)}. {text}" for i, text in enumerate(row["options"]))
        right = row["pred"] == row["answer"]
        yield Row(
            task=TASK,
            doc_id=str(row["question_id"]),
            doc_hash=digest([prompt, row["answer"]]),
            prompt_hash=digest(prompt),
            prompt=prompt,
            completion=str(row.get("model_outputs") or row.get("generated_text") or ""),
            reference=row["answer"],
            score=float(right),
            outcome="correct" if right else "wrong",
            extracted=row["pred"],
            category=str(row["category"]),
        )
