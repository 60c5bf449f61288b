"""Our tasks as task objects of lm-eval, to run both on the same questions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast.benchmarks.suites.source import load_docs
from holdfast.benchmarks.suites.task import Task
from holdfast.errors import UsageError
from holdfast.reward import Reward
from holdfast.sample import Sample


def to_lm_eval(task: Task, data_root: Path | None = None) -> Any:
    """One of our generative tasks, without few-shot, as a task object for `lm_eval.evaluate`, scored by its reward.

    Raises UsageError for a task of another kind."""
    if task.kind != "generate":
        raise UsageError(f"task {task.name!r} is of kind {task.kind!r}; only generative tasks are handed to lm-eval")
    from lm_eval.api.task import ConfigurableTask

    reward = Reward.from_config(task.reward)
    docs = load_docs(task.source, data_root, task.name)

    def judged(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
        row = docs[int(doc["index"])]
        value = reward.score(Sample(results[0], task.reference(row), task.prompt(row), task.sample_info(row))).value
        return {task.metric: float("nan") if value is None else value}

    def rows(**_: Any) -> Any:
        import datasets

        asked = [{"index": i, "question": task.text(row)} for i, row in enumerate(docs)]
        return datasets.DatasetDict({"test": datasets.Dataset.from_list(asked)})

    config = {
        "task": task.name,
        "custom_dataset": rows,
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": lambda doc: doc["question"],
        "doc_to_target": lambda doc: str(task.reference(docs[int(doc["index"])])),
        "process_results": judged,
        "generation_kwargs": {
            "until": list(task.stop),
            "max_gen_toks": task.max_tokens,
            **({"do_sample": True, **task.sampling} if task.sampling else {"do_sample": False}),
        },
        "metric_list": [{"metric": task.metric, "aggregation": "mean", "higher_is_better": True}],
        "num_fewshot": 0,
    }
    return ConfigurableTask(config=config)
