"""`holdfast env`: every key of every action and every option of every environment refuses what it cannot be."""

import typing
from pathlib import Path
from typing import Any

import pytest

from holdfast.benchmarks.suites.episode_task import SETTINGS
from holdfast.cli import main
from holdfast.cli.env import KEYS
from holdfast.environment import environment_names, environment_spec, make_environment
from holdfast.errors import UsageError
from holdfast.values import fits

ODD = ("x", "-1", "0", "1.5", "[]", "{a: 1}", "99999999999999999999", "null", "true", "")


def _numbers() -> list[tuple[str, str]]:
    texts = (str, Path, list[str])
    return [(action, key) for action, keys in KEYS.items() for key, hint in keys.items() if hint not in texts]


def _one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(words) == 64, words
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1 and "internal" not in captured.err, captured.err
    return captured.err


def test_there_are_numbers() -> None:
    assert len(_numbers()) == 3


@pytest.mark.parametrize(("action", "key"), _numbers())
@pytest.mark.parametrize("text", ["x", "-1", "1.5", "[]", "null", "true", ""])
def test_a_number_is_a_number(action: str, key: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"{key}=" in _one_line(["env", action, "tiny_form", f"{key}={text}"], capsys)


@pytest.mark.parametrize("action", KEYS)
def test_an_unknown_key_is_named(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    name = [] if action == "list" else ["tiny_form"]
    assert "'itmes'" in _one_line(["env", action, *name, "itmes=3"], capsys)


def _named(name: str) -> str:
    return f"{name}localhost:1" if name.endswith(":") else name


OPTIONS = [(_named(name), option) for name in environment_names() for option in environment_spec(_named(name)).options]


def test_no_option_is_called_as_a_setting_of_a_suite() -> None:
    taken = {*SETTINGS, "env", "name", "limit", "k"}
    assert not [(name, option) for name, option in OPTIONS if option in taken]


def test_every_option_has_an_annotation() -> None:
    for name, option in OPTIONS:
        assert environment_spec(name).hints.get(option, Any) is not Any, (name, option)


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_an_option_is_what_it_is_annotated_as(name: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    hint = environment_spec(name).hints[option]
    refused = [text for text in ODD if not fits(text, hint)]
    for value in (object(), b"x", [object()], {1: object()}):
        if not fits(value, hint):
            with pytest.raises(UsageError, match=option):
                make_environment(name, **{option: value})
    if str in (hint, *typing.get_args(hint)):
        return
    assert refused
    assert option in _one_line(["env", "show", name, f"{option}=<odd>"], capsys)


@pytest.mark.parametrize("name", [name for name in environment_names() if name.endswith(":")])
def test_a_scheme_without_an_address_is_named(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "takes an address" in _one_line(["env", "show", name], capsys)


def test_actions_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean 'show'" in _one_line(["env", "shwo", "tiny_form"], capsys)
    assert "takes one environment" in _one_line(["env", "show"], capsys)
