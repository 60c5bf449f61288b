"""AlpacaEval 2: 805 instructions, judged pairwise against GPT-4 Turbo's recorded answers.

One row: {"dataset": "helpful_base", "instruction": "What are the names of some famous actors that started their careers
on Broadway?", "output": "Several famous actors started their careers on Broadway …", "generator": "gpt4_1106_preview"}

Traps: the raw win rate rewards length; the published "length-controlled" rate also knows every instruction's
difficulty from a joint fit over many models, which one run does not hold: `length_controlled_win_rate` among the
metrics is the published model without that term (stats/length_control.py). Name the judge in the suite:
`{task: alpaca_eval, reward: {reward: pairwise_judge, base_url: …, model: …}}`. Grader: tatsu-lab/alpaca_eval. Licence
CC-BY-NC-4.0 (data). The hub repository has a loading script, so its file is read by name. 805 items. Primary metric:
win rate.
"""

from holdfast.benchmarks.suites.source import Source
from holdfast.benchmarks.suites.task import Task

TASKS = (
    Task(
        name="alpaca_eval",
        reward="pairwise_judge",
        source=Source(
            hub="tatsu-lab/alpaca_eval",
            hub_file="alpaca_eval_gpt4_baseline.json",
            split="eval",
            revision="2edc6fad8be6b14ea7230aabfd08188da6b8b814",
            files=("alpaca_eval/alpaca_eval_gpt4_baseline.json",),
            licence="CC-BY-NC-4.0",
            count=805,
        ),
        prompt=lambda doc: str(doc["instruction"]),
        reference=lambda doc: str(doc["output"]),
        max_tokens=2048,
        category=lambda doc: str(doc["dataset"]),
        metric="win_rate",
        length_controlled=True,
        summary="instructions against GPT-4 Turbo (needs a judge endpoint)",
    ),
)
