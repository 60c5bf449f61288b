"""A session with `holdfast mcp` in the working directory: its tools are listed, and one is called."""

import asyncio
import sys

from mcp import Client, StdioServerParameters


async def main() -> None:
    """Raise where the server does not answer as it must."""
    async with Client(StdioServerParameters(command=sys.executable, args=["-m", "holdfast", "mcp"])) as client:
        assert "score" in {tool.name for tool in (await client.list_tools()).tools}
        samples = [{"completion": "so 42", "reference": "42"}]
        answer = await client.call_tool("score", {"reward": "numeric", "samples": samples})
        assert not answer.is_error and '"correct"' in answer.content[0].text, answer


asyncio.run(main())
