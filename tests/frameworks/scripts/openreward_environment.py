"""openreward 0.1.167's Environment and Server with our class. Input: rows; argument: the reward."""

import asyncio
import json
import sys
from typing import Any

from openreward.environments import Server

from holdfast.rewards.adapters.ors import make_environment


async def main(rows: list[Any]) -> dict[str, Any]:
    tasks = [{"prompt": prompt, "reference": reference} for prompt, _, reference in rows]
    kind = make_environment(sys.argv[1], {"test": tasks}, sdk="openreward", final_message=True)
    assert Server([kind])

    async def told(index: int) -> Any:
        environment = kind(kind.list_tasks("test")[index])
        output = (await environment._call_tool("submit", {"answer": rows[index][1]})).root.output
        return [output.reward, output.finished]

    shown = kind.list_tools()
    found = [await told(index) for index in range(len(rows))]
    return {"tools": [tool.name for tool in shown.tools], "found": found}


print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
