"""The command line: finds the verb, runs it, turns errors of ours into one line and an exit code."""

import gc
import importlib
import math
import os
import shutil
import signal
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from holdfast import files
from holdfast.cli.grammar import FLAGS, Arguments, Flags, bind, split, unknown_flag
from holdfast.errors import EXIT_DATA, EXIT_INTERNAL, EXIT_USAGE, HoldfastError, UsageError, missing_package, unknown
from holdfast.logs import Verbosity, configure, quiet_libraries
from holdfast.masking import masked_text
from holdfast.process import progress

_UNREAD = 141
"""What a shell shows for a program ended by SIGPIPE: never 0, which would be a verdict that nobody reached."""

VERBS = (
    "demo",
    "train",
    "eval",
    "score",
    "compare",
    "rank",
    "view",
    "plan",
    "mend",
    "bisect",
    "export",
    "publish",
    "sample",
    "rewards",
    "env",
    "data",
    "serve",
    "mcp",
    "doctor",
    "completion",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    if arguments is None:
        _take_two_interrupts_for_one()
        _open_closed_outputs()
    try:
        code = _dispatch(given)
        sys.stdout.flush()  # what cannot be written is told by us, not at the interpreter's end
        return code
    except HoldfastError as error:
        if debug:
            raise
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except Exception as error:
        if isinstance(error, BrokenPipeError) and _unread():
            return _UNREAD
        if debug:
            raise
        if isinstance(error, OSError) and (refused := files.refused(error)):
            _drop_unwritten()
            return _fail(refused, EXIT_DATA)
        if isinstance(error, ModuleNotFoundError) and (missing := missing_package(error, f"`holdfast {given[0]}`")):
            return _fail(str(missing), EXIT_USAGE)
        return _fail(f"internal error: {type(error).__name__}: {error} (run again with --debug)", EXIT_INTERNAL)
    finally:
        if arguments is None:
            gc.freeze()  # the process ends: looking through all modules and weights for garbage took 0.9 of 5.1 s


def _take_two_interrupts_for_one() -> None:
    """Let a second Ctrl-C within a second pass: it would fall into what the first one cleans up."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return  # ignored, as in a shell's background job, or somebody else's
    first = -math.inf

    def interrupt(_number: int, _frame: Any) -> None:
        nonlocal first
        if time.monotonic() - first >= 1:
            first = time.monotonic()
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)


def _open_closed_outputs() -> None:
    """Let a program without output (`>&-`, a service) write to nowhere: Python has None there, which nobody expects."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 (until the end)


def _drop_unwritten() -> None:
    """Give up what standard output still holds, when it cannot be written."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unread() -> bool:
    """Whether whoever read our output is gone (`holdfast … | head`); then what is still buffered has nowhere to go."""
    import select

    output = sys.stdout.fileno()
    poll = select.poll()
    poll.register(output, 0)  # a pipe without a reader is told unasked
    if not poll.poll(0):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    return True


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("--help", "-h", "help"):
        print(overview())
        return 0
    if arguments[0] == "--version":
        from holdfast import __version__

        print(f"holdfast {__version__}")
        return 0
    verb, rest = arguments[0], arguments[1:]
    if verb not in VERBS:
        raise _unknown_verb(verb)
    module = load(verb)
    parsed = split(rest)
    if parsed.flags.help:
        print((module.__doc__ or "").strip())
        return 0
    configure(_verbosity(parsed.flags))
    try:
        with quiet_libraries():
            return _run(verb, module, rest, parsed)
    finally:
        progress.end_all()


def _unknown_verb(word: str) -> UsageError:
    """The error for a word that is no verb: what it stands behind, else the nearest verb."""
    parents = [verb for verb in ("rewards", "data") if word in load(verb).ACTIONS]
    if parents:
        return UsageError(
            f"unknown verb {word!r}: it is {' or '.join(f'`holdfast {verb} {word}`' for verb in parents)}"
        )
    return unknown("verb", word, VERBS)


def _verbosity(flags: Flags) -> Verbosity:
    if flags.quiet and flags.verbose:
        raise UsageError("-q and -v exclude each other")
    return "quiet" if flags.quiet else "verbose" if flags.verbose else "normal"


def load(verb: str) -> ModuleType:
    """The module of a verb."""
    name = f"holdfast.cli.{verb}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            raise UsageError(f"`holdfast {verb}` is not built yet") from None
        raise missing_package(error, f"`holdfast {verb}`") or error from error


def _run(verb: str, module: ModuleType, rest: list[str], parsed: Arguments) -> int:
    if getattr(module, "HYDRA", False):
        overrides = [word for word in rest if word not in FLAGS]
        return cast(int, module.run_hydra(overrides, parsed.flags))
    if parsed.rest:
        raise unknown_flag(parsed.rest[0], module.Options.__dataclass_fields__.__contains__)
    return cast(int, module.run(parsed.paths, bind(module.Options, parsed.settings, verb), parsed.flags))


def overview() -> str:
    """The text of `holdfast --help`."""
    lines = [
        "Post-train a model on one skill and know, with evidence, what happened to all the others.",
        "",
        "usage: holdfast VERB [PATH …] [key=value …] [--json] [-q] [-v] [--debug] [--help]",
        "",
    ]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 200
    for verb, summary in _summaries():
        lines += textwrap.wrap(f"{verb:<10} {summary}", width - 2, initial_indent="  ", subsequent_indent=" " * 13)
    lines += [
        "",
        "-q leaves warnings and results, -v shows what the libraries below say.",
        "`holdfast VERB --help` shows the verb's keys and examples.",
    ]
    return "\n".join(lines)


def _summaries() -> list[tuple[str, str]]:
    """First docstring line of each verb, read without importing it."""
    import pkgutil

    from holdfast import cli

    found = {module.name for module in pkgutil.iter_modules(cli.__path__)}
    return [(verb, _first_line(verb)) for verb in VERBS if verb in found]


def _first_line(verb: str) -> str:
    text = (Path(__file__).parent / f"{verb}.py").read_text(encoding="utf-8")
    return text.split('"""', 2)[1].partition("\n")[0]


def _fail(text: str, code: int) -> int:
    print(f"holdfast: {masked_text(text)}", file=sys.stderr)
    return code
