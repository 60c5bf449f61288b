"""verifiers v1 tasksets in their own interpreter: tasks of one answer, scored by their own rewards (verifiers 0.4.0).

A task's rewards are awaited on a trace that holds its prompt and the answer, as `verifiers.v1.cli.replay` does with a
recorded one. Tasks that need tool servers, a container, a simulated user or a runtime to score are refused by name.
"""

import asyncio
import sys
import time
from functools import lru_cache

from loop import pin, serve


def start(paths=(), **_):
    """Look for tasksets where the host says."""
    sys.path[:0] = [path for path in paths if path not in sys.path]
    import verifiers.v1

    return {"package": verifiers.v1.__name__}


@lru_cache(maxsize=4)
def pinned(task):
    """Which package this is, and the taskset's own module."""
    import hashlib
    from pathlib import Path

    from verifiers.v1.utils.loaders import import_taskset

    own = hashlib.sha256(Path(import_taskset(task).__file__).read_bytes()).hexdigest()
    return {**pin("verifiers", "verifiers"), "taskset": task, "taskset_sha256": own}


@lru_cache(maxsize=4)
def _tasks(taskset, items):
    from verifiers.v1.configs.taskset import TasksetConfig
    from verifiers.v1.utils.generic import concrete_type
    from verifiers.v1.utils.loaders import load_taskset, taskset_class

    config = concrete_type(taskset_class(taskset), TasksetConfig) or TasksetConfig
    return list(load_taskset(config(id=taskset)).take(items))


def rows(task, items):
    """Prompt, system prompt and key of each task. Raises for a kind of task that is not played here."""
    made = _tasks(task, items)
    for one in made[:1]:
        problem = _lacking(one)
        if problem:
            raise ValueError(f"{type(one).__name__} {problem}: run it with verifiers itself")
    return [{"key": one.key, "messages": _prompt_of(one)} for one in made]


def _lacking(task):
    import inspect

    if task.NEEDS_CONTAINER:
        return "needs a container"
    if type(task).toolsets(task.config):
        return "needs tool servers"
    if task.data.prompt is None:
        return "waits for a user to speak first"
    for fn in task.hooks("reward"):
        found = inspect.signature(fn).parameters.get("runtime")
        if found is not None and found.default is inspect.Parameter.empty:
            return f"scores {fn.__name__} in a runtime"
    return ""


def _prompt_of(task):
    data = task.data
    system = [{"role": "system", "content": data.system_prompt}] if data.system_prompt else []
    if isinstance(data.prompt, str):
        return [*system, {"role": "user", "content": data.prompt}]
    return [*system, *(message.model_dump(exclude_none=True) for message in data.prompt)]


def score(task, items, index, answer):
    """The sum of a task's weighted rewards, and each of them."""
    trace = asyncio.run(_scored(_tasks(task, items)[index], answer))
    if trace.last_error is not None:
        raise RuntimeError(str(trace.last_error))
    parts = {name: reward and reward.value for name, reward in trace.rewards.items()}
    return {"value": trace.reward if trace.rewards else None, "parts": parts}


async def _scored(task, answer):
    import verifiers.v1 as vf
    from verifiers.v1.graph import prepare_turn
    from verifiers.v1.state import state_cls
    from verifiers.v1.trace import AgentInfo, Trace, TraceTask
    from verifiers.v1.types import AssistantMessage, Response, SystemMessage, UserMessage

    kinds = {"system": SystemMessage, "user": UserMessage, "assistant": AssistantMessage}
    trace_task = TraceTask(type=type(task).__name__, data=task.data, key=task.key, hash=task.hash)
    agent = AgentInfo(config=vf.AgentConfig(), name="agent", trainable=False)
    trace = Trace(task=trace_task, state=state_cls(type(task))(), agent=agent)
    prompt = [kinds[message["role"]](**message) for message in _prompt_of(task)]
    reply = AssistantMessage(content=answer)
    now = int(time.time())
    prepare_turn(trace, prompt).commit(
        Response(id="answer", created=now, model="model", message=reply, finish_reason="stop")
    )
    await task.score(trace)
    return trace


if __name__ == "__main__":
    serve({"start": start, "pinned": pinned, "rows": rows, "score": score})
