"""Compilers of this machine that lie outside /usr, and what of /etc those inside it need."""

import functools
import shutil
import subprocess
from pathlib import Path

_TOOLS = {"java": "javac", "node": "node", "go": "go", "rust": "rustc", "typescript": "tsc"}
_NEEDED = ("/etc/alternatives", "/etc/ld.so.cache")


@functools.lru_cache(maxsize=1)
def mounts() -> tuple[tuple[str, str], ...]:
    """(folder here, folder in the sandbox) of each: a tool outside /usr goes to /opt/toolchain/NAME."""
    found = [(path, path) for path in _NEEDED if Path(path).exists()]
    found += [(str(path), str(path)) for path in sorted(Path("/etc").glob("java-*"))]
    for name, tool in _TOOLS.items():
        prefix = _prefix(tool)
        if prefix is not None and not prefix.is_relative_to("/usr"):
            # A package of npm finds those beside it by the name of their folder.
            below = "/node_modules" if prefix.name == "node_modules" else ""
            found.append((str(prefix), f"/opt/toolchain/{name}{below}"))
    return tuple(found)


def _prefix(tool: str) -> Path | None:
    """The folder whose `bin` holds a tool. Rust's is asked for: what rustup puts on the path is a switch."""
    executable = shutil.which(tool)
    if executable is None:
        return None
    if tool == "rustc":
        printed = subprocess.run(
            [executable, "--print", "sysroot"], capture_output=True, text=True, check=False, timeout=20
        )
        return Path(printed.stdout.strip()) if printed.returncode == 0 and printed.stdout.strip() else None
    resolved = Path(executable).resolve()
    modules = [folder for folder in resolved.parents if folder.name == "node_modules"]
    return modules[-1] if modules else resolved.parent.parent
