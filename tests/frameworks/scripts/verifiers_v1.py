"""verifiers 0.4.0's v1 Task scores real traces with our reward. Input: rows; argument: the reward."""

import asyncio
import json
import sys
from typing import Any

import verifiers.v1 as vf

from holdfast.rewards.adapters import verifiers as adapter


class Data(vf.TaskData):
    answer: object = None


async def scored(row: list[Any]) -> list[Any]:
    """The reward, whether it was judged, and the error that verifiers would record."""
    task = adapter.make_task(sys.argv[1])(Data(prompt=row[0], answer=row[2]))
    asked = vf.MessageNode(message=vf.UserMessage(content=row[0]))
    told = vf.MessageNode(parent=0, message=vf.AssistantMessage(content=row[1]), sampled=True)
    state = {"nodes": [asked, told], "rewards": {}, "metrics": {}, "calls": [], "errors": [], "info": {}}
    trace = vf.Trace.model_construct(task=task.data, **state)
    try:
        await task.score(trace)
    except vf.TaskError as error:
        return [None, trace.metrics["holdfast_judged"], str(error)]
    return [trace.rewards["holdfast_reward"].value, trace.metrics["holdfast_judged"], ""]


async def main() -> list[list[Any]]:
    return list(await asyncio.gather(*(scored(row) for row in json.load(sys.stdin))))


print(json.dumps(asyncio.run(main())))
