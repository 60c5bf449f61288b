"""OpenEnv's own clients against a server: `openenv_client.py URL` prints what they saw as JSON."""

import json
import sys

from openenv.core.env_server.mcp_types import CallToolAction
from openenv.core.generic_client import GenericEnvClient
from openenv.core.mcp_client import MCPToolClient


def main(url: str) -> None:
    with MCPToolClient(base_url=url).sync() as client:
        client.reset(split="test", index=0)
        tools = [tool.name for tool in client.list_tools()]
        with GenericEnvClient(base_url=url).sync() as plain:
            first = plain.reset(split="test", index=0)
            name = first.observation["messages"][0]["content"].rsplit(" ", 1)[1]
            try:
                plain.step({"nothing": 1})
                refused = False
            except RuntimeError:
                refused = True
        looked = client.step(CallToolAction(tool_name="look", arguments={"name": name})).observation.result
    print(json.dumps({"tools": tools, "looked": str(looked), "error": refused}))


if __name__ == "__main__":
    main(sys.argv[1])
