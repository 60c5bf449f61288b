"""Foreign packages in processes of their own: what they print, raise, or take with them."""

import sys
import threading
from pathlib import Path

import pytest

from holdfast.benchmarks.environments.drivers import guest as guests
from holdfast.benchmarks.environments.drivers.guest import Guest, GuestError, interpreter
from holdfast.benchmarks.environments.drivers.scores import foreign_score
from holdfast.environment import EpisodeError
from holdfast.errors import UsageError
from holdfast.sample import Outcome

CODE = """
import os, time
print("a package that prints when it is imported")
def add(a, b):
    print("and when it is called")
    return a + b
def fail():
    raise KeyError("gone")
def die():
    os._exit(3)
def sleep():
    time.sleep(60)
METHODS = {"add": add, "fail": fail, "die": die, "sleep": sleep}
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Guest:
    """A guest of the code above."""
    (tmp_path / "sums.py").write_text(CODE)
    loop = guests._FOLDER / "loop.py"
    (tmp_path / "loop.py").write_text(loop.read_text())
    monkeypatch.setattr(guests, "_FOLDER", tmp_path)
    found = Guest("sums", sys.executable, timeout=20.0)
    yield found  # type: ignore[misc]
    found.close()


def test_what_it_prints_is_no_answer(made: Guest) -> None:
    assert [made.call("add", a=number, b=1) for number in range(5)] == [1, 2, 3, 4, 5]


def test_an_exception_is_told_and_the_process_goes_on(made: Guest) -> None:
    with pytest.raises(GuestError, match="KeyError: 'gone'"):
        made.call("fail")
    assert made.call("add", a=1, b=1) == 2


def test_a_dead_process_has_no_answer_and_is_started_again(made: Guest) -> None:
    with pytest.raises(EpisodeError, match="process failed"):
        made.call("die")
    assert made.call("add", a=2, b=2) == 4


def test_a_silent_process_is_ended(made: Guest) -> None:
    made.call("add", a=1, b=1)
    made.timeout = 0.2
    with pytest.raises(EpisodeError, match=r"no answer in 0\.2 s"):
        made.call("sleep")
    made.timeout = 20.0
    assert made.call("add", a=2, b=3) == 5


def test_many_threads_get_their_own_answers(made: Guest) -> None:
    found: dict[int, int] = {}

    def ask(number: int) -> None:
        found[number] = made.call("add", a=number, b=number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(32)]
    [thread.start() for thread in threads]  # type: ignore[func-returns-value]
    [thread.join() for thread in threads]  # type: ignore[func-returns-value]
    assert found == {number: 2 * number for number in range(32)}


def test_a_missing_package_says_how_to_get_it() -> None:
    with pytest.raises(UsageError, match=r"pip install no-such-package"):
        interpreter("no-such-package", "no_such_module", None)
    with pytest.raises(UsageError, match="no interpreter at /nowhere"):
        interpreter("no-such-package", "no_such_module", "/nowhere")


@pytest.mark.parametrize(
    ("value", "outcome"),
    [(1.0, "correct"), (True, "correct"), (0, "wrong"), (0.25, "partial"), (None, "error"), (float("nan"), "error"),
     (1.5, "error"), (-0.1, "error"), ("1", "error"), ([1.0], "error")],
)  # fmt: skip
def test_foreign_values_become_outcomes(value: object, outcome: str) -> None:
    assert foreign_score(value).outcome == Outcome(outcome)
