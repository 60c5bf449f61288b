"""Engines that fail, owners that die, sandboxes that are lost."""

import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from helpers.sandboxes import BACKENDS, containers, descendants, groups, need

from holdfast.errors import UsageError
from holdfast.reward import Reward
from holdfast.rewards.sandbox import close_pools
from holdfast.rewards.sandbox.backends.choice import Engine, resolve
from holdfast.sample import Outcome, Sample

GOOD = Sample("def f(x): return x + 1", {"tests": ["assert f(1) == 2"]})

OWNER = """
import sys
from holdfast.reward import Reward
from holdfast.sample import Sample
reward = Reward("code", backend=sys.argv[1], timeout=60.0)
reward.score(Sample("def f(x): return x", {"tests": ["assert f(1) == 1"]}))
print("warm", flush=True)
slow = "import os, time\\nif os.fork() == 0: os.setsid()\\ntime.sleep(50)\\ndef f(x): return x"
reward.score_batch([Sample(f"# {i}\\n" + slow, {"tests": ["assert f(1) == 1"]}) for i in range(8)])
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_killing_the_owner_leaves_nothing(backend: str) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, need(backend)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None and owner.stdout.readline() == "warm\n"
    time.sleep(1.0)
    inside = descendants(owner.pid)
    assert inside if backend == "bubblewrap" else containers(owner.pid)
    owner.kill()
    owner.wait()
    _eventually(lambda: not [pid for pid in inside if Path(f"/proc/{pid}").exists()])
    # Whatever the killed run could not remove goes at the next start.
    assert Reward("code", backend=backend, memory=300).score(GOOD).value == 1.0
    close_pools()
    if backend == "docker":
        _eventually(lambda: not containers(owner.pid) + containers(os.getpid()))
    _eventually(lambda: not groups(owner.pid) + groups(os.getpid()))


@pytest.mark.docker
def test_leftover_containers_of_dead_owners_are_removed_and_others_stay() -> None:
    import docker

    from holdfast.rewards.sandbox.backends import docker_engine

    need("docker")
    client = docker.from_env()
    dead = docker_engine.owner().rsplit(" ", 2)[0] + " 4194000 1"
    other_machine = "0000-boot pid:[1] 1 1"
    made = [
        client.containers.create(docker_engine.IMAGE, "python3", labels={"holdfast.owner": owner})
        for owner in (dead, other_machine, docker_engine.owner())
    ]
    try:
        assert docker_engine.reap(client) == [made[0].id]
    finally:
        for container in made[1:]:
            container.remove(force=True)
        client.close()


@pytest.mark.slow
@pytest.mark.docker
def test_a_container_killed_under_a_program_is_replaced() -> None:
    import docker

    reward = Reward("code", backend=need("docker"), workers=1, memory=320, timeout=30.0)
    assert reward.score(GOOD).value == 1.0
    slow = Sample("import time\ntime.sleep(2)\ndef f(x): return x + 1", GOOD.reference)
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.append(reward.score(slow)))
    thread.start()
    time.sleep(1)
    client = docker.from_env()
    for container in containers(os.getpid()):
        client.containers.get(container).kill()
    client.close()
    thread.join()
    assert result[0].value == 1.0


@pytest.mark.docker
def test_a_missing_image_names_the_command_that_builds_it() -> None:
    need("docker")
    with pytest.raises(UsageError, match=r"python -m holdfast\.rewards\.sandbox\.image"):
        Reward("code", backend="docker", image="holdfast-sandbox:absent").score(GOOD)


def test_an_engine_that_is_down_gives_errors_and_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("docker")
    reward = Reward("code", backend="docker", hosts="unix:///tmp/holdfast-no-such-engine.sock")
    with caplog.at_level(logging.WARNING, logger="holdfast.sandbox"):
        samples = [Sample(f"def f(x): return x + {i}", GOOD.reference) for i in range(6)]
        scores = reward.score_batch(samples)
    assert [s.outcome for s in scores] == [Outcome.ERROR] * 6 and all(s.value is None for s in scores)
    assert sum("cannot start" in record.message for record in caplog.records) == 1


@pytest.mark.docker
def test_an_engine_that_comes_back_is_used_again() -> None:
    """An engine reached through a socket that is a relay of ours: cut, then restored."""
    need("docker")
    relay = Path(f"/tmp/holdfast-relay-{os.getpid()}.sock")
    reward = Reward("code", backend="docker", hosts=f"unix://{relay}", workers=1)
    assert reward.score(GOOD).outcome is Outcome.ERROR
    relay.symlink_to("/var/run/docker.sock")
    try:
        deadline = time.monotonic() + 300
        while reward.score(GOOD).value is None:
            assert time.monotonic() < deadline
            time.sleep(0.3)
        assert reward.score(GOOD).value == 1.0
    finally:
        relay.unlink()


def test_auto_never_means_unsafe(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    need("bubblewrap")
    nowhere = "unix:///tmp/holdfast-no-such-engine.sock"
    with caplog.at_level(logging.WARNING, logger="holdfast.sandbox"):
        assert resolve(Engine("auto", hosts=nowhere)) == "bubblewrap"
    assert "bubblewrap, because Docker cannot be used" in caplog.text
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UsageError, match="no sandbox"):
        resolve(Engine("auto", hosts=nowhere + "2"))


def test_unsafe_local_works_only_when_written_out() -> None:
    assert Reward("code", backend="unsafe-local", workers=1).score(GOOD).value == 1.0
    wrong = Reward("code", backend="unsafe-local", workers=1).score(Sample("def f(x): return x", GOOD.reference))
    assert wrong.value == 0.0
    daemon = Sample(
        "import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(77)\ndef f(x): return x + 1", GOOD.reference
    )
    assert Reward("code", backend="unsafe-local", workers=1).score(daemon).value == 1.0
    close_pools()


UNPRIVILEGED = """
import os, sys
from holdfast import registry
from holdfast.reward import Reward
from holdfast.rewards.sandbox import scoring
from holdfast.rewards.sandbox.backends import boot
from holdfast.rewards.sandbox.source import test_source
from holdfast.sample import Sample
test_source._is_well_known("nothing")
sys.path.insert(0, sys.argv[1])
from helpers import code_attacks
registry.scan()
boot.first_frame({})
import concurrent.futures.thread, subprocess, json, select, tempfile
os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
sys.base_prefix = "/usr"; sys.path[:] = ["/usr/lib/python3/dist-packages"]; sys.path_importer_cache.clear()
reward = Reward("code", backend="bubblewrap", timeout=8.0)
called = {k: r for k, r in code_attacks.references().items() if k != "pytest"}
right = [reward.score(Sample(code_attacks.RIGHT, r)).value for r in called.values()]
chosen = [a for a in code_attacks.attacks() if a[0].endswith(("[asserts]", "[stdin]"))]
scores = reward.score_batch([Sample(program, reference) for _, program, reference in chosen])
print(right, [n for (n, _, _), s in zip(chosen, scores) if s.value != 0.0], len(scores))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="becomes an unprivileged user, so it must start as root")
def test_an_unprivileged_user_is_as_safe() -> None:
    need("bubblewrap")
    if not Path("/usr/bin/python3.11").exists():
        pytest.skip("needs a Python that every user may read")
    tests = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, tests], capture_output=True, text=True, timeout=300, check=False
    )
    from helpers.code_attacks import CALLED, PRINTED

    assert done.stdout.strip() == f"[1.0, 1.0, 1.0, 1.0, 1.0] [] {len(CALLED) + len(PRINTED)}", done.stderr[-2000:]


def _eventually(condition: Any) -> None:
    for _ in range(150):
        if condition():
            return
        time.sleep(0.1)
    assert condition()
