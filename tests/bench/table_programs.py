"""The table of docs/sandbox.md: rows of each data set of code, converted, gold passing, spoiled failing, unjudgeable.

python tests/bench/table_programs.py [rows a shape, default 100]       prints the table in Markdown
"""

import gzip
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1])]

from helpers import code_rows  # noqa: E402
from helpers.paths import SHARED_DATA  # noqa: E402

from holdfast.reward import Reward  # noqa: E402
from holdfast.rewards.sandbox import close_pools  # noqa: E402
from holdfast.rewards.sandbox.source.reference import BadReferenceError, read  # noqa: E402
from holdfast.sample import Sample  # noqa: E402

_HEAD = "| data set | rows | converted | gold passes | spoiled fails | unjudgeable |\n|---|---|---|---|---|---|"


def _line(name: str, rows: list[Any], golds: list[str]) -> str:
    reward = Reward("code", backend="bubblewrap", timeout=30.0)
    converted, reasons = 0, Counter[str]()
    for row in rows:
        try:
            read(row)
            converted += 1
        except BadReferenceError as error:
            reasons[str(error)[:60]] += 1
    if not golds:
        return f"| {name} | {len(rows)} | {converted} | no gold at hand | | {_told(reasons)} |"
    gold = reward.score_batch([Sample(text, row, _prompt(row)) for text, row in zip(golds, rows, strict=True)])
    bad = [Sample(code_rows.spoiled(text), row, _prompt(row)) for text, row in zip(golds, rows, strict=True)]
    wrong = reward.score_batch(bad)
    reasons.update(score.reason[:60] for score in gold if score.value is None)
    right = sum(score.value == 1.0 for score in gold)
    failing = sum(score.value == 0.0 for score in wrong)
    return f"| {name} | {len(rows)} | {converted} | {right} | {failing} | {_told(reasons)} |"


def _told(reasons: Counter[str]) -> str:
    return "; ".join(f"{count}: {reason}" for reason, count in reasons.most_common(3)) or "0"


def _prompt(row: Any) -> str:
    return str(row.get("prompt") or "") if isinstance(row, dict) and isinstance(row.get("prompt"), str) else ""


def _lines(*parts: str) -> list[dict[str, Any]]:
    data = SHARED_DATA.joinpath(*parts).read_bytes()
    return [json.loads(line) for line in (gzip.decompress(data) if parts[-1].endswith(".gz") else data).splitlines()]


def main(count: int) -> None:
    """Print the table."""
    print(_HEAD)
    humaneval, mbpp = _lines("humaneval", "HumanEval.jsonl.gz"), _lines("mbpp", "mbpp.jsonl")
    print(_line("HumanEval", humaneval, [row["prompt"] + row["canonical_solution"] for row in humaneval]))
    print(_line("MBPP", mbpp, [row["code"] for row in mbpp]))
    print(
        _line(
            "LiveCodeBench (rLLM's copy)",
            json.loads((SHARED_DATA / "livecodebench/livecodebench.json").read_text()),
            [],
        )
    )
    problems = list(code_rows.problems(count))
    for name, shape in code_rows.SHAPES.items():
        print(_line(f"{name} (rebuilt)", [shape.make(p) for p in problems], [shape.gold(p) for p in problems]))
    close_pools()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
