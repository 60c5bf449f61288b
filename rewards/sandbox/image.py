"""Build the sandbox's Docker image from this machine's Python, without a registry.

python -m holdfast.rewards.sandbox.image [tag=holdfast-sandbox:2] [packages=numpy,…] [preload=numpy,…]
    [languages=installed|none|cpp,java,…] [tar=FILE]

The image holds this Python's standard library and the shared libraries it needs, pytest, the named installed
packages and compilers (by default those that this machine has); `preload` are imported before the first program. With
`tar=` the root file system is written to a file (for `docker import`) and no engine is needed. Where a registry is at
hand the Dockerfile in this folder does the same.
"""

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import IO

from holdfast.errors import DataError, HoldfastError, UsageError, unknown
from holdfast.rewards.sandbox import toolchain_files
from holdfast.rewards.sandbox.backends.docker_engine import IMAGE

SITE = "opt/holdfast"
"""Where packages lie in the image."""
_TEST_PACKAGES = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")
_LEFT_OUT = {"site-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3"}


def build(
    tag: str = IMAGE, packages: Sequence[str] = (), preload: Sequence[str] = (), languages: Sequence[str] = ()
) -> str:
    """Import the image into the Docker engine; its id. Raises DataError when the engine does not take it."""
    import docker

    with tempfile.TemporaryFile() as file:
        write_rootfs(file, packages, languages)
        file.seek(0)
        name, _, version = tag.partition(":")
        client = docker.from_env()
        try:
            client.api.import_image_from_stream(
                iter(lambda: file.read(2**20), b""),
                name,
                version or "latest",
                changes=[_labels(packages, preload, languages)],
            )
            return str(client.images.get(tag).id)
        except docker.errors.DockerException as error:
            raise DataError(f"the Docker engine does not take the image: {error}") from error
        finally:
            client.close()


def _labels(packages: Sequence[str], preload: Sequence[str], languages: Sequence[str]) -> str:
    """What the image says of itself: what is imported first, its packages with their versions, its languages."""
    held = ",".join(f"{name}=={metadata.version(name)}" for name in packages)
    return (
        f"LABEL holdfast.preload={','.join(preload)} holdfast.packages={held} holdfast.languages={','.join(languages)}"
    )


def write_rootfs(file: IO[bytes], packages: Sequence[str] = (), languages: Sequence[str] = ()) -> None:
    """Write the root file system as a tar. Raises UsageError for a package that is not installed."""
    prefix = Path(sys.base_prefix).resolve()
    library = Path("lib", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    binary = Path(sys.base_prefix, "bin", library.name).resolve()
    seen = {*_MERGED, "usr/bin/python3", "etc/passwd"}
    with tarfile.open(fileobj=file, mode="w") as tar:
        for link, target in _MERGED.items():
            _link(tar, link, target)
        for name in ("proc", "dev", "sys", "etc", "check", SITE):
            _directory(tar, name, 0o755)
        for name in ("tmp", "judge", "build"):
            # runc gives a tmpfs the mode of the directory that it covers, whatever its options say.
            _directory(tar, name, 0o1777)
        _add(tar, binary, str(binary), seen)
        _link(tar, "usr/bin/python3", str(binary))
        for path in _files(prefix / library):
            _add(tar, path, str(path), seen)
        extensions = sorted((prefix / library / "lib-dynload").glob("*.so"))
        chosen = list(_package_files([*_TEST_PACKAGES, *packages]))
        for path, destination in chosen:
            _add(tar, path, f"{SITE}/{destination}", seen)
        shared = [binary, *extensions, *(path for path, _ in chosen if path.suffix == ".so")]
        for path in _shared_libraries(shared):
            _add(tar, path.resolve(), str(path), seen)
        if languages:
            for path, destination in toolchain_files.files(languages):
                _add_as_it_is(tar, path, destination, seen)
        _add_bytes(tar, "etc/passwd", b"root:x:0:0:root:/:/sbin/nologin\n")


_MERGED = {
    name: str(Path("/", name).readlink()) for name in ("bin", "sbin", "lib", "lib64") if Path("/", name).is_symlink()
}
"""Links at the top of this machine's file system, which every path of the image runs through as here."""


def _merged(target: str) -> str:
    """A path below the links' targets."""
    name = os.path.normpath(target).lstrip("/")  # ldd writes a/../b
    head, slash, rest = name.partition("/")
    return f"{_MERGED[head]}/{rest}" if slash and head in _MERGED else name


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in _LEFT_OUT and not path.name.startswith("config-"):
                yield from _files(path)
        elif path.suffix != ".a":
            yield path


def _package_files(names: Sequence[str]) -> Iterator[tuple[Path, str]]:
    for name in names:
        try:
            files = metadata.distribution(name).files or []
        except metadata.PackageNotFoundError:
            raise UsageError(f"the package {name!r} is not installed here, so the image cannot have it") from None
        for file in files:
            path = Path(str(file.locate()))
            if ".." not in file.parts and path.is_file():
                yield path, str(file)


def _shared_libraries(binaries: Sequence[Path]) -> list[Path]:
    """What the loader needs for them, and the loader, by the paths it looks for."""
    found: set[Path] = set()
    for start in range(0, len(binaries), 50):
        names = [str(path) for path in binaries[start : start + 50]]
        listed = subprocess.run(["ldd", *names], capture_output=True, text=True, check=False).stdout
        for line in listed.splitlines():
            words = line.split()
            found |= {Path(word) for word in words if word.startswith("/") and not word.endswith(":")}
    return sorted(path for path in found if path.exists())


def _add(tar: tarfile.TarFile, path: Path, target: str, seen: set[str]) -> None:
    name = _merged(target)
    if name in seen:
        return
    seen.add(name)
    entry = tarfile.TarInfo(name)
    data = path.read_bytes()
    entry.size = len(data)
    # Readable by every user of the sandbox, owned by root, no dates: the same tree gives the same image.
    entry.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
    tar.addfile(entry, io.BytesIO(data))


def _add_as_it_is(tar: tarfile.TarFile, path: Path, target: str, seen: set[str]) -> None:
    """A file, or a symbolic link as one."""
    name = _merged(target)
    if path.is_symlink() and name not in seen:
        seen.add(name)
        _link(tar, name, str(path.readlink()))
    elif not path.is_symlink():
        _add(tar, path, target, seen)


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o644
    tar.addfile(entry, io.BytesIO(data))


def _directory(tar: tarfile.TarFile, name: str, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    tar.addfile(entry)


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    tar.addfile(entry)


def main(arguments: Sequence[str]) -> int:
    """Run the command line."""
    if any(word in ("-h", "--help", "help") for word in arguments):
        print(__doc__)
        return 0
    options = {"tag": IMAGE, "packages": "", "preload": "", "languages": "installed", "tar": ""}
    for word in arguments:
        key, _, value = word.partition("=")
        if key not in options:
            raise unknown("key", key, options)
        options[key] = value
    lists = {key: [n for n in options[key].split(",") if n] for key in ("packages", "preload", "languages")}
    if options["languages"] in ("installed", "none"):
        lists["languages"] = toolchain_files.installed() if options["languages"] == "installed" else []
    if options["tar"]:
        with Path(options["tar"]).open("wb") as file:
            write_rootfs(file, lists["packages"], lists["languages"])
        print(options["tar"])
    else:
        print(options["tag"], build(options["tag"], lists["packages"], lists["preload"], lists["languages"]))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except HoldfastError as error:
        sys.exit(f"image: {error}")
