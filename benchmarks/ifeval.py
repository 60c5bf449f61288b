"""IFEval: 541 prompts with one to three instructions that a program can check.

One row: {"key": 1000, "prompt": "Write a 300+ word summary of the wikipedia page … Do not use any commas …",
"instruction_id_list": ["punctuation:no_comma", …], "kwargs": [{}, {"num_highlights": 3}, …]}

Traps: the hub's rows carry every argument of every instruction with null where it does not apply; key 2785's prompt
text changed after the published responses were made; "loose" also accepts a response without its first or last line.
Grader: google-research/instruction_following_eval. Licence Apache-2.0. 541 items; zero-shot. Primary metric:
prompt-level strict accuracy; each instruction is a part of the score.
"""

from typing import Any

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task


def reference(doc: Doc) -> dict[str, Any]:
    """Instructions and their arguments, without those that are null."""
    arguments = [{key: value for key, value in one.items() if value is not None} for one in doc["kwargs"]]
    return {"instruction_id_list": list(doc["instruction_id_list"]), "kwargs": arguments}


def prompt(doc: Doc) -> str:
    """The row's prompt, unchanged."""
    return str(doc["prompt"])


TEST = Source(
    hub="google/IFEval",
    split="train",
    revision="966cd89545d6b6acfd7638bc708b98261ca58e84",
    files=("ifeval/input_data.jsonl",),
    sha256="67ffeee0fcb87c317c5b08a2de85557b4a7e96ada6178aa645b4954fe4b53d49",
    licence="Apache-2.0",
    count=541,
)

TASKS = (
    Task(
        name="ifeval",
        reward="ifeval",
        source=TEST,
        prompt=prompt,
        reference=reference,
        max_tokens=1280,
        doc_id=lambda doc: doc["key"],
        metric="prompt_strict",
        summary="verifiable instructions",
    ),
)
