"""Tasks of inspect_ai in their own interpreter: their samples, their solvers' messages, their own scorers (0.3.285).

A task is `module@name` or `file.py@name`: a function with `@task`. Its solvers are run up to what the model is asked;
`generate` gives them the answer, once. What calls the model by itself, uses tools or asks twice is refused.
"""

import asyncio
import hashlib
import importlib
import importlib.util
import sys
from functools import lru_cache
from pathlib import Path

from loop import pin, serve


class AskedError(Exception):
    """The solver has asked the model."""


def start(paths=(), **_):
    """Look for tasks where the host says."""
    sys.path[:0] = [path for path in paths if path not in sys.path]
    import inspect_ai

    return {"package": inspect_ai.__name__}


@lru_cache(maxsize=4)
def _module(name):
    if not name.endswith(".py"):
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(Path(name).stem, name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@lru_cache(maxsize=4)
def pinned(task):
    """Which package this is, and the task's own file."""
    own = hashlib.sha256(Path(_module(task.partition("@")[0]).__file__).read_bytes()).hexdigest()
    return {**pin("inspect_ai", "inspect_ai"), "task": task.rpartition("/")[2], "task_sha256": own}


@lru_cache(maxsize=4)
def _task(task):
    module, _, name = task.partition("@")
    return getattr(_module(module), name)()


def rows(task, items):
    """What the model is asked of each sample."""
    found = []
    for index, sample in enumerate(list(_task(task).dataset)[:items]):
        state = asyncio.run(_played(task, index, None))
        found.append(
            {"key": str(sample.id or index), "messages": [_message_dict(message) for message in state.messages]}
        )
    asyncio.run(_played(task, 0, "0"))  # what cannot be played says so now
    return found


def _message_dict(message):
    return {"role": message.role, "content": message.text}


def _state(inspect_task, index):
    from inspect_ai.model import ChatMessageUser, ModelOutput
    from inspect_ai.scorer import Target
    from inspect_ai.solver import TaskState

    sample = list(inspect_task.dataset)[index]
    prompt = sample.input
    messages = [ChatMessageUser(content=prompt)] if isinstance(prompt, str) else list(prompt)
    return TaskState(
        model="holdfast/model",
        sample_id=sample.id or index,
        epoch=1,
        input=prompt,
        messages=messages,
        target=Target(sample.target),
        choices=sample.choices or [],
        output=ModelOutput(),
        metadata=sample.metadata or {},
    )


async def _played(task, index, answer):
    """The state when the model is asked (answer None), or when the solvers are done."""
    from inspect_ai.model import ModelOutput

    inspect_task, snapshots = _task(task), []
    state = _state(inspect_task, index)

    async def generate(now, *_, **__):
        if now.tools:
            raise NotImplementedError("it uses tools")
        if answer is None:
            snapshots.append(now)
            raise AskedError
        if snapshots:
            raise NotImplementedError("it asks the model more than once")
        snapshots.append(now)
        now.output = ModelOutput.from_content("holdfast/model", answer)
        now.messages.append(now.output.choices[0].message)
        return now

    solvers = inspect_task.solver if isinstance(inspect_task.solver, list) else [inspect_task.solver]
    try:
        for solver in solvers:
            state = await solver(state, generate)
    except AskedError:
        return snapshots[0]
    if answer is None:
        raise NotImplementedError("its solvers do not ask the model by `generate`")
    return state


def score(task, items, index, answer):  # noqa: ARG001 - as the other worker has it
    """The first scorer's value as a number, and the others' by name."""
    return asyncio.run(_scored(task, index, answer))


async def _scored(task, index, answer):
    from inspect_ai.scorer import value_to_float

    made = _task(task)
    state = await _played(task, index, answer)
    scorers = made.scorer if isinstance(made.scorer, list) else [made.scorer]
    read, values = value_to_float(), []
    for scorer in scorers:
        given = await scorer(state, state.target)
        values.append(None if given is None or isinstance(given.value, (dict, list)) else read(given.value))
    parts = {f"scorer_{number}": value for number, value in enumerate(values)} if len(values) > 1 else {}
    return {"value": values[0], "parts": parts}


if __name__ == "__main__":
    serve({"start": start, "pinned": pinned, "rows": rows, "score": score})
