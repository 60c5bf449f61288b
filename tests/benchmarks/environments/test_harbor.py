"""Task directories in Harbor's documented form, played in containers of a small image; no harbor is needed."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.sandboxes import need
from helpers.shell_image import NAME, shell_image

from holdfast.environment import BusyError, EpisodeError, make_environment
from holdfast.errors import DataError

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
    (made / "task.toml").write_text(toml or 'version = "1.0"\n[environment]\ncpus = 1\nmemory = "512M"\n')
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
    ],
)
def test_a_verifier_that_gives_no_number_gives_no_value(test: str, value: Any, tmp_path: Path) -> None:
    task(tmp_path, test=f"#!/bin/bash\n{test}\n", toml='version = "1.0"\n[verifier]\ntimeout_sec = 2.0\n')
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
    first, second = task(tmp_path, "a"), task(tmp_path, "b", toml='[environment]\nmemory_mb = 64\ndocker_image = "x"\n')
    rows = list(make_environment(f"harbor:{tmp_path}").tasks("test"))
    assert [(row["key"], row["memory"], row["image"]) for row in rows] == [("a", "512m", None), ("b", "64m", "x")]
    assert [row["key"] for row in make_environment(f"harbor:{first}").tasks("test")] == ["a"]
    before = make_environment(f"harbor:{tmp_path}").pinned()  # type: ignore[attr-defined]
    (second / "tests" / "test.sh").write_text("changed")
    assert make_environment(f"harbor:{tmp_path}").pinned() != before  # type: ignore[attr-defined]
    (second / "task.toml").write_text("= broken")
    with pytest.raises(DataError, match=r"task\.toml"):
        list(make_environment(f"harbor:{tmp_path}").tasks("test"))
