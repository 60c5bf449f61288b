"""What foreign environments share on the host's side: numbering episodes, and calls as observations."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from holdfast.environment import EpisodeError, call_arguments
from holdfast.sample import Message

_numbers = itertools.count()


def new_name() -> str:
    """A name that no other episode of this process has."""
    return f"e{next(_numbers)}"


def tool_result(
    call: Mapping[str, Any], known: Mapping[str, Any], ask: Callable[[str, dict[str, Any]], str]
) -> Message:
    """The tool message that answers a call: `ask(name, arguments)` where the tool exists."""
    name, content = "unknown", ""
    try:
        name, arguments = call_arguments(call)
        if name in known:
            content = ask(name, arguments)
        else:
            content = f"Error: there is no tool {name[:80]!r}; there are {', '.join(sorted(known))}"
    except EpisodeError:
        raise
    except (ValueError, RecursionError) as error:
        content = f"Error: {error}"
    return {"role": "tool", "tool_call_id": str(call.get("id", "")), "name": name, "content": content}
