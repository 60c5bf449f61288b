"""Plain execution of a program, for other rewards to stand on."""

from dataclasses import dataclass
from typing import Literal

from holdfast.errors import HoldfastError
from holdfast.rewards.sandbox.backends.choice import Engine, pool_for
from holdfast.rewards.sandbox.limits import Limits
from holdfast.rewards.sandbox.pool import UnavailableError


@dataclass(frozen=True, slots=True)
class Execution:
    """What a program did."""

    stdout: bytes
    stderr: str
    """The last 4 KiB of its standard error."""
    exit: int
    """Exit status; negative: the signal that ended it."""
    broke: Literal["timeout", "output"] | None
    """The limit for which it was ended."""
    seconds: float
    cpu: float
    """Seconds of processor time."""
    memory: int
    """Bytes at its peak."""


def execute(program: str, stdin: str = "", limits: Limits | None = None, engine: Engine | None = None) -> Execution:
    """Run a Python program in the sandbox. Raises HoldfastError when the sandbox cannot be had."""
    limits = limits or Limits()
    job = {"style": "stdin", "program": program, "cases": [{"input": stdin}], "limits": limits.for_job()}
    reply = pool_for(engine or Engine(), limits).run([job])[0]
    if isinstance(reply, UnavailableError):
        raise HoldfastError(f"the sandbox failed: {reply}")
    if reply.get("broke"):
        return Execution(b"", "it ended its sandbox twice", -9, None, 0.0, 0.0, 0)
    run = reply["runs"][0]
    return Execution(
        run["stdout"].encode("latin-1"),
        run["stderr"],
        run["exit"],
        run["broke"],
        run["seconds"],
        run["cpu"],
        run["memory"],
    )
