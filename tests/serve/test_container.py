"""The container, run as the manifest runs it: read-only, without rights, as user 10001; then SIGTERM under load.

The image is made from this machine's Python without a registry (as the sandbox's is), with the run-time lines of
deploy/Dockerfile; HOLDFAST_SERVE_IMAGE names one that `docker build` made instead.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers.http_load import CUT, Load
from helpers.paths import ROOT
from helpers.reward_server import free_port
from helpers.sandboxes import need
from packaging.requirements import Requirement

from holdfast.errors import DISTRIBUTION
from holdfast.rewards.sandbox.image import write_rootfs

pytestmark = [pytest.mark.docker, pytest.mark.slow]
TAG = "holdfast-serve-test:1"
_BASE = "holdfast-serve-test-base"
RIGHTS = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "tmpfs": {"/tmp": "mode=1777"},
    "mem_limit": "2g",
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    import docker

    need("docker")
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="module")
def image(engine: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = os.environ.get("HOLDFAST_SERVE_IMAGE")
    if given:
        yield given
        return
    with tempfile.TemporaryFile() as file:
        write_rootfs(file, sorted(_closure({"serve", "sandbox"})))
        file.seek(0)
        engine.api.import_image_from_stream(iter(lambda: file.read(2**20), b""), _BASE, "1")
    folder = tmp_path_factory.mktemp("image")
    _wheel_into(folder / "holdfast")
    lines = [f"FROM {_BASE}:1", "COPY holdfast /opt/holdfast", *_run_lines()]
    (folder / "Dockerfile").write_text("\n".join(lines))
    subprocess.run(["docker", "build", "-q", "-t", TAG, str(folder)], check=True, capture_output=True)
    yield TAG
    for name in (TAG, f"{_BASE}:1"):
        engine.images.remove(name, force=True)


def _closure(extras: set[str]) -> set[str]:
    """Every installed package that `holdfast-llm[extras]` needs."""
    found: set[str] = set()
    waiting = [(DISTRIBUTION, frozenset(extras))]
    while waiting:
        name, wanted = waiting.pop()
        for text in metadata.requires(name) or []:
            need = Requirement(text)
            marked = any(need.marker is None or need.marker.evaluate({"extra": extra}) for extra in {"", *wanted})
            if marked and need.name not in found:
                found.add(need.name)
                waiting.append((need.name, frozenset(need.extras)))
    return found


def _run_lines() -> list[str]:
    """The Dockerfile's lines of how it runs."""
    text = (ROOT / "deploy/Dockerfile").read_text().partition("# Below: how it runs.")[2]
    return [line for line in text.splitlines() if re.match(r"[A-Z]+ ", line)]


def _wheel_into(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as wheels:
        command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", wheels, "."]
        subprocess.run(command, cwd=ROOT, check=True)
        (wheel,) = Path(wheels).glob("*.whl")
        subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(folder)], check=True)


def test_the_copied_folders_are_one_package(engine: Any, image: str, tmp_path: Path) -> None:
    """The Dockerfile's COPY lines on its real context: the links arrive as links, with all that they lead to."""
    if "HOLDFAST_SERVE_IMAGE" in os.environ:
        pytest.skip("that image was built by the Dockerfile itself")
    text = (ROOT / "deploy/Dockerfile").read_text()
    copies = [line for line in text.splitlines() if line.startswith(("COPY", "WORKDIR /src"))]
    look = "import sys; sys.path.insert(0, 'src'); import holdfast.rewards.math_answer, holdfast.conf"
    recipe = tmp_path / "Dockerfile"
    recipe.write_text("\n".join([f"FROM {_BASE}:1", *copies, f"RUN {json.dumps(['python3', '-c', look])}"]))
    words = ["docker", "build", "-q", "-f", str(recipe), "-t", f"{TAG}-copied", str(ROOT)]
    built = subprocess.run(words, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    engine.images.remove(f"{TAG}-copied", force=True)


@pytest.fixture
def container(engine: Any, image: str) -> Iterator[tuple[Any, str]]:
    port = free_port()
    words = ["reward=math,numeric,ifeval", "host=0.0.0.0", "workers=2", "log=true", f"port={port}"]
    environment = {"HOLDFAST_TOKEN": "s3"}
    found = engine.containers.run(image, words, environment=environment, network_mode="host", detach=True, **RIGHTS)
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(1200):
            with suppress(httpx.HTTPError):
                if httpx.get(f"{url}/readyz").status_code == 200:
                    break
            found.reload()
            assert found.status in ("created", "running"), found.logs().decode()
            time.sleep(0.1)
        yield found, url
    finally:
        found.remove(force=True)


def test_the_container_judges_as_nobody_and_ends_without_losing_anything(container: tuple[Any, str]) -> None:
    found, url = container
    headers = {"Authorization": "Bearer s3"}
    body = {"sample": {"completion": "so \\boxed{1/2}", "reference": "0.5"}}
    assert httpx.post(f"{url}/v1/rewards/math/score", json=body).status_code == 401
    assert httpx.post(f"{url}/v1/rewards/math/score", json=body, headers=headers).json()["value"] == 1.0
    assert "holdfast_queue_samples" in httpx.get(f"{url}/metrics", headers=headers).text
    users = {process[1] for process in found.top(ps_args="-eo pid,uid")["Processes"]}
    assert users == {"10001"}
    bodies = [json.dumps({"sample": {"completion": str(n % 7), "reference": "3"}}).encode() for n in range(7)]
    port = int(url.rpartition(":")[2])
    told = "Authorization: Bearer s3\r\n"
    load = Load(port, "/v1/rewards/numeric/score", bodies, 1_000_000, connections=200, headers=told)
    threading.Timer(2.0, found.kill, ["SIGTERM"]).start()
    load.run()
    assert found.wait(timeout=300)["StatusCode"] == 0
    statuses = Counter(answer.status for answer in load.answers)
    assert set(statuses) <= {200, CUT}
    assert statuses[200] > 50
    assert all(json.loads(a.body)["value"] == float(a.number % 7 == 3) for a in load.answers if a.status == 200)
    lines = [json.loads(line) for line in found.logs().decode().splitlines() if line.startswith('{"time"')]
    judged = {line["id"] for line in lines if line["status"] == 200 and "id" in line}
    assert judged == {str(answer.number) for answer in load.answers if answer.status == 200}
