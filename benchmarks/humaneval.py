"""HumanEval and HumanEval+: 164 Python functions to be written from head and docstring.

One row: {"task_id": "HumanEval/0", "prompt": "from typing import List\\n\\n\\ndef has_close_elements(numbers:
List[float], threshold: float) -> bool:\\n    \\"\\"\\" Check if in given list …", "entry_point": "has_close_elements",
"canonical_solution": "    for idx, elem in enumerate(numbers): …", "test": "… def check(candidate): …"}

Traps: a base model continues the prompt, so its completion is the function's body alone, and it goes on with the next
function unless it is stopped; tests use the function's own name besides `candidate` (33) and helpers of the prompt
(32, 38, 50); HumanEval+ compares with a reference solution on further inputs. Graders: openai/human-eval at 6d43fb9,
evalplus at its first release (inputs of the pre-release are read here from a local folder; the type-mutated ones are
absent there). Licences MIT, Apache-2.0. Zero-shot. Primary metric: pass@1.
"""

from typing import Any

from holdfast.benchmarks.shared.code_prompt import complete_this, tests_by_reference
from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task

STOP = ("\nclass ", "\ndef ", "\n#", "\nif ", "\nprint(", "\n```")
"""As in the paper: where a base model leaves the function."""


def reference(doc: Doc) -> dict[str, Any]:
    """The tests, as the `code` reward takes them."""
    return {"style": "check", "tests": doc["test"], "entry_point": doc["entry_point"]}


def prompt(doc: Doc) -> str:
    """For a chat model."""
    return complete_this(str(doc["prompt"]))


def head(doc: Doc) -> str:
    """For a base model, and what a bare body continues."""
    return str(doc["prompt"])


def plus_docs(rows: list[Doc]) -> list[Doc]:
    """The pre-release's two files joined: problems with base inputs, and further inputs by task."""
    more = {str(row["task_id"]).replace("_", "/"): row["inputs"] for row in rows if "inputs" in row}
    docs: list[Doc] = []
    for row in rows:
        if "entry_point" in row:
            inputs = [*row["base_input"], *more.get(row["task_id"], [])]
            solution = f"{row['prompt']}{row['contract']}{row['reference']}"
            test = tests_by_reference(solution, row["entry_point"], inputs, float(row.get("atol") or 0))
            docs.append({**row, "test": test})
    return docs


TEST = Source(
    hub="openai/openai_humaneval",
    split="test",
    revision="7dce6050a7d6d172f3cc5c32aa97f52fa1a2e544",
    files=("humaneval/HumanEval.jsonl.gz",),
    sha256="1d49078ba3e2b196b9344535bef34a43021f038fad9561d6ee7c53450609a6a2",
    licence="MIT",
    count=164,
)
PLUS = Source(
    hub="evalplus/humanevalplus",
    split="test",
    revision="aa0d916268b1c17e84e881e9bd460508dd2fd308",
    files=("humaneval/plus_prerelease/HumanEvalPlus.jsonl", "humaneval/plus_prerelease/HumanEvalPlusInputs.jsonl"),
    sha256="0efaaae4c5665821799d73b18b4d69f7bbd104a456c6e4208b42b77a097d0e4d",
    assemble=plus_docs,
    licence="Apache-2.0",
    count=164,
)

TASKS = tuple(
    Task(
        name=name,
        reward={"reward": "code", "timeout": 30.0} if name.endswith("plus") else "code",
        source=source,
        prompt=prompt,
        base_prompt=head,
        judged_prompt=head,
        reference=reference,
        max_tokens=1024,
        stop=STOP,
        doc_id=lambda doc: doc["task_id"],
        chance=0.0,
        metric="pass@1",
        summary=summary,
    )
    for name, source, summary in (
        ("humaneval", TEST, "Python functions from their docstrings"),
        ("humaneval_plus", PLUS, "HumanEval with many more inputs"),
    )
)
