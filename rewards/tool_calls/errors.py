"""Why a text is no call, or a broken one."""


class NoCallsError(ValueError):
    """The text does not read as tool calls; the message says why."""


class BrokenCallError(NoCallsError):
    """The text tries to call a tool and fails: a call it is, if no good one."""
