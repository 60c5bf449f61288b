"""MultiPL-E's HumanEval in C++ and JavaScript: functions to be written from their head and comment.

One row: {"name": "HumanEval_53_add", "language": "cpp", "prompt": "#include<assert.h>\\n#include<bits/stdc++.h>\\n//
Add two numbers x and y …\\nlong add(long x, long y) {\\n", "doctests": "transform", "original":
"…/HumanEval_53_add.py", "prompt_terminology": "reworded", "tests": "}\\nint main() {\\n    auto candidate = add;\\n
assert(candidate((0), (1)) == (1));\\n …}\\n", "stop_tokens": ["\\n}"]}

Traps: C++'s tests begin with the brace that closes the function, so that a completion is cut before its own; chat
models write the whole function, and a main beside the tests' one; the tests run in the program's process, where
`exit(0)` passes them elsewhere (here they must come to their end: reward `code`, style `appended`). Grader: nuprl/
MultiPL-E's evaluation (status 0 within its time). The hub's commit is not known to us. Licence MIT. Zero-shot. Primary
metric: pass@1. Needs g++ or node where the sandbox runs.
"""

from typing import Any

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task

LANGUAGES = {
    "cpp": ("C++", "cpp", ("\n}",)),
    "js": ("JavaScript", "javascript", ("\nfunction ", "\n/*", "\n//", "\nconsole.log")),
}
"""By the data set's name: what it is called, its fence, where a base model leaves the function."""


def prompt(doc: Doc) -> str:
    """For a chat model."""
    title, fence, _ = LANGUAGES[doc["language"]]
    return (
        f"Complete this {title} function. Answer with the whole function in one ```{fence} block.\n\n"
        f"```{fence}\n{str(doc['prompt']).rstrip()}\n```"
    )


def head(doc: Doc) -> str:
    """For a base model, and what a bare body continues."""
    return str(doc["prompt"])


def reference(doc: Doc) -> dict[str, Any]:
    """The row as the `code` reward takes it."""
    return {key: doc[key] for key in ("name", "language", "prompt", "tests", "stop_tokens")}


TASKS = tuple(
    Task(
        name=f"humaneval_{name}",
        reward={"reward": "code", "timeout": 30.0, "memory": 1024},
        source=Source(
            hub="nuprl/MultiPL-E",
            config=f"humaneval-{name}",
            split="test",
            files=(f"multipl_e/humaneval-{name}.jsonl",),
            licence="MIT",
            about=161,
        ),
        prompt=prompt,
        base_prompt=head,
        judged_prompt=head,
        reference=reference,
        max_tokens=1024,
        stop=stops,
        doc_id=lambda doc: doc["name"],
        chance=0.0,
        metric="pass@1",
        summary=f"HumanEval in {title} (MultiPL-E)",
    )
    for name, (title, _, stops) in LANGUAGES.items()
)
