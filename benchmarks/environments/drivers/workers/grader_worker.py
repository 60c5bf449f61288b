"""Anybody's grader in its own process: `module:function` or `file.py:function`, called as its own framework calls it.

What it is called with is read from its parameters' names: TRL's lists (`completions`, `prompts`, columns), verl's
(`data_source`, `solution_str`, `ground_truth`), or one completion and one reference by name or by place. It may be
async, a class without arguments, or return a dict with `score`. Standard library only.
"""

import asyncio
import importlib
import importlib.util
import inspect
import math
import sys
import threading
import time
from pathlib import Path

from loop import serve

ANSWERS = ("completion", "response", "solution_str", "prediction", "predicted", "pred", "answer_text", "model_output")
REFERENCES = ("reference", "ground_truth", "solution", "answer", "gold", "target", "label", "expected", "truth")
HELD = {}


def start(paths=(), **_):
    """Look for modules where the host does, too."""
    sys.path[:0] = [path for path in paths if path not in sys.path]
    return {"package": "a grader"}


def load(path, options=None):
    """Import the grader and find out how it is called."""
    module_name, _, attribute = path.rpartition(":")
    if module_name.endswith(".py"):
        spec = importlib.util.spec_from_file_location("grader_of_a_user", module_name)
        if spec is None or not Path(module_name).is_file():
            raise FileNotFoundError(f"no file {module_name}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(module_name)
    found = getattr(module, attribute)
    HELD["grade"] = found() if inspect.isclass(found) else found
    HELD["options"] = options or {}
    HELD["names"] = list(inspect.signature(HELD["grade"]).parameters)
    return {"style": style(), "version": str(getattr(module, "__version__", ""))}


def style():
    """`lists`, `verl` or `pair`."""
    names = HELD["names"]
    if "completions" in names:
        return "lists"
    return "verl" if "solution_str" in names else "pair"


def _called(item):
    """What the grader returns of one item."""
    grade, names, options = HELD["grade"], HELD["names"], HELD["options"]
    prompt, completion, gold = item["prompt"], item["completion"], item["reference"]
    if style() == "lists":
        columns = {name: [gold] for name in REFERENCES}
        graded = grade(
            prompts=[[{"role": "user", "content": prompt}]],
            completions=[[{"role": "assistant", "content": completion}]],
            completion_ids=[list(completion.encode())],
            **{name: value for name, value in columns.items() if name in names or "kwargs" in names},
            **options,
        )
    elif style() == "verl":
        arguments = {"data_source": "openai/gsm8k", "extra_info": {}, "ground_truth": gold, "solution_str": completion}
        graded = grade(**{name: value for name, value in arguments.items() if name in names}, **options)
    else:
        graded = grade(**_by_parameter_name(names, prompt, completion, gold), **options)
    if inspect.isawaitable(graded):
        graded = asyncio.run(_awaited(graded))
    return graded[0] if style() == "lists" else graded


async def _awaited(awaitable):
    return await awaitable


def _by_parameter_name(names, prompt, completion, gold):
    answers = [name for name in names if name in ANSWERS]
    golds = [name for name in names if name in REFERENCES]
    if not answers or not golds:
        answers, golds = names[:1], names[1:2]
    found = {answers[0]: completion, golds[0]: gold} if golds else {answers[0]: completion}
    return {**found, **({"prompt": prompt} if "prompt" in names else {})}


def _number_or_text(value):
    """A number of what a grader returned: of a dict its `score`; anything else as its text."""
    if isinstance(value, dict):
        value = value.get("score", value.get("reward"))
    value = getattr(value, "value", getattr(value, "score", value))
    if isinstance(value, tuple) and value:
        value = value[0]
    if isinstance(value, (bool, int, float)) or type(value).__module__ == "numpy":
        number = float(value)
        return number if math.isfinite(number) else repr(number)
    return None if value is None else repr(value)[:80]


def _grade_one(item):
    begun = time.process_time()
    try:
        value, raised = _number_or_text(_called(item)), ""
    except Exception as error:  # noqa: BLE001 - the host counts it
        value, raised = None, f"{type(error).__name__}: {error}"[:200]
    return {"value": value, "raised": raised, "seconds": time.process_time() - begun}


def grade(item, thread=False):
    """{value, raised, seconds of computing} of one item, in the main thread or in another."""
    if not thread:
        return _grade_one(item)
    found = []
    one = threading.Thread(target=lambda: found.append(_grade_one(item)))
    one.start()
    one.join()
    return found[0]


if __name__ == "__main__":
    serve({"start": start, "load": load, "grade": grade})
