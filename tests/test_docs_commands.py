"""Every command that README.md and docs/ show is one that the command line takes: verbs, keys, values, names."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.docs_commands import Shown, shown
from helpers.paths import ROOT
from helpers.tutorials import blocks

from holdfast.cli import VERBS, load
from holdfast.cli.grammar import bind, split
from holdfast.errors import UsageError
from holdfast.registry import names

COMMANDS = list(dict.fromkeys(shown()))


def test_the_commands_are_found() -> None:
    assert {command.verb for command in COMMANDS} >= set(VERBS) - {"doctor"}
    assert len(COMMANDS) > 120
    assert any(len(command.words) > 6 and command.verb == "train" for command in COMMANDS), "continued lines"


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_it_is_taken(command: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder with the files that a tutorial writes before it."""
    assert command.verb in VERBS
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for block in blocks(ROOT / command.page) if command.page.startswith("docs/tutorials/") else ():
        if block.mark == "file":
            Path(block.value).write_text(block.text)
        for script in re.findall(r"^python (\S+)$", block.text, re.MULTILINE) if block.language == "sh" else ():
            subprocess.run([sys.executable, script], check=True)
    if command.verb == "train":
        _train(command)
    elif command.verb == "eval":
        _eval(command)
    else:
        _bound(command)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("trainer=sft", "data.replay.ratoi=0.1"), "ratoi"),
        (("trainer=sft", "trainer.args.learning_rat=1"), "learning_rat"),
        (("trainer=grpo", "reward=maht"), "maht"),
        (("data=gsm8",), "gsm8"),
        (("suite=quik",), "quik"),
    ],
)
def test_a_command_that_rots_would_be_noticed(words: tuple[str, ...], expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        _train(Shown("nowhere", "train", words, True))


def _bound(command: Shown) -> None:
    """Of the verbs with a schema: every key and value fits, and nothing that is required is missing."""
    parsed = split(command.words)
    module = load(command.verb)
    assert not parsed.rest, f"no such flag: {parsed.rest}"
    settings = dict(parsed.settings)
    if not command.whole:
        required = [f for f in dataclasses.fields(module.Options) if f.default is f.default_factory]
        settings = {field.name: "x" for field in required} | settings
    options = bind(module.Options, settings, command.verb)
    if command.verb in ("data", "rewards") and parsed.paths and parsed.paths[0].isalpha():
        known = (*module.ACTIONS, *(names() if command.verb == "rewards" else ()))
        assert parsed.paths[0] in known
    _known_names(options, parsed.settings)


def _known_names(options: Any, given: dict[str, str]) -> None:
    from holdfast.benchmarks.suites.suite import load_suite
    from holdfast.trainers.run.rewards import rewards_of

    if "suite" in given and not given["suite"].endswith((".yaml", ".yml")):
        load_suite(options.suite)
    reward = getattr(options, "reward", None)
    if (
        "reward" in given
        and isinstance(reward, str)
        and not reward.endswith((".yaml", ".yml"))
        and reward.isidentifier()
    ):
        rewards_of(reward)


def _eval(command: Shown) -> None:
    from holdfast.benchmarks.suites.compose import compose, jobs
    from holdfast.benchmarks.suites.suite import load_suite

    words = [word for word in command.words if not word.startswith("--")]
    several = "-m" in words
    words = [word for word in words if word != "-m"]
    for job in jobs(words) if several else [words]:
        config = compose(job)
        if any(word.startswith("suite=") for word in job):
            load_suite(config.suite)


def _train(command: Shown) -> None:
    from holdfast.benchmarks.suites.suite import load_suite
    from holdfast.trainers.run.rewards import rewards_of
    from holdfast.trainers.settings import trl_args
    from holdfast.trainers.settings.compose import compose

    words = [word for word in command.words if not word.startswith("-")]
    if any(word.startswith("from=") for word in words):
        assert len(words) == 1
        return
    words = [_first(word) for word in words]
    config = compose(words)
    trl_args.check(config.trainer.name, config.trainer.args)
    assert set(config.target) <= set(load_suite(config.suite).names)
    if config.reward or config.data.reward:
        rewards_of(config.reward or config.data.reward)


def _first(word: str) -> str:
    """The first of the values that a sweep goes through."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from holdfast.config import quoted

    if found := re.search(r"=(?:tag\(.*?)?interval\(([^,]+),", word):
        return f"{word.partition('=')[0]}={found[1]}"
    parsed = OverridesParser.create().parse_override(quoted(word))
    if not parsed.is_sweep_override():
        return word
    return f"{word.partition('=')[0]}={next(iter(parsed.sweep_string_iterator()))}"
