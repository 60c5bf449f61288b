"""`holdfast env try`: one message or several, in the first task or another."""

import json

import pytest

from holdfast.cli import main


def _said(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main(["env", "try", "tiny_notes", "split=train", "--json", *words]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_one_message_leaves_the_episode_open(capsys) -> None:
    said = _said(capsys, "say=nothing")
    assert (said["done"], said["value"]) == (False, 0.0)
    (asked,) = said["messages"]  # type: ignore[misc]
    assert asked["role"] == "user"


def test_further_messages_play_it_to_its_end(capsys) -> None:
    said = _said(capsys, "say=nothing", "then=[something else]")
    assert said["done"] is True
    assert [one["role"] for one in said["messages"]] == ["user", "assistant"]  # type: ignore[attr-defined]
    assert said["messages"][1]["content"] == "something else"  # type: ignore[index]


def test_a_message_after_the_end_is_refused(capsys) -> None:
    assert main(["env", "try", "tiny_notes", "say=a", "then=[b,c]"]) == 64
    assert "over after 2 messages: 'c' has no turn" in capsys.readouterr().err
