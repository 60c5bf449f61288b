"""Python as tests use it, carried over to the program's process: right programs pass, wrong ones fail."""

import pytest
from helpers.code_semantics import CASES
from helpers.sandboxes import DOCKER_SLOW, need

from holdfast.reward import Reward
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


@pytest.mark.bubblewrap
def test_a_class_of_the_tests_that_derives_from_the_programs_is_unjudgeable() -> None:
    tests = "from solution import Base\nclass Own(Base):\n    pass\ndef test_a():\n    assert Own().x == 1\n"
    score = Reward("code", backend=need("bubblewrap")).score(Sample("class Base: x = 1", {"tests": tests}))
    assert score.value is None, score
