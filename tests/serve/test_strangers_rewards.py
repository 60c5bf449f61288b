"""Whatever an assistant names, references and sets: no reward imports, opens or connects to it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.watched import watched

from holdfast.errors import HoldfastError, UsageError
from holdfast.registry import lookup, names, register
from holdfast.sample import Sample, Score
from holdfast.serve.agent_tools.tools import Tools
from holdfast.serve.settings import Settings

REACHING = frozenset({"judge", "pairwise_judge", "reward_model", "episode"})
HOST = "host-of-the-test.invalid"
OWN = sorted(name for name in names() if lookup(name).function.__module__.startswith("holdfast."))


@pytest.fixture
def bait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder outside the served one: a module that leaves a mark when it is imported, a file, a suite of rewards."""
    outside = tmp_path / "bait-folder"
    outside.mkdir()
    code = f"open({str(outside / 'mark')!r}, 'w').close()\nclass E:\n    pass\ndef f(sample): return 1.0\n"
    (outside / "bait_module.py").write_text(code)
    (outside / "bait.yaml").write_text("reward: exact_match\n")
    (outside / "bait.json").write_text('{"type": "object"}')
    monkeypatch.syspath_prepend(str(outside))
    yield outside
    sys.modules.pop("bait_module", None)


def texts(outside: Path) -> list[str]:
    """Addresses of what must not be touched, in every spelling that something of ours or a library understands."""
    file = outside / "bait_module.py"
    return [
        *(
            f"{file}:E",
            f"{file}:f",
            "bait_module:E",
            "bait_module:f",
            str(file),
            str(outside),
            str(outside / "bait.yaml"),
        ),
        *(f"openenv:{outside}", "openenv:docker:bait-image", f"openenv:http://{HOST}", f"http://{HOST}/x"),
        *(f"file://{outside}/bait.json", f"{outside}/bait.json", f"@{outside}/bait.json", f"https://{HOST}/schema"),
    ]


def references(text: str) -> list[Any]:
    """A hostile text in the shapes of references that some reward reads."""
    keys = ("environment", "path", "file", "schema", "tokenizer", "model", "base_url", "image", "hosts", "packages")
    everything = dict.fromkeys(keys, text)
    return [
        text,
        [text],
        {"$ref": text},
        {"$schema": text, "type": "object", "properties": {"a": {"$ref": text}}},
        everything | {"options": everything, "split": "test", "key": "1"},
        {"environment": "tiny_form_solo", "options": everything, "split": text, "key": text},
        {"possible_answers": [{text: {"a": [text]}}], "tools": [{"name": text}], "category": text},
        {"instruction_id_list": [text], "kwargs": [everything]},
        {"style": text, "tests": text, "setup": text, "language": text},
    ]


def completion(text: str) -> list[Any]:
    call = {"id": "1", "type": "function", "function": {"name": text, "arguments": "{}"}}
    talk = [{"role": "assistant", "content": "", "tool_calls": [call]}]
    return [f'{{"a": "{text}", "$ref": "{text}"}}', talk, f'<!DOCTYPE a SYSTEM "{text}"><a/>']


def samples(outside: Path) -> list[dict[str, Any]]:
    return [
        {"completion": one, "reference": reference, "prompt": text, "info": {"task": text, "choices": [text, "b"]}}
        for text in texts(outside)
        for reference in references(text)
        for one in completion(text)
    ]


def touched(heard: list[tuple[str, str]], outside: Path) -> list[tuple[str, str]]:
    """Events about the bait, and every connection that leaves this machine's own sockets."""
    words = (outside.name, "bait_module", "bait-image", HOST)
    out = ("socket.getaddrinfo", "urllib.Request")
    return [one for one in heard if one[0] in out or any(word in one[1] for word in words)]


