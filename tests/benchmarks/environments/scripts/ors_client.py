"""ors-sdk's own client against a server: `ors_client.py URL NAME` plays as its documentation shows, prints JSON."""

import json
import sys

from ors.client import ORS


def main(url: str, name: str) -> None:
    found = []
    with ORS(base_url=url) as client:
        environment = client.environment(name)
        splits, tasks = environment.list_splits(), environment.list_tasks("test")
        by_index = environment.get_task("test", 1)
        for task, said in zip(tasks, ("kelp", "wrong"), strict=False):
            with environment.session(task=task) as session:
                prompt = "".join(block.text for block in session.get_prompt())
                tools = [tool.name for tool in session.list_tools()]
                output = session.call_tool("submit", {"answer": said})
                found.append([prompt, tools, output.reward, output.finished])
        shared = [tool.name for tool in environment.list_tools()]
    print(json.dumps({"splits": splits, "played": found, "tools": shared, "count": len(tasks), "one": str(by_index)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
