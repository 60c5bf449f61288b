"""Running a program as a script (style `stdin` and plain execution), or another language's command."""

import atexit
import os
import sys
import threading
import traceback
import types
from typing import Any

from ..protocol import frames

_ENVIRONMENT = {
    "PATH": "/opt/toolchain/java/bin:/opt/toolchain/node/bin:/opt/toolchain/go/bin:/opt/toolchain/rust/bin:"
    "/opt/toolchain/typescript/node_modules/.bin:/opt/toolchain/typescript/bin:/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "GOCACHE": "/tmp/go",
    "GOPATH": "/tmp/gopath",
    "GO111MODULE": "off",
    "CGO_ENABLED": "0",
    "GOMAXPROCS": "2",
    "UV_USE_IO_URING": "0",
    "OPENSSL_CONF": "/dev/null",
}


def run(work_fd: int) -> int:
    """Do the work that the descriptor gives (one frame): `{"program", "argv"}` runs as `__main__`; `{"command",
    "files"}` writes the files and becomes the command. The exit status."""
    work: dict[str, Any] = frames.receive(work_fd)
    os.close(work_fd)
    if "command" in work:
        return _become(work["command"], work.get("files") or {})
    module = types.ModuleType("__main__")
    module.__dict__["__file__"] = "solution.py"
    sys.modules["__main__"] = module
    sys.argv = ["solution.py", *work["argv"]]
    status = _run(work["program"], module)
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - the program's own threads, exit functions and streams
        status = status or 1
    return status


def _become(command: list[str], files: dict[str, str]) -> int:
    if files:
        os.umask(0o022)
    for name, text in files.items():
        with open(name, "w", encoding="utf-8", errors="surrogatepass") as file:  # noqa: PTH123
            file.write(text)
    try:
        os.execvpe(command[0], command, _ENVIRONMENT)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        return 127


def _run(source: str, module: types.ModuleType) -> int:
    try:
        exec(compile(source, "solution.py", "exec", dont_inherit=True), module.__dict__)
    except SystemExit as stop:
        if stop.code is None:
            return 0
        if not isinstance(stop.code, int):
            print(stop.code, file=sys.stderr)
        return stop.code & 255 if isinstance(stop.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever the program raises is its exit status 1
        traceback.print_exc(limit=-5)
        return 1
    return 0
