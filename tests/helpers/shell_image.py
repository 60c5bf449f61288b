"""A small image with a shell, made from this machine's own programs: no registry is asked."""

import io
import re
import shutil
import subprocess
import tarfile
from contextlib import closing
from pathlib import Path

from helpers.needs import lacking

NAME = "holdfast-tests-shell:1"
PROGRAMS = ("sh", "bash", "timeout", "cat", "ls", "mkdir", "rm", "head", "yes", "sleep", "test", "true", "seq")


def shell_image() -> str:
    """The image's name; made when it is not there. Skips where a program is missing."""
    import docker
    from docker.errors import ImageNotFound

    with closing(docker.from_env()) as client:
        try:
            client.images.get(NAME)
        except ImageNotFound:
            repository, _, tag = NAME.partition(":")
            client.api.import_image_from_data(_root(), repository=repository, tag=tag)
    return NAME


def _root() -> bytes:
    """A file system of the programs and the libraries that they need, as a tar archive."""
    files: dict[str, Path] = {}
    for name in PROGRAMS:
        found = shutil.which(name)
        if found is None:
            lacking("docker", f"an image with a shell needs {name}")
        files[f"bin/{name}"] = Path(found).resolve()
        listed = subprocess.run(["ldd", found], capture_output=True, text=True, check=False).stdout
        files |= {library.lstrip("/"): Path(library).resolve() for library in re.findall(r"(/\S+)", listed)}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for folder in ("tmp", "logs", "tests", "proc", "dev"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777
            archive.addfile(entry)
        for target, source in files.items():
            archive.add(source, arcname=target)
    return packed.getvalue()
