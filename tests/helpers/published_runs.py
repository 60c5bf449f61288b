"""Two runs of awkward rows: repeats, conversations, answers without a value, odd ids, references of every shape."""

from pathlib import Path
from typing import Any

from helpers.made_runs import flipped, made_rows, made_run
from holdfast.compare import compare
from holdfast.files import write_json
from holdfast.report import write
from holdfast.runs.row import Row

TALK = [
    {"role": "user", "content": "Book a flight."},
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "1", "function": {"name": "book", "arguments": '{"to": "X"}'}}],
    },
    {"role": "tool", "content": "booked", "tool_call_id": "1"},
    {"role": "assistant", "content": "Done: booked."},
]


def plain(scores: list[float]) -> list[Row]:
    """One answer an item; ids with slashes, a lone surrogate, a reference that is a list."""
    rows = made_rows("gsm8k", [*scores, None], category="sums", cluster=[f"c{i // 4}" for i in range(len(scores) + 1)])
    rows[0].completion, rows[1].prompt = "\ud800 | and\na line", "a | b\n\n# c"
    rows[2].reference, rows[3].doc_id, rows[4].reference = ["18", "19"], "a/b:c", {"x": [1]}
    return rows


def repeated(scores: list[float]) -> list[Row]:
    """Two answers an item."""
    rows = made_rows("aime24", [score for score in scores for _ in range(2)])
    for number, row in enumerate(rows):
        row.doc_id, row.doc_hash, row.repeat = str(number // 2), f"hash-{number // 2}", number % 2
        row.prompt, row.prompt_hash = f"Item {number // 2}", f"prompt-{number // 2}"
    return rows


def episodes(scores: list[float]) -> list[Row]:
    """Conversations with calls of a tool."""
    rows = made_rows("tiny_notes", scores)
    for row in rows:
        row.prompt, row.completion = TALK[:1], TALK[1:]
    return rows


def pair(root: Path, **manifest: Any) -> Path:
    """A finished comparison of two models on three benchmarks."""
    tables = {plain: flipped(40, 20, 3, 9), repeated: flipped(30, 12, 6, 2), episodes: flipped(20, 9, 1, 1)}
    sides = []
    for side, name in ((0, "before"), (1, "after")):
        tasks = {rows[0].task: rows for rows in (make(scores[side]) for make, scores in tables.items())}
        sides.append(made_run(root / name, tasks, f"org/{name}", generation={"max_gen_toks": 64, "temperature": 0.6}))
    write(compare(*sides, target=("gsm8k",), margin=0.05), root)
    write_json(root / "manifest.json", {"created": "2026-11-01T10:00:00Z", "suite": "quick", "config": {}, **manifest})
    return root
