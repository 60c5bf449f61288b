"""Serve the Model Context Protocol on standard input and output: rewards, scores, plans, comparisons, items.

usage: holdfast mcp [DIR]

DIR is the folder whose runs can be read (default: the working directory). An assistant starts the command itself:

  {"mcpServers": {"holdfast": {"command": "holdfast", "args": ["mcp", "/path/to/runs"]}}}

Tools: list_rewards, list_runs, score, plan, compare, explain_item. They write nothing and read nothing outside DIR.
Rewards that load a model, ask one over the network, or are a caller's own code are refused; programs run in the
sandbox.

examples:
  holdfast mcp
  holdfast mcp runs
"""

from dataclasses import dataclass
from pathlib import Path

from holdfast.cli.grammar import Flags
from holdfast.errors import UsageError


@dataclass(slots=True)
class Options:
    """`holdfast mcp` has no keys."""


def run(paths: list[str], _options: Options, flags: Flags) -> int:
    """Serve until standard input ends."""
    from holdfast.serve.agent_tools.mcp_server import serve

    if len(paths) > 1:
        raise UsageError(f"`holdfast mcp` takes one folder, not {len(paths)}: {' '.join(paths)}")
    if flags.json:
        raise UsageError("`holdfast mcp` speaks the protocol on standard output; --json has no effect")
    serve(Path(paths[0] if paths else "."))
    return 0
