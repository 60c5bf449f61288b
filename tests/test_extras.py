"""Each extra works alone: the wheel with one extra in a fresh environment, and the verbs that it is for."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from helpers.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.packages]

SCRIPTS = ROOT / "tests" / "helpers" / "extras"
HOLDFAST = ["-m", "holdfast"]
TINY = ["experiment=tiny_sft", "trainer.args.max_steps=1", "limit=2", "data.limit=16"]
JAVA = "from holdfast.rewards.tool_calls.languages import parse_source_call as p; assert p('f(1);', 'java')[0] == 'f'"

CALLS: dict[str, list[list[str]]] = {
    "": [
        [*HOLDFAST, "--help"],
        [*HOLDFAST, "doctor"],
        [*HOLDFAST, "rewards"],
        [*HOLDFAST, "completion", "bash"],
        [*HOLDFAST, "score", "before.jsonl", "reward=math", "out=a.jsonl"],
        [*HOLDFAST, "score", "after.jsonl", "reward=math", "out=b.jsonl"],
        [*HOLDFAST, "compare", "a.jsonl", "b.jsonl", "html=report.html", "md=report.md"],
    ],
    "sandbox": [["-c", "import holdfast.rewards.sandbox.backends.docker_engine, docker, requests"]],
    "eval": [
        [*HOLDFAST, "plan", "suite=tiny"],
        [*HOLDFAST, "eval", "model=tiny", "suite=tiny", "limit=2", "out=run"],
        [str(SCRIPTS / "api_backend.py")],
    ],
    "train": [
        [*HOLDFAST, "train", *TINY, "out=trained"],
        [*HOLDFAST, "train", *TINY, "lora=true", "out=adapter"],
        [*HOLDFAST, "data", "card", "tiny_sft", "limit=50"],
    ],
    "serve": [[str(SCRIPTS / "serve.py")]],
    "mcp": [[str(SCRIPTS / "mcp_session.py")]],
    "envs": [["-c", "import websockets, holdfast.benchmarks.environments.openenv"], [*HOLDFAST, "env", "list"]],
    "tools": [["-c", JAVA]],
    "ray": [[*HOLDFAST, "score", "before.jsonl", "reward=numeric", "out=r.jsonl", "engine=ray", "workers=1"]],
    "ors": [[str(SCRIPTS / "serve.py"), "ors=before.jsonl"]],
    "sweep": [[*HOLDFAST, "train", "-m", "launcher=joblib", "hydra.launcher.n_jobs=1", *TINY, "seed=0,1"]],
}
"""Extra → what must end with exit code 0, in order ("" is the core alone)."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, capture_output=True, check=True)
    (found,) = folder.glob("*.whl")
    return found


def test_every_extra_is_tried() -> None:
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(CALLS) == {"", *extras} - {"all", "dev", "docs"}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("extra", CALLS, ids=lambda extra: extra or "core")
def test_an_extra_works_alone(extra: str, wheel: Path, tmp_path: Path) -> None:
    python = _installed(f"{wheel}[{extra}]" if extra else str(wheel), tmp_path)
    for name, right in (("before", "42"), ("after", "41")):
        rows = [{"id": i, "prompt": f"p{i}", "completion": f"so {right}", "reference": "42"} for i in range(20)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for words in CALLS[extra]:
        allowed = (0, 1, 2) if "compare" in words else (0,)
        _run([python, *words], tmp_path, allowed)


def _installed(requirement: str, folder: Path) -> str:
    """Install the requirement into a fresh environment (by uv where it is there); returns its Python."""
    uv, python = shutil.which("uv"), str(folder / "env" / "bin" / "python")
    venv.create(folder / "env", with_pip=uv is None)
    pip = [uv, "pip"] if uv else [python, "-m", "pip"]
    target = ["--python", python] if uv else []
    _run([*pip, "install", *target, "-q", "-c", str(ROOT / "constraints.txt"), requirement], folder)
    _run([*pip, "check", *target], folder)
    return python


def _run(command: list[str], folder: Path, allowed: tuple[int, ...] = (0,)) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment["HOLDFAST_CACHE"] = str(folder / "cache")
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode in allowed, f"{command}\n{result.stdout[-2000:]}\n{result.stderr[-4000:]}"
