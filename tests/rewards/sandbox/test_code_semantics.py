"""Python as tests use it, carried over to the program's process: right programs pass, wrong ones fail."""

import pytest
from helpers.code_semantics import CASES
from helpers.sandboxes import DOCKER_SLOW, need

from holdfast.reward import Reward
from holdfast.rewards.sandbox.source.test_source import watches_the_process
from holdfast.sample import Sample


@pytest.mark.parametrize("backend", DOCKER_SLOW)
def test_right_programs_pass_and_wrong_ones_fail_in_full_isolation(backend: str) -> None:
    reward = Reward("code", backend=need(backend), timeout=10.0)
    good = reward.score_batch([Sample(right, tests) for tests, right, _ in CASES.values()])
    bad = reward.score_batch([Sample(wrong, tests) for tests, _, wrong in CASES.values()])
    assert {n: s.reason for n, s in zip(CASES, good, strict=True) if s.value != 1.0} == {}
    assert {n: s.reason for n, s in zip(CASES, bad, strict=True) if s.value != 0.0} == {}
    assert not [score for score in good if "partial" in score.reason]


WATCHING = {
    "logs": "from solution import f\ndef test_a(caplog):\n    f()\n    assert 'w' in caplog.text\n",
    "warnings": "import pytest\nfrom solution import f\n"
    "def test_a():\n    with pytest.warns(UserWarning):\n        f()\n",
    "a patched module": "from unittest.mock import patch\nfrom solution import f\n"
    "@patch('os.getpid', return_value=7)\ndef test_a(p):\n    assert f() == 7\n",
    "a signature": "import inspect\nfrom solution import f\ndef test_a():\n"
    "    assert list(inspect.signature(f).parameters) == []\n",
}
NOISY = (
    "import logging, os, warnings\ndef f():\n    logging.warning('w')\n    warnings.warn('w')\n    return os.getpid()\n"
)


@pytest.mark.bubblewrap
@pytest.mark.parametrize("name", WATCHING)
def test_tests_that_watch_the_programs_process_judge_nobody_who_fails_them(name: str) -> None:
    score = Reward("code", backend=need("bubblewrap")).score(Sample(NOISY, {"tests": WATCHING[name]}))
    assert score.value is None and "own process" in score.reason, score


WATCHED = (
    *WATCHING.values(),
    "from warnings import catch_warnings\ndef test_a():\n    with catch_warnings(): f()\n",
    "from inspect import getsource as g\nassert g(f)\n",
    "import inspect\nassert inspect.getfullargspec(f)\n",
    "class T(unittest.TestCase):\n    def test_a(self):\n        with self.assertLogs(): f()\n",
    "class T(unittest.TestCase):\n    def test_a(self):\n        with self.assertWarnsRegex(UserWarning, 'w'): f()\n",
    "def test_a(monkeypatch):\n    monkeypatch.setattr('os.getpid', lambda: 7)\n    assert f() == 7\n",
    "def test_a(mocker):\n    mocker.patch('os.getpid')\n    assert f() == 7\n",
    "import unittest.mock\n@unittest.mock.patch('os.getpid')\ndef test_a(p):\n    assert f() == 7\n",
)
NOT_WATCHED = (
    "# caplog and recwarn are not used here\ndef test_a():\n    assert f() == 7\n",
    'def test_a():\n    """No pytest.warns, inspect.signature or catch_warnings."""\n    assert f() == 7\n',
    "assert f('pytest.warns(UserWarning)') == 'assertLogs'\n",
    "assert f(\"patch('os.getpid')\") == 7\n",
    "assert client.patch('users').status == 200\n",
    "setattr(thing, 'os', 7)\nassert f(thing) == 7\n",
    "from unittest.mock import patch\n@patch('solution.helper')\ndef test_a(p):\n    assert f() == 7\n",
    "def test_a(monkeypatch):\n    monkeypatch.setattr('builtins.input', lambda: '7')\n    assert f() == 7\n",
    "assert signature(f) == 7\n",
)


def test_what_watches_the_process_is_read_off_the_tree() -> None:
    """A comment, a docstring or a text that names it watches nothing: who fails such tests is wrong."""
    assert [source for source in WATCHED if not watches_the_process([source])] == []
    assert [source for source in NOT_WATCHED if watches_the_process([source])] == []


@pytest.mark.bubblewrap
def test_who_fails_tests_that_only_mention_it_is_wrong() -> None:
    tests = "from solution import f\ndef test_a():\n    # no caplog, no pytest.warns\n    assert f() == 'w'\n"
    assert Reward("code", backend=need("bubblewrap")).score(Sample(NOISY, {"tests": tests})).value == 0.0


@pytest.mark.bubblewrap
def test_a_class_of_the_tests_that_derives_from_the_programs_is_unjudgeable() -> None:
    tests = "from solution import Base\nclass Own(Base):\n    pass\ndef test_a():\n    assert Own().x == 1\n"
    score = Reward("code", backend=need("bubblewrap")).score(Sample("class Base: x = 1", {"tests": tests}))
    assert score.value is None, score
