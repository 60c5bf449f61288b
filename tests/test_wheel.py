"""The wheel holds everything and works without the source tree beside it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from helpers.paths import ROOT


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content, as pip lays it out; built from the sdist, without leftovers."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    result = subprocess.run(build, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_has_one_package_and_its_data(installed: Path) -> None:
    assert [entry.name for entry in installed.iterdir() if not entry.name.endswith(".dist-info")] == ["holdfast"]
    package = installed / "holdfast"
    for expected in (
        "py.typed",
        "conf/train.yaml",
        "conf/suite/tiny.yaml",
        "report/html/assets",
        "benchmarks/tiny/model",
    ):
        assert (package / expected).exists(), expected
    size = sum(path.stat().st_size for path in (package / "benchmarks" / "tiny" / "model").iterdir())
    assert 500_000 < size <= 6 * 2**20


def test_the_wheel_has_every_file_of_the_tree(installed: Path) -> None:
    """The package is found, not listed, so that a new folder or data file cannot be forgotten."""
    folders = {
        "harness": "",
        "rewards": "rewards/",
        "benchmarks": "benchmarks/",
        "trainers": "trainers/",
        "conf": "conf/",
    }
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    tracked = [Path(name) for name in listed if (ROOT / name).is_file()]
    expected = {folders[path.parts[0]] + path.relative_to(path.parts[0]).as_posix() for path in tracked}
    package = installed / "holdfast"
    found = {path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()}
    assert found == expected


@pytest.mark.slow
def test_the_core_tests_pass_against_the_wheel(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    where = "import holdfast; print(holdfast.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", where], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout.startswith(str(installed))
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", str(ROOT / "tests" / "core")]
    result = subprocess.run(
        [sys.executable, *words], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout[-3000:]
