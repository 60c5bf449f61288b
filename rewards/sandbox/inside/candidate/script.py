"""Running a program as a script (style `stdin` and plain execution)."""

import atexit
import os
import sys
import threading
import traceback
import types

from ..protocol.frames import read_exactly


def run(source_fd: int) -> int:
    """Run the program that the descriptor gives (4 bytes of length, then UTF-8) as `__main__`; its exit status."""
    source = read_exactly(source_fd, int.from_bytes(read_exactly(source_fd, 4), "big"))
    os.close(source_fd)
    module = types.ModuleType("__main__")
    module.__dict__["__file__"] = "solution.py"
    sys.modules["__main__"] = module
    sys.argv = ["solution.py"]
    status = _run(source, module)
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - the program's own threads, exit functions and streams
        status = status or 1
    return status


def _run(source: bytes, module: types.ModuleType) -> int:
    try:
        exec(compile(source, "solution.py", "exec", dont_inherit=True), module.__dict__)
    except SystemExit as stop:
        if stop.code is None:
            return 0
        return stop.code & 255 if isinstance(stop.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever the program raises is its exit status 1
        traceback.print_exc(limit=-5)
        return 1
    return 0
