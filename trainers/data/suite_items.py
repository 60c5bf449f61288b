"""The prompts of a suite as plain text: what a training set must not hold."""

from pathlib import Path

from holdfast.benchmarks.engine.items import choose
from holdfast.benchmarks.suites.source import Doc, load_docs
from holdfast.benchmarks.suites.suite import Suite
from holdfast.benchmarks.suites.task import Task
from holdfast.sample import message_text
from holdfast.trainers.data.overlap.contamination import Item


def suite_items(suite: Suite, data_root: Path | None = None) -> tuple[list[Item], list[str]]:
    """(the items of a suite, with its limits; the tasks that are lm-eval's own, whose items we do not read).

    Raises DataError when a task's data is absent.
    """
    items: list[Item] = []
    unchecked = []
    for entry in suite.entries:
        if entry.task is None:
            unchecked.append(entry.name)
            continue
        named = [
            (str(entry.task.doc_id(doc) if entry.task.doc_id else number), doc)
            for number, doc in enumerate(load_docs(entry.task.source, data_root, entry.task.name))
        ]
        docs = choose(named, entry.task, entry.limit)
        items += [Item(entry.name, doc_id, _prompt_text(entry.task, doc)) for doc_id, doc in docs]
    return items, unchecked


def _prompt_text(task: Task, doc: Doc) -> str:
    prompt = task.prompt(doc)
    if isinstance(prompt, str):
        return prompt
    return "\n".join(message_text(message) for message in prompt if message.get("role") != "system")
