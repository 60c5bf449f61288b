"""The bubblewrap backend: namespaces without a daemon, as root or as any user."""

import os
import re
import shutil
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from holdfast.errors import UsageError
from holdfast.rewards.sandbox.backends import boot, cgroup, toolchains
from holdfast.rewards.sandbox.channel import LostError, PipeChannel
from holdfast.rewards.sandbox.limits import Limits

_PYTEST = ("pytest", "_pytest", "py.py", "pluggy", "iniconfig", "packaging", "pygments")


def available() -> str | None:
    """None when bubblewrap can be used here, else why not."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (apt-get install bubblewrap)"
    return None


def start(limits: Limits, packages: Sequence[str] = ()) -> PipeChannel:
    """A sandbox of its own namespaces, with installed packages bound in. Raises LostError when it cannot start."""
    try:
        arguments = [*_arguments(limits, packages), *_python()]
    except OSError as error:
        raise LostError(f"cannot look for compilers: {error.strerror}") from None
    group = cgroup.Group(limits.sandbox_memory, limits.sandbox_processes)
    try:
        channel = PipeChannel(group.enter(arguments), {"PATH": "/usr/bin:/bin"}, group.remove, group.kills)
    except LostError:
        group.remove()
        raise
    try:
        channel.write(boot.first_frame(_config()))
    except LostError:
        channel.close()
        raise
    return channel


def _config() -> dict[str, object]:
    separation = "uids" if os.geteuid() == 0 else "namespaces"
    site = ["/opt/holdfast"]
    return {
        "separation": separation,
        "home": "/tmp",
        "judge_home": "/judge",
        "build_home": "/build",
        "check_home": "/check",
        "wipe": ["/tmp"],
        "path": site,
    }


def _python() -> list[str]:
    binary = Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    return [str(binary.resolve() if binary.exists() else Path(sys.executable).resolve()), *boot.COMMAND]


def _arguments(limits: Limits, packages: Sequence[str] = ()) -> list[str]:
    scratch = str(limits.disk * 4 * 2**20)
    arguments = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    arguments += ["--unshare-cgroup-try", "--as-pid-1", "--new-session", "--die-with-parent"]
    if os.geteuid() == 0:
        arguments += ["--cap-drop", "ALL"]
        arguments += [w for c in ("CAP_SETUID", "CAP_SETGID", "CAP_KILL") for w in ("--cap-add", c)]
    else:
        arguments += ["--unshare-user"]
    arguments += ["--clearenv", *(w for k, v in boot.ENVIRONMENT.items() for w in ("--setenv", k, v))]
    bound = [
        word
        for package_path in places_of(packages)
        for word in ("--ro-bind-try", str(package_path), f"/opt/holdfast/{package_path.name}")
    ]
    arguments += [*_mounts(), *bound, "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    for path in ("/tmp", "/judge", "/build"):
        arguments += ["--perms", "1777", "--size", scratch, "--tmpfs", path]
    arguments += ["--perms", "0755", "--size", scratch, "--tmpfs", "/check"]
    return [*arguments, "--remount-ro", "/", "--chdir", "/"]


def _mounts() -> list[str]:
    """Read-only: the system's programs and libraries, compilers, this Python, pytest. Nothing of /home else."""
    words = ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/lib", "/lib64", "/lib32"):
        path = Path(name)
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), name]
        elif path.exists():
            words += ["--ro-bind", name, name]
    prefix = Path(sys.base_prefix).resolve()
    words += [*_directory(Path("/etc")), *_directory(Path("/opt/holdfast")), *_directory(Path("/opt/toolchain"))]
    for source, target in toolchains.mounts():
        if target.endswith("/node_modules"):
            words += _directory(Path(target).parent)
        words += ["--ro-bind", source, target]
    if not prefix.is_relative_to("/usr"):
        words += [*_directory(prefix.parent), "--ro-bind", str(prefix), str(prefix)]
    site = _pytest_site()
    if site is not None:
        for name in _PYTEST:
            words += ["--ro-bind-try", str(site / name), f"/opt/holdfast/{name}"]
    return words


def places_of(packages: Sequence[str]) -> list[Path]:
    """The files and folders of installed packages and of what they require. Raises UsageError for one that is not
    installed."""
    found: dict[str, Path] = {}
    pending, seen = [(name, True) for name in packages], set[str]()
    while pending:
        name, required = pending.pop()
        plain = name.lower().replace("_", "-")
        if plain in seen:
            continue
        seen.add(plain)
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            if required:
                raise UsageError(f"the package {name!r} is not installed here: pip install {name}") from None
            continue
        tops = {file.parts[0] for file in package.files or [] if ".." not in file.parts}
        found |= {
            top: Path(str(package.locate_file(top))) for top in tops if top not in _PYTEST and top != "__pycache__"
        }
        needs = [line for line in package.requires or [] if "extra ==" not in line]
        pending += [(match[0], False) for line in needs if (match := re.match(r"[\w.-]+", line))]
    return [found[top] for top in sorted(found)]


def versions_of(packages: Sequence[str]) -> dict[str, str]:
    """The versions of the packages that are bound in by name. Raises UsageError for one that is not installed."""
    places_of(packages)
    return {name: metadata.version(name) for name in packages}


def _directory(path: Path) -> list[str]:
    """Make a directory and those above it, open to every user of the sandbox (bubblewrap's own are its maker's)."""
    chain = [parent for parent in [*reversed(path.parents), path] if str(parent) != "/"]
    return [word for parent in chain for word in ("--perms", "0755", "--dir", str(parent))]


def _pytest_site() -> Path | None:
    """The folder where pytest is installed, found without importing it."""
    folders = (Path(entry) for entry in sys.path)
    return next((folder for folder in folders if (folder / "pytest" / "__init__.py").is_file()), None)
