"""verifiers 0.1.14's own Rubric scores a group of rollouts with our functions. Input: rows; argument: the reward."""

import asyncio
import json
import pickle
import sys
from typing import Any

import verifiers as vf

from holdfast.rewards.adapters import verifiers as adapter


def state_of(row: list[Any]) -> Any:
    chat = {"prompt": [{"role": "user", "content": row[0]}], "completion": [{"role": "assistant", "content": row[1]}]}
    return vf.State(**chat, answer=row[2], info={}, task="gsm8k", trajectory=[], input={})


async def main(rows: list[Any]) -> dict[str, Any]:
    functions, weights = pickle.loads(pickle.dumps(adapter.rubric_functions(sys.argv[1])))
    rubric = vf.Rubric(funcs=functions, weights=weights)
    group, alone = [state_of(row) for row in rows], [state_of(row) for row in rows[:20]]
    await rubric.score_group(group)
    for state in alone:
        await rubric.score_rollout(state)
    return {
        "group": [[state["reward"], state["metrics"]["holdfast_judged"]] for state in group],
        "alone": [[state["reward"], state["metrics"]["holdfast_judged"]] for state in alone],
    }


print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
