"""ToolSandbox's scenarios in an interpreter that has its dependencies, from a checkout of the user's own.

World, tools, milestones and their similarity are the checkout's. A call's name is looked up and its arguments are data:
the checkout's own execution environment makes source text of a call and runs it, here the tool is called. What a call
prints and traces is as there; calls of one message are made in their order only (there in every order).
"""

import contextlib
import copy
import functools
import hashlib
import json
import sys
import traceback
from pathlib import Path

from loop import serve

EPISODES = {}
STATE = {}


def start(paths=(), **_):
    """Import the checkout."""
    sys.path[:0] = list(paths)
    import tool_sandbox

    STATE["root"] = Path(tool_sandbox.__file__).parent
    return {"package": "tool_sandbox"}


def pinned():
    """Which checkout this is: a hash of its files."""
    found = hashlib.sha256()
    for path in sorted(STATE["root"].rglob("*.py")):
        found.update(str(path.relative_to(STATE["root"])).encode() + b"\0" + path.read_bytes())
    return {"package": "tool_sandbox", "sha256": found.hexdigest()}


@functools.lru_cache(maxsize=1)
def scenarios():
    """Every scenario by name, the same in every process."""
    import random

    from tool_sandbox.common.tool_discovery import ToolBackend
    from tool_sandbox.scenarios import named_scenarios

    random.seed(0)
    return named_scenarios(preferred_tool_backend=ToolBackend.DEFAULT)


def tasks():
    """Name, categories and the longest conversation of each scenario."""
    return [
        {"name": name, "categories": [str(one) for one in held.categories], "messages": held.max_messages}
        for name, held in scenarios().items()
    ]


@contextlib.contextmanager
def _within(episode):
    """The package's current context is the episode's."""
    from tool_sandbox.common import execution_context

    execution_context.set_current_context(EPISODES[episode]["context"])
    yield execution_context.get_current_context()


def open_(episode, name):
    """A fresh world: what the agent and the simulated user see, and the agent's tools."""
    from tool_sandbox.common.execution_context import RoleType
    from tool_sandbox.common.message_conversion import to_openai_messages
    from tool_sandbox.common.tool_conversion import convert_to_openai_tools

    scenario = scenarios()[name]
    EPISODES[episode] = {"context": copy.deepcopy(scenario.starting_context), "scenario": scenario}
    with _within(episode):
        to_agent = [message for message in _messages() if RoleType.AGENT in message.visible_to]
        shown = [one for one in to_agent if RoleType.EXECUTION_ENVIRONMENT not in (one.sender, one.recipient)]
        to_user = [message for message in _messages() if RoleType.USER in message.visible_to]
        return {
            "messages": to_openai_messages(shown)[0],
            "user": [_user_view(one) for one in to_user if _user_view(one)],
            "tools": convert_to_openai_tools(_tools(RoleType.AGENT)),
        }


def _messages():
    from tool_sandbox.roles.base_role import BaseRole

    return BaseRole.get_messages()


def _tools(role):
    """The tools of a role by the names that it sees."""
    from tool_sandbox.common.execution_context import RoleType, get_current_context

    named = get_current_context().get_available_tools(scrambling_allowed=role == RoleType.AGENT)
    return {name: tool for name, tool in named.items() if role in getattr(tool, "visible_to", (RoleType.AGENT,))}


def _user_view(message):
    from tool_sandbox.common.execution_context import RoleType

    roles = {
        (RoleType.SYSTEM, RoleType.USER): "system",
        (RoleType.AGENT, RoleType.USER): "user",
        (RoleType.USER, RoleType.AGENT): "assistant",
    }
    role = roles.get((message.sender, message.recipient))
    return None if role is None else {"role": role, "content": message.content}


def say(episode, sender, text):
    """A message of the agent to the user, or of the user to the agent."""
    from tool_sandbox.common.execution_context import RoleType
    from tool_sandbox.common.message_conversion import Message
    from tool_sandbox.roles.base_role import BaseRole

    to = {"agent": RoleType.USER, "user": RoleType.AGENT}[sender]
    with _within(episode):
        BaseRole.add_messages([Message(sender=RoleType(sender.upper()), recipient=to, content=text)])


def call(episode, name, arguments, requestor="agent"):
    """What a call prints; an exception is its last line."""
    from tool_sandbox.common.execution_context import DatabaseNamespace, RoleType
    from tool_sandbox.common.message_conversion import Message
    from tool_sandbox.roles.base_role import BaseRole

    asking, running = RoleType(requestor.upper()), RoleType.EXECUTION_ENVIRONMENT
    with _within(episode) as context:
        tool = _tools(asking)[name]
        named = {"openai_tool_call_id": f"call{len(_messages())}", "openai_function_name": name}
        call_text = json.dumps({"name": _behind(context, name), "arguments": arguments})
        BaseRole.add_messages([Message(sender=asking, recipient=running, content=call_text, **named)])
        failed = None
        try:
            content = repr(tool(**arguments))
        except Exception as error:  # noqa: BLE001 - the model reads it
            content = failed = traceback.format_exception_only(error)[-1].rstrip().split("\n")[-1]
        before = context.get_database(DatabaseNamespace.SANDBOX)
        traces = before["tool_trace"][0]
        _untraced(context, before)
        result = Message(sender=running, recipient=asking, content=content, tool_call_exception=failed, **named,
                       tool_trace=None if failed or traces is None else traces.to_list()[-1:])  # fmt: skip
        BaseRole.add_messages([result])
        return content


def _behind(context, name):
    """The tool's own name behind a scrambled one: minefields look for it in the text of a call."""
    try:
        return context.get_execution_facing_tool_name(name)
    except KeyError:  # the end of the conversation is no tool of the world
        return name


def _untraced(context, database):
    """A tool's trace belongs to the message that answers the call, not to the call's own."""
    import polars as pl
    from tool_sandbox.common.execution_context import DatabaseNamespace

    if database["tool_trace"][0] is not None:
        context.update_database(DatabaseNamespace.SANDBOX, database.with_columns(pl.lit(None).alias("tool_trace")))


def active(episode):
    """Whether the conversation goes on."""
    from tool_sandbox.common.execution_context import DatabaseNamespace

    with _within(episode) as context:
        return bool(context.get_database(DatabaseNamespace.SANDBOX)["conversation_active"][-1])


def score(episode):
    """The similarity with the milestones, 0 where a minefield was met."""
    held = EPISODES[episode]
    with _within(episode) as context:
        found = held["scenario"].evaluation.evaluate(context, held["scenario"].max_messages)
    return {
        "similarity": float(found.similarity),
        "milestones": float(found.milestone_similarity),
        "minefields": float(found.minefield_similarity),
    }


def close(episode):
    """Forget an episode."""
    EPISODES.pop(episode, None)


if __name__ == "__main__":
    verbs = {"start": start, "pinned": pinned, "tasks": tasks, "open": open_, "say": say, "call": call}
    serve({**verbs, "active": active, "score": score, "close": close})
