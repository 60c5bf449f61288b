"""LiveCodeBench (code generation): contest problems with stdin/stdout or function tests.

One row: {"problem": "There are three cards with letters a, b, c placed in a row …", "starter_code": "",
"tests": [{"input": "6\\nabc\\nacb\\n…", "output": "YES\\nYES\\n…", "testtype": "stdin"}]}

Traps: functional tests give one JSON value per line of `input`, for a method of `class Solution`; the hub's data set is
a loading script, which `datasets` no longer runs: read a local copy (the 879 problems of an early snapshot, whose rows
hold one to six tests, fewer than the leaderboard's). Grader: LiveCodeBench lcb_runner at release v1 (stdout line by
line, which accepts a correct prefix; ours does not). Problems: contest sites' terms. Zero-shot. Metric: pass@1.
"""

import json
import re
from typing import Any

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task


def prompt(doc: Doc) -> str:
    """The problem, with the class to complete or the way to read input."""
    if doc["starter_code"]:
        instruction = f"Complete this class:\n\n```python\n{doc['starter_code'].rstrip()}\n```"
    else:
        instruction = "Read the input from stdin and print the answer to stdout."
    return f"{doc['problem'].strip()}\n\n{instruction}\n\nAnswer with the whole program in one ```python block."


def reference(doc: Doc) -> dict[str, Any]:
    """stdin tests, or calls of the starter code's method."""
    tests = doc["tests"]
    if tests[0]["testtype"] == "stdin":
        return {"style": "stdin", "tests": [{"input": t["input"], "output": t["output"]} for t in tests]}
    method = re.findall(r"def (\w+)\(self", doc["starter_code"])[-1]
    calls = [{"args": _values(t["input"]), "kwargs": {}, "expected": json.loads(t["output"])} for t in tests]
    return {"style": "function", "entry_point": f"Solution.{method}", "tests": calls}


def _values(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]


TASKS = (
    Task(
        name="livecodebench",
        reward="code",
        source=Source(
            split="snapshot",
            files=("livecodebench/livecodebench.json",),
            sha256="9f4d51b47cb73a0dfd8e15f10245b30b3cfa2feefb0dbc7fb6ff421fefaca43c",
            licence="problems: contest sites' terms",
            count=879,
        ),
        prompt=prompt,
        reference=reference,
        max_tokens=4096,
        category=lambda doc: "functional" if doc["starter_code"] else "stdin",
        chance=0.0,
        metric="pass@1",
        summary="contest problems",
    ),
)
