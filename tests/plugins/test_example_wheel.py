"""The example package as others would use it: built as a wheel, installed in a fresh environment, used by its names."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from helpers.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
EXAMPLE = ROOT / "examples" / "plugin"
QUICK = ["trainer.args.max_steps=2", "trainer.args.per_device_train_batch_size=2"]


def _run(words: list[str | Path], folder: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"HF_HUB_OFFLINE": "1", "HOLDFAST_CACHE": str(folder / "cache")}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with Holdfast, what it needs, and the wheel of the example."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(EXAMPLE, folder / "source")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", folder / "source"]
    _run(build, folder)
    venv.create(folder / "env", with_pip=False)
    found = folder / "env" / "bin" / "python"
    (site,) = (folder / "env" / "lib").glob("python3*/site-packages")
    (site / "holdfast.pth").write_text(f"{ROOT / 'src'}\n{sysconfig.get_path('purelib')}\n")
    (wheel,) = (folder / "dist").glob("kelp_pack-*.whl")
    _run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", site, wheel], folder)
    return found


def test_its_own_tests_pass(python: Path, tmp_path: Path) -> None:
    _run([python, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE / "tests"], tmp_path)


def test_it_comes_from_the_wheel_and_is_listed(python: Path, tmp_path: Path) -> None:
    where = _run([python, "-c", "import kelp_pack; print(kelp_pack.__file__)"], tmp_path)
    assert where.startswith(str(python.parent.parent))
    assert "kelp_word" in _run([python, "-m", "holdfast", "rewards", "list"], tmp_path)
    assert "kelp_riddle" in _run([python, "-m", "holdfast", "env"], tmp_path)
    assert "plug-in kelp-pack" in _run([python, "-m", "holdfast", "doctor"], tmp_path)


def test_it_is_measured_by_its_names(python: Path, tmp_path: Path) -> None:
    suite = "suite=[kelp_riddles,{env:kelp_riddle}]"
    _run([python, "-m", "holdfast", "eval", "model=tiny", suite, "out=run"], tmp_path)
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert results["tasks"]["kelp_riddles"]["reward"]["name"] == "kelp_word"
    assert set(results["tasks"]) == {"kelp_riddles", "kelp_riddle"}


def test_it_trains_by_its_names(python: Path, tmp_path: Path) -> None:
    rows = [{"prompt": f"Which {i}?", "completion": "kelp"} for i in range(8)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ["train", "trainer=kelp_sft", "data=rows.jsonl", "suite=[kelp_riddles]", *QUICK, "out=run"]
    _run([python, "-m", "holdfast", *words], tmp_path)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["packages"]["kelp-pack"] == "0.1.0"
    assert manifest["config"]["trainer"]["name"] == "kelp_sft"
