"""Compilers of this machine as files of an image: the Debian packages that own them and what those depend on."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from holdfast.errors import UsageError, unknown
from holdfast.rewards.sandbox.backends import toolchains

TOOLS = {
    "c": "gcc",
    "cpp": "g++",
    "java": "javac",
    "javascript": "node",
    "typescript": "tsc",
    "go": "go",
    "rust": "rustc",
}
_LANGUAGE = {"node": "javascript"}
_ALSO = {"java": ("java",), "rust": ("cc",), "c": ("cc",)}
_LEFT_OUT = ("/usr/share/doc", "/usr/share/man", "/usr/share/locale", "/usr/share/info", "/usr/share/lintian")


_UNUSED = re.compile(
    r"/jmods/|/src\.zip$|san\.a$|san_preinit\.o$|/gconv/|/perl|/include/node/|/python3/|lto1$|libLLVM.*\.a$"
)


def installed() -> list[str]:
    """The languages whose compiler is on this machine."""
    return [language for language, tool in TOOLS.items() if shutil.which(tool)]


def files(languages: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """(path here, path in the image) of everything that the languages need. Raises UsageError for one whose compiler
    is not installed here."""
    names, links = set[str](), set[str]()
    for language in languages:
        if language not in TOOLS:
            raise unknown("language", language, TOOLS)
        executable = shutil.which(TOOLS[language])
        if executable is None:
            raise UsageError(f"{TOOLS[language]} is not installed here, so the image cannot have {language}")
        for tool in (executable, *(found for also in _ALSO.get(language, ()) if (found := shutil.which(also)))):
            chain = _chain(Path(tool))
            links |= {str(link) for link in chain if link.is_symlink() and link.is_relative_to("/usr")}
            names |= {name for link in chain for name in _owners(link)}
    for path in sorted({path for name in _closure(names) for path in _listed(name)} | links | set(_links())):
        yield Path(path), path
    for source, target in toolchains.mounts():
        tool = target.removeprefix("/opt/toolchain/").partition("/")[0]
        if target.startswith("/opt/toolchain/") and _LANGUAGE.get(tool, tool) in languages:
            yield from _below(Path(source), target)


def _below(folder: Path, target: str) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if (path.is_file() or path.is_symlink()) and relative.parts[0] != "share":
            yield path, f"{target}/{relative}"


def _links() -> list[str]:
    """Symbolic links of the system that paths of packages run through."""
    return [str(path) for path in Path("/etc/alternatives").iterdir() if path.is_symlink()]


def _chain(path: Path) -> list[Path]:
    """A path and what it links to, link by link."""
    found = [path]
    while found[-1].is_symlink() and len(found) < 10:
        found.append(found[-1].parent / found[-1].readlink())
    return found


def _owners(path: Path) -> set[str]:
    """The package that owns a file; none for one that came without a package."""
    for name in (str(path), str(path).removeprefix("/usr")):
        found = _run("dpkg-query", "-S", name)
        if found:
            return {found.split(": ")[0].split(",")[0].strip()}
    return set()


def _closure(names: set[str]) -> set[str]:
    """The packages and all that they depend on, as far as they are installed."""
    known: set[str] = set()
    pending = [name.partition(":")[0] for name in names]
    while pending:
        name = pending.pop()
        if name in known:
            continue
        depends = _run("dpkg-query", "-W", "-f", "${Pre-Depends},${Depends}", name)
        if depends or _run("dpkg-query", "-W", "-f", "${Version}", name):
            known.add(name)
        alternatives = (part.split("|") for part in depends.replace("\n", ",").split(","))
        pending += [one.split("(")[0].partition(":")[0].strip() for part in alternatives for one in part if one.strip()]
    return known


def _listed(name: str) -> list[str]:
    lines = _run("dpkg-query", "-L", name).splitlines()
    paths = [Path(line) for line in lines if line.startswith("/") and not line.startswith(_LEFT_OUT)]
    return [str(path) for path in paths if (path.is_symlink() or path.is_file()) and not _UNUSED.search(str(path))]


def _run(*command: str) -> str:
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 or found.stdout else ""
