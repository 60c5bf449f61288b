"""IFBench: 300 prompts whose constraints (58 kinds) no training set held when it was made.

One row: {"key": "0", "prompt": "What should the world's smartest man … Include keyword kaleidoscope once …",
"instruction_id_list": ["count:keywords_multiple"], "kwargs": [{"N": null, "keyword1": "kaleidoscope", …}]}

Traps: every row names all arguments, null where they do not apply; the official labels cover 294 of the 300 rows;
"loose" is the leaderboard's headline, strict is ours as for IFEval. Grader: allenai/IFBench at 1091c4c. Licence ODC-BY.
300 items; zero-shot. Primary metric: prompt-level strict accuracy.
"""

from holdfast.benchmarks.ifeval import prompt, reference
from holdfast.benchmarks.suites.source import Source
from holdfast.benchmarks.suites.task import Task

TASKS = (
    Task(
        name="ifbench",
        reward="ifbench",
        source=Source(
            hub="allenai/IFBench_test",
            split="train",
            revision="2e8a48de45ff3bf41242f927254ca81b59ca3ae2",
            files=("ifbench/IFBench_test.jsonl",),
            sha256="a2bf7b8e7ed11d39c65b4ec781da8b99663ed0121f97033d70fcecb61f8a9d85",
            licence="ODC-BY",
            count=300,
        ),
        prompt=prompt,
        reference=reference,
        max_tokens=2048,
        doc_id=lambda doc: doc["key"],
        metric="prompt_strict",
        summary="verifiable instructions of kinds unseen in training",
    ),
)
