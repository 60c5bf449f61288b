"""Task directories in Harbor's documented form, played in containers of a small image; no harbor is needed."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from helpers.sandboxes import need
from helpers.shell_image import NAME, shell_image

from holdfast.benchmarks.environments.drivers.container import Container, image_of
from holdfast.benchmarks.environments.drivers.harbor_task import KEYS, read_task
from holdfast.environment import BusyError, EpisodeError, make_environment
from holdfast.errors import DataError, UsageError

CLOSED = "[environment]\nallow_internet = false\n"
TEST = """#!/bin/bash
mkdir -p /logs/verifier
[ "$(cat /tmp/answer.txt)" = 42 ] && echo 1 > /logs/verifier/reward.txt || echo 0 > /logs/verifier/reward.txt
"""


def task(folder: Path, name: str = "sum", test: str = TEST, toml: str = "") -> Path:
    """A task directory."""
    made = folder / name
    for part in ("environment", "tests"):
        (made / part).mkdir(parents=True)
    (made / "instruction.md").write_text("Write 40 + 2 into /tmp/answer.txt.\n")
    (made / "task.toml").write_text(toml or f'version = "1.0"\n{CLOSED}cpus = 1\nmemory = "512M"\n')
    (made / "environment" / "Dockerfile").write_text(f"FROM {NAME}\n")
    (made / "tests" / "test.sh").write_text(test)
    (made / "tests" / "expected.txt").write_text("42")
    return made


def environment(folder: Path, **options: Any) -> Any:
    need("docker")
    return make_environment(f"harbor:{folder}", image=shell_image(), **options)


def play(made: Any, *commands: str) -> tuple[Any, list[str]]:
    """The score after some commands, and what they printed."""
    episode = made.open(next(iter(made.tasks("test"))), 0)
    try:
        printed = [
            step.messages[0]["content"] for step in (episode.step(called(command=command)) for command in commands)
        ]
        assert episode.step({"role": "assistant", "content": "Done."}).done
        return episode.score(), printed
    finally:
        episode.close()


def called(name: str = "bash", **arguments: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "type": "function", "function": function}]}


@pytest.mark.docker
def test_the_tests_reward_is_the_score_and_nothing_written_before_them_counts(tmp_path: Path) -> None:
    task(tmp_path)
    made = environment(tmp_path)
    right, printed = play(made, "echo 42 > /tmp/answer.txt; cat /tmp/answer.txt", "ls /tests", "exit 3")
    assert right.value == 1.0 and printed[0] == "42\n"
    assert "expected" not in printed[1] and printed[2] == "\n[exit code 3]"
    wrong, _ = play(made, "mkdir -p /logs/verifier /tests; echo 1 > /logs/verifier/reward.txt; echo true > /tests/x")
    assert wrong.value == 0.0


@pytest.mark.slow
@pytest.mark.docker
def test_commands_are_bounded_and_see_no_network(tmp_path: Path) -> None:
    task(tmp_path)
    made = environment(tmp_path, command=2.0)
    reach = "bash -c 'echo > /dev/tcp/1.1.1.1/53'"
    score, printed = play(made, "sleep 60", "yes | head -c 30000000", reach, "printf '\\377'")
    assert "[killed after 2 seconds]" in printed[0]
    assert len(printed[1]) < 20_000 and "bytes" in printed[1]
    assert "unreachable" in printed[2] and printed[3] == "\ufffd"
    assert score.value == 0.0


@pytest.mark.slow
@pytest.mark.docker
@pytest.mark.parametrize(
    ("test", "value"),
    [
        ("exit 1", None),
        ("mkdir -p /logs/verifier; echo many > /logs/verifier/reward.txt", None),
        ("mkdir -p /logs/verifier; echo 1.5 > /logs/verifier/reward.txt", None),
        ("mkdir -p /logs/verifier; echo NaN > /logs/verifier/reward.txt", None),
        ("mkdir -p /logs/verifier; echo 0.25 > /logs/verifier/reward.txt", 0.25),
        ("""mkdir -p /logs/verifier; echo '{"reward": 0.5}' > /logs/verifier/reward.json""", 0.5),
        ("""mkdir -p /logs/verifier; echo '{"a": 0.5, "b": 1}' > /logs/verifier/reward.json""", None),
        ("sleep 60; echo 1 > /logs/verifier/reward.txt", None),
        ("echo 0 > /logs/verifier/reward.txt; sleep 60", None),
        ("echo 1 > /logs/verifier/reward.txt; sleep 60", None),
        ("echo 1 > /logs/verifier/reward.txt; kill -KILL $$", None),
        ("echo 1 > /logs/verifier/reward.txt; exit 1", 1.0),
    ],
)
def test_a_verifier_that_gives_no_number_gives_no_value(test: str, value: Any, tmp_path: Path) -> None:
    task(tmp_path, test=f"#!/bin/bash\n{test}\n", toml=f'version = "1.0"\n[verifier]\ntimeout_sec = 2.0\n{CLOSED}')
    score, _ = play(environment(tmp_path))
    assert score.value == value, score.reason


@pytest.mark.docker
def test_calls_that_are_none_are_told_and_places_are_counted(tmp_path: Path) -> None:
    task(tmp_path)
    made = environment(tmp_path, containers=1)
    row = next(iter(made.tasks("test")))
    episode = made.open(row, 0)
    with pytest.raises(BusyError):
        made.open(row, 0)
    for message in (called("rm", path="/"), called(command=5), called()):
        assert "there is one tool, bash" in episode.step(message).messages[0]["content"]
    episode._container._container.remove(force=True)
    with pytest.raises(EpisodeError, match="Docker engine"):
        episode.step(called(command="ls"))
    episode.close()
    made.open(row, 0).close()


def test_folders_are_read_and_mistakes_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"task\.toml"):
        list(make_environment(f"harbor:{tmp_path}").tasks("test"))
    first, second = task(tmp_path, "a"), task(tmp_path, "b", toml=f'{CLOSED}memory_mb = 64\ndocker_image = "x"\n')
    rows = list(make_environment(f"harbor:{tmp_path}").tasks("test"))
    assert [(row["key"], row["memory"], row["image"]) for row in rows] == [("a", "512m", None), ("b", "64m", "x")]
    assert [row["key"] for row in make_environment(f"harbor:{first}").tasks("test")] == ["a"]
    before = make_environment(f"harbor:{tmp_path}").pinned()  # type: ignore[attr-defined]
    (second / "tests" / "test.sh").write_text("changed")
    assert make_environment(f"harbor:{tmp_path}").pinned() != before  # type: ignore[attr-defined]
    (second / "task.toml").write_text("= broken")
    with pytest.raises(DataError, match=r"task\.toml"):
        list(make_environment(f"harbor:{tmp_path}").tasks("test"))


HONOURED: dict[str, tuple[str, Any, Any]] = {
    "agent.timeout_sec": ("agent", 5.0, 5.0),
    "agent.network_mode": ("network", "no-network", False),
    "verifier.timeout_sec": ("verifier", 7, 7.0),
    "verifier.network_mode": ("network", "no-network", False),
    "environment.cpus": ("cpus", 2, 2.0),
    "environment.memory": ("memory", "2G", "2g"),
    "environment.memory_mb": ("memory", 64, "64m"),
    "environment.storage": ("storage", "10G", True),
    "environment.storage_mb": ("storage", 10240, True),
    "environment.docker_image": ("image", "x", "x"),
    "environment.build_timeout_sec": ("build", 9.0, 9.0),
    "environment.allow_internet": ("network", False, False),
    "environment.network_mode": ("network", "no-network", False),
}
"""Key → (field of the row, what is written, what is read)."""


def written(key: str, value: Any) -> str:
    """A task.toml that says one thing more than that there is no network."""
    table, _, name = key.rpartition(".")
    closed = "" if key == "environment.allow_internet" else "allow_internet = false\n"
    line = f"{name} = {json.dumps(value)}\n"
    box = f"[environment]\n{closed}{line if table == 'environment' else ''}"
    return (line if not table else "") + box + (f"[{table}]\n{line}" if table not in ("", "environment") else "")


def test_every_key_of_task_toml_is_followed_or_refused(tmp_path: Path) -> None:
    assert {f"{table}.{key}" for table, keys in KEYS.items() for key in keys} == set(HONOURED)
    made = task(tmp_path)
    for key, (field, value, read) in HONOURED.items():
        (made / "task.toml").write_text(written(key, value))
        assert read_task("sum", made)[field] == read, key
    for key in ("agent.user", "agent.timeout_secs", "verifier.env.A", "verifier.collect", "environment.gpus",
                "environment.gpu_types", "environment.env.A", "environment.mcp_servers", "environment.healthcheck.a",
                "environment.workdir", "environment.skills_dir", "environment.os", "verifier.environment_mode",
                "steps", "agents.timeout_sec", "multi_step_reward_strategy"):  # fmt: skip
        (made / "task.toml").write_text(written(key, 1))
        with pytest.raises(DataError, match="is not had here"):
            read_task("sum", made)
    for key, value in {"environment.gpus": 0, "environment.env": [], "environment.os": "linux", "agent.user": "",
                       "verifier.environment_mode": "shared", "metadata.gpus": 8, "solution.env": "x",
                       "schema_version": "1.3"}.items():  # fmt: skip
        (made / "task.toml").write_text(written(key, value))
        read_task("sum", made)
    for key in HONOURED:
        for odd in ([], -1, "many", 0):
            field, asks = HONOURED[key][0], not (odd == 0 and isinstance(HONOURED[key][1], str))
            (made / "task.toml").write_text(written(key, odd))
            if field in ("image", "storage") or not asks:
                continue
            with pytest.raises(DataError, match=key.rpartition(".")[2]):
                read_task("sum", made)


def test_a_task_without_image_or_tests_or_of_several_containers_is_refused(tmp_path: Path) -> None:
    made = task(tmp_path)
    (made / "environment" / "Dockerfile").unlink()
    with pytest.raises(DataError, match="neither environment/Dockerfile nor"):
        read_task("sum", made)
    assert read_task("sum", made, "an-image")["image"] is None
    (made / "environment" / "docker-compose.yaml").write_text("services: {}")
    with pytest.raises(DataError, match="several containers"):
        read_task("sum", made, "an-image")
    (made / "environment" / "docker-compose.yaml").unlink()
    (made / "tests" / "test.sh").unlink()
    with pytest.raises(DataError, match=r"test\.sh"):
        read_task("sum", made, "an-image")


def test_a_task_that_may_use_the_internet_is_not_played_without(tmp_path: Path) -> None:
    task(tmp_path, toml='version = "1.0"\n')
    with pytest.raises(UsageError, match="network=true"):
        make_environment(f"harbor:{tmp_path}").tasks("test")
    opened = make_environment(f"harbor:{tmp_path}", network=True)
    assert [row["network"] for row in opened.tasks("test")] == [True]
    assert opened.pinned() != make_environment(f"harbor:{tmp_path}").pinned()  # type: ignore[attr-defined]
    task(tmp_path / "closed", "shut")
    with pytest.raises(UsageError, match="no effect"):
        make_environment(f"harbor:{tmp_path / 'closed'}", network=True).tasks("test")


@pytest.mark.parametrize("raised", [EpisodeError, ValueError, KeyboardInterrupt, UsageError])
def test_a_container_that_cannot_be_had_gives_its_place_back(raised: Any, tmp_path: Path, monkeypatch: Any) -> None:
    task(tmp_path)
    made: Any = make_environment(f"harbor:{tmp_path}", image="x", containers=1)

    def fails(row: Any) -> Any:
        raise raised("no")

    monkeypatch.setattr(made, "container", fails)
    for _ in range(2):
        with pytest.raises(raised, match="no"):
            made.open(next(iter(made.tasks("test"))), 0)


@pytest.mark.docker
def test_the_agents_time_ends_an_episode_which_is_judged_as_it_stands(tmp_path: Path) -> None:
    task(tmp_path, toml=f"[agent]\ntimeout_sec = 1.0\n{CLOSED}")
    made = environment(tmp_path)
    episode = made.open(next(iter(made.tasks("test"))), 0)
    try:
        step = episode.step(called(command="echo 42 > /tmp/answer.txt; sleep 30"))
        assert step.done and "[killed after 1 seconds]" in step.messages[0]["content"]
        assert episode.score().value == 1.0
    finally:
        episode.close()


@pytest.mark.docker
def test_what_is_killed_early_was_not_killed_by_the_time(tmp_path: Path) -> None:
    task(tmp_path)
    _, printed = play(environment(tmp_path), "kill -KILL $$")
    assert "out of memory, or by a signal" in printed[0] and "[killed after 120" not in printed[0]


@pytest.mark.docker
def test_an_image_is_built_from_a_dockerfile_in_its_time_or_the_fault_is_named(tmp_path: Path) -> None:
    need("docker")
    shell_image()
    file = tmp_path / "Dockerfile"
    file.write_text(f"FROM {NAME}\nENV BUILT=yes\n")
    made = Container(image_of(tmp_path, None), network=False, memory="64m", cpus=1)
    try:
        assert made.run("echo $BUILT", 5).output == "yes\n"
    finally:
        made.close()
    file.write_text(f"FROM {NAME}\nRUN false\n")
    with pytest.raises(EpisodeError, match=r"Docker engine|building"):
        image_of(tmp_path, None)
    file.write_text(f"FROM {NAME}\nRUN sleep 30; echo {time.time_ns()}\n")
    with pytest.raises(EpisodeError, match=r"timed out|longer than 1"):
        image_of(tmp_path, None, 1.0)