def tried(tools: Tools, reward: str, given: list[dict[str, Any]], options: dict[str, Any]) -> None:
    for start in range(0, len(given), 100):
        try:
            tools.score(reward, given[start : start + 100], options)
        except HoldfastError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("wrapped", [False, True], ids=["alone", "as a part"])
@pytest.mark.parametrize("reward", [name for name in OWN if name != "code"])
def test_hostile_samples_load_nothing(reward: str, wrapped: bool, bait: Path, tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    tools = Tools(tmp_path / "served")
    spec = lookup(reward)
    options: dict[str, Any] = {"of": {"a": "exact_match", "b": "json_format"}} if "of" in spec.options else {}
    if wrapped:
        reward, options = "weighted_sum", {"of": {"part": {"reward": reward, **options}}}
    with watched() as heard:
        tried(tools, reward, samples(bait)[:: 1 if not wrapped else 7], options)
    assert not touched(heard, bait) and not (bait / "mark").exists()


@pytest.mark.parametrize("reward", OWN)
def test_hostile_options_load_nothing(reward: str, bait: Path, tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    tools = Tools(tmp_path / "served")
    values = [
        value for text in texts(bait) for value in (text, [text], {"a": text}, {"a": {"reward": text}}, {"$ref": text})
    ]
    given = [{"completion": '{"a": 1}', "reference": "1"}]
    with watched() as heard:
        for option in (*lookup(reward).options, "reference"):
            for value in values:
                tried(tools, reward, given, {option: value})
                tried(tools, "gate", given, {"of": {"p": {"reward": reward, option: value}}})
    assert not touched(heard, bait) and not (bait / "mark").exists()


@pytest.mark.parametrize("reward", OWN)
def test_an_option_that_was_not_declared_safe_is_refused(reward: str, tmp_path: Path) -> None:
    spec = lookup(reward)
    assert (spec.safe_options is None) == (reward in REACHING), "a new reward says what a stranger may set"
    for option in set(spec.options) - set(spec.safe_options or ()):
        with pytest.raises(UsageError, match="refused"):
            Tools(tmp_path).score(reward, [{"completion": "x"}], {option: "x"})


def test_a_reward_that_says_nothing_of_itself_is_refused(tmp_path: Path) -> None:
    @register("test_says_nothing", needs_reference=False)
    def says_nothing(sample: Sample) -> Score:
        """Any package's."""
        return Score.of(True)

    for reward, options in (
        ("test_says_nothing", {}),
        ("weighted_sum", {"of": {"a": "test_says_nothing"}}),
        ("gate", {"of": {"a": {"reward": "clip", "of": {"b": {"reward": "test_says_nothing"}}}}}),
    ):
        with pytest.raises(UsageError, match="'test_says_nothing' is refused here"):
            Tools(tmp_path).score(reward, [{"completion": "x"}], options)


def test_endless_nesting_is_refused(tmp_path: Path) -> None:
    options: dict[str, Any] = {"of": {"a": "exact_match"}}
    for _ in range(200):
        options = {"of": {"a": {"reward": "gate", **options}}}
    with pytest.raises(UsageError, match="nested more than"):
        Tools(tmp_path).score("gate", [{"completion": "x"}], options)


def test_a_server_of_rewards_plays_no_environment_of_its_clients() -> None:
    for config in ("episode", {"reward": "gate", "of": {"a": {"reward": "episode"}}}):
        with pytest.raises(UsageError, match="loads nothing for its clients"):
            Settings({"r": config}).build()


def test_the_watch_hears_what_is_opened_imported_and_asked(bait: Path) -> None:
    import socket

    with watched() as heard:
        import bait_module  # type: ignore[import-not-found]  # noqa: F401

        (bait / "bait.yaml").read_text()
        with pytest.raises(socket.gaierror):
            socket.getaddrinfo(HOST, 80)
    assert (bait / "mark").exists()
    assert {"import", "open", "socket.getaddrinfo"} <= {event for event, _ in touched(heard, bait)}
