"""An environment of ours served by OpenEnv's protocol: played by our own driver and by the package's own client."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from helpers.environment_server import environment_server
from helpers.foreign import foreign_python
from helpers.needs import lacking
from helpers.paths import ROOT
from helpers.reward_server import free_port

from holdfast.benchmarks.environments.tiny_form import gold
from holdfast.environment import environment_spec, make_environment
from holdfast.serve.hubs.openenv import OpenEnvServer

CLIENT = Path(__file__).parents[1] / "benchmarks" / "environments" / "scripts" / "openenv_client.py"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """`tiny_form` behind the protocol."""
    port = free_port()
    spec = environment_spec("tiny_form")
    served = OpenEnvServer(spec, make_environment("tiny_form", items=6), spec.splits)
    server = uvicorn.Server(uvicorn.Config(served.app(), port=port, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def test_our_driver_plays_it(url: str) -> None:
    away, here = make_environment(f"openenv:{url}", items=6), make_environment("tiny_form", items=6)
    for row, own in zip(away.tasks("test"), here.tasks("test"), strict=True):
        episode = away.open(row, 0)
        assert {tool["function"]["name"] for tool in episode.tools} == {"look", "save"}
        for message in gold(own)[1:]:
            if message["role"] == "assistant":
                step = episode.step(message)
        assert (step.done, episode.score().value) == (True, 1.0)
        episode.close()


def test_the_package_plays_it(url: str) -> None:
    python = foreign_python("openenv", "openenv")
    done = subprocess.run([python, str(CLIENT), url], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["tools"] == ["look", "save"]
    assert found["looked"] != "not found"
    assert found["error"] is True, "a message that is none is refused"


def test_the_answer_never_leaves(url: str) -> None:
    import httpx

    listed = httpx.post(f"{url}/tiny_form/tasks", json={"split": "test"}).json()["tasks"]
    assert len(listed) == 6
    assert all("digits" not in task for task in listed)


def test_the_command_line_serves(url: str) -> None:
    help_text = subprocess.run(
        [sys.executable, "-m", "holdfast", "env", "--help"], capture_output=True, text=True, check=True
    )
    assert "env serve NAME" in help_text.stdout


GRADERS = """
import json, sys
from types import SimpleNamespace
from openenv.validation.graders import GraderRegistry
from holdfast.serve.hubs.openenv_graders import AdversarialFloor, GameabilityGap
registry = GraderRegistry()
for grader in (AdversarialFloor(), GameabilityGap()):
    registry.register(grader)
reward = SimpleNamespace(range=(0.0, 1.0), floor_margin=0.2)
manifest = SimpleNamespace(reward=reward, capabilities=SimpleNamespace())
found = {}
for url in (*sys.argv[1:], None):
    subject = SimpleNamespace(manifest=manifest, running=None if url is None else SimpleNamespace(base_url=url))
    results = [grader.run(subject) for grader in registry.select(manifest, 4)]
    found[str(url)] = [[one.check_id, one.status.value, one.measured] for one in results]
print(json.dumps(found))
"""


@pytest.mark.slow
def test_openenvs_reserved_checks_find_a_reward_that_pays_for_nothing(tmp_path: Path) -> None:
    """By the package's own registry and results: a sound reward passes, one that pays for short texts fails."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"prompt": f"{i} + 41 = ?", "reference": str(i + 41)}) + "\n" for i in range(9)))
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    python = foreign_python("openenv", "openenv")
    probe = [python, "-c", "import holdfast.environment, holdfast.benchmarks.environments.openenv"]
    if subprocess.run(probe, env=environ, capture_output=True, check=False).returncode:
        lacking("foreign", f"{python} lacks what holdfast-llm needs: pip install holdfast-llm there")
    with (
        environment_server(f"rows:{rows}", "reward=numeric", "split=test") as sound,
        environment_server(f"rows:{rows}", "reward={reward: length, maximum: 400}", "split=test") as generous,
    ):
        words = [python, "-c", GRADERS, sound, generous]
        done = subprocess.run(words, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    names = ["statistical.adversarial_floor", "statistical.gameability_gap"]
    assert [one[:2] for one in found[sound]] == [[name, "pass"] for name in names]
    assert [one[:2] for one in found[generous]] == [[name, "fail"] for name in names]
    assert found[generous][0][2]["floor"] == 1.0
    assert [one[:2] for one in found["None"]] == [[name, "skip"] for name in names]
