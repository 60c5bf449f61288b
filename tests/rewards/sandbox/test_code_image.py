"""The image and the control groups: what users build and what their machines have."""

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.sandboxes import need

import holdfast.rewards.sandbox as sandbox_package
from holdfast.reward import Reward
from holdfast.rewards.sandbox import close_pools, image
from holdfast.rewards.sandbox.backends import bubblewrap, cgroup, docker_engine
from holdfast.rewards.sandbox.limits import Limits
from holdfast.rewards.sandbox.session import Session
from holdfast.sample import Sample

FOLDER = Path(sandbox_package.__file__).parent
BUILT = "holdfast-sandbox:from-dockerfile"
PIP = """#!/usr/bin/python3
import pathlib, sys
pathlib.Path("/opt/holdfast/pip.txt").write_text(" ".join(sys.argv[1:]))
pathlib.Path("/judge").rmdir()  # the stand-in has it already, a real base has not
"""


@pytest.fixture
def stand_in() -> Iterator[str]:
    """The Dockerfile's base image, played by this machine's Python, a shell and a pip that only notes its arguments
    (pytest is there already): no registry is at hand."""
    need("docker")
    name = next(line.split()[1] for line in _dockerfile() if line.startswith("FROM "))
    if subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False).returncode == 0:
        pytest.skip(f"{name} is here already: not touched")
    with tempfile.TemporaryFile() as file:
        image.write_rootfs(file)
        file.seek(0)
        tar = tarfile.open(fileobj=file, mode="a")  # noqa: SIM115
        with tar:
            seen = set(tar.getnames())
            tools = [Path(shutil.which(tool) or "") for tool in ("sh", "mkdir")]
            for path in [*tools, *image._shared_libraries(tools)]:
                image._add(tar, path.resolve(), f"bin/{path.name}" if path in tools else str(path), seen)
            entry = tarfile.TarInfo("usr/bin/pip")
            entry.size, entry.mode = len(PIP), 0o755
            tar.addfile(entry, io.BytesIO(PIP.encode()))
        file.seek(0)
        subprocess.run(["docker", "import", "-", name], stdin=file, check=True, capture_output=True)
    yield name
    close_pools()
    for tag in (BUILT, name):
        subprocess.run(["docker", "rmi", "-f", tag], check=False, capture_output=True)


def _dockerfile() -> list[str]:
    return (FOLDER / "Dockerfile").read_text().splitlines()


@pytest.mark.docker
@pytest.mark.slow
def test_the_dockerfile_builds_and_its_image_judges(stand_in: str) -> None:
    arguments = ["--build-arg", "PACKAGES=numpy==2.1.3", "--build-arg", "PRELOAD=colorsys,wave"]
    built = subprocess.run(
        ["docker", "build", "--network", "none", "-t", BUILT, *arguments, str(FOLDER)],
        env=os.environ | {"DOCKER_BUILDKIT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    reward = Reward("code", backend="docker", image=BUILT, workers=1)
    program = "import sys\nwarm = 'wave' in sys.modules and 'colorsys' in sys.modules\n"
    program += "noted = open('/opt/holdfast/pip.txt').read()\ndef f(x): return x + warm\n"
    tests = ["assert f(1) == 2", "assert noted.split()[-2:] == ['pytest==8.3.4', 'numpy==2.1.3']"]
    tests += ["assert '--no-cache-dir --target /opt/holdfast' in noted"]
    score = reward.score(Sample(program, {"tests": tests, "entry_point": None}))
    assert score.value == 1.0, score.reason
    file = {"test_f.py": "from solution import f\ndef test_f(): assert f(3) == 4\n"}
    assert reward.score(Sample(program, {"style": "pytest", "tests": file})).value == 1.0


SECRET = "s3cretvalue12345678"
ADDRESSES = (
    f"git+https://user:{SECRET}@example.org/a/b.git",
    f"git+https://{SECRET}@example.org/a/b.git",
    f"--extra-index-url https://user:{SECRET}@example.org/simple",
    f"x@https://example.org/x.whl?X-Amz-Signature={SECRET}#sha256=0",
    f"https://example.org/simple?token={SECRET}",
    f"--token={SECRET}",
)


@pytest.mark.docker
def test_what_programs_run_in_tells_no_secret_of_an_image() -> None:
    need("docker")
    name, label = "holdfast-sandbox:of-addresses", " ".join(["numpy==2.1.3", *ADDRESSES, "pandas"])
    change = f'LABEL holdfast.packages="{label}"'
    with tempfile.TemporaryFile() as file:
        tarfile.open(fileobj=file, mode="w").close()
        file.seek(0)
        subprocess.run(["docker", "import", "--change", change, "-", name], stdin=file, check=True, capture_output=True)
    try:
        packages = docker_engine.described("", name)["packages"]
    finally:
        subprocess.run(["docker", "rmi", "-f", name], check=False, capture_output=True)
    assert packages[0] == "numpy==2.1.3" and packages[-1] == "pandas" and "example.org/a/b.git" in packages[1]
    assert len(packages) == len(label.split()) and SECRET not in " ".join(packages)


def test_the_dockerfile_is_pinned() -> None:
    text = "\n".join(_dockerfile())
    assert all("==" in word for word in text.split() if word.startswith("pytest"))
    name = next(line.split()[1] for line in _dockerfile() if line.startswith("FROM "))
    assert name.count(".") == 2 and ":latest" not in name


def test_a_unified_control_group_gets_both_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written where, on a folder that looks like the unified hierarchy (this kernel's has no controllers)."""
    for name in ("cgroup.controllers", "cgroup.subtree_control"):
        (tmp_path / name).touch()
    monkeypatch.setattr(cgroup, "_ROOT", tmp_path)
    group = cgroup.Group(64 * 2**20, 32)
    (folder,) = tmp_path.glob("holdfast-*")
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+memory +pids"
    written = {name: (folder / name).read_text() for name in ("memory.max", "memory.swap.max", "pids.max")}
    assert written == {"memory.max": str(64 * 2**20), "memory.swap.max": "0", "pids.max": "32"}
    assert f'> "{folder}/cgroup.procs"' in group.enter(["true"])[2]


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a control group in the real unified hierarchy: needs root")
def test_a_sandbox_lives_in_a_real_unified_group(monkeypatch: pytest.MonkeyPatch) -> None:
    need("bubblewrap")
    roots = [Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")]
    root = next((path for path in roots if (path / "cgroup.controllers").exists()), None)
    if root is None:
        pytest.skip("this machine has no unified hierarchy")
    monkeypatch.setattr(cgroup, "_ROOT", root)
    made = Session(lambda: bubblewrap.start(Limits()))
    try:
        (folder,) = root.glob(f"holdfast-{os.getpid()}-*")
        assert len((folder / "cgroup.procs").read_text().split()) >= 3
        tests = {"style": "asserts", "program": "def f(x): return x", "tests": ["assert f(1) == 1"]}
        assert made.run(tests | {"limits": Limits().for_job()})["results"] == [[True, ""]]
    finally:
        made.close()
    assert not folder.exists()
