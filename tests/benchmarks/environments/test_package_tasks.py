"""verifiers and inspect as they are installed: their tasks, their own scorers, in their own interpreters."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from helpers.foreign import foreign_python

from holdfast.benchmarks.environments.drivers.one_answer import OneAnswer
from holdfast.benchmarks.environments.drivers.process import PackageError, placed_worker
from holdfast.benchmarks.environments.shared.audit import play
from holdfast.environment import Environment, EpisodeError, make_environment
from holdfast.errors import UsageError
from holdfast.sample import Outcome

SCRIPTS = Path(__file__).parent / "scripts"


def verifiers(name: str = "kelp_taskset", **options: Any) -> Environment:
    """The taskset of scripts/, in the package's interpreter."""
    python = foreign_python("verifiers", "verifiers")
    return make_environment(f"verifiers:{name}", path=str(SCRIPTS), python=python, **options)


def inspected(name: str, **options: Any) -> Environment:
    """A task of scripts/kelp_inspect.py."""
    python = foreign_python("inspect", "inspect_ai")
    return make_environment(f"inspect:{SCRIPTS / 'kelp_inspect.py'}@{name}", python=python, **options)


@pytest.mark.slow
def test_a_taskset_of_verifiers() -> None:
    made = verifiers(items=3)
    rows = list(made.tasks("test"))
    episode = made.open(rows[0], 0)
    assert [message["role"] for message in episode.messages] == ["system", "user"]
    said = {"plek": 1.0, "p l e k": 0.0, "kelp": 0.25, "<think>kelp?</think>plek": 1.0, "": 0.0}
    assert {text: play(made, rows[0], lambda _, text=text: text).value for text in said} == said  # type: ignore[misc]
    assert dict(play(made, rows[0], lambda _: "kelp").parts) == {"right": 0.0, "short": 0.25}
    refused = play(made, rows[0], lambda _: "break")
    assert (refused.value, refused.outcome) == (0.0, Outcome.WRONG) and "no dictionary" in refused.reason
    held = made.pinned()  # type: ignore[attr-defined]
    assert (held["package"], held["version"], len(held["sha256"])) == ("verifiers", "0.4.0", 64)
    halved = verifiers(items=1, range=[0, 2])
    assert play(halved, next(iter(halved.tasks("test"))), lambda _: "plek").value == 0.5


@pytest.mark.slow
def test_tasks_of_inspect() -> None:
    made = inspected("spell", items=2)
    rows = list(made.tasks("test"))
    assert [row["key"] for row in rows] == ["kelp", "rock"]
    shown = [message["content"] for message in made.open(rows[0], 0).messages]
    assert shown == ["One word.", "Spell kelp backward.\nANSWER: WORD"]
    assert play(made, rows[0], lambda _: "ANSWER: plek").value == 1.0
    assert play(made, rows[1], lambda _: "ANSWER: plek").value == 0.0
    options = inspected("plants")
    row = next(iter(options.tasks("test")))
    assert [play(options, row, lambda _, x=x: f"ANSWER: {x}").value for x in "AB"] == [0.0, 1.0]  # type: ignore[misc]
    raising = inspected("numbers")
    row = next(iter(raising.tasks("test")))
    assert [play(raising, row, lambda _, x=x: x).value for x in ("4", "5", "x")] == [1.0, 0.0, 0.0]  # type: ignore[misc]


@pytest.mark.slow
def test_what_cannot_be_played_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be played"):
        list(inspected("critic").tasks("test"))
    with pytest.raises(UsageError, match=r"cannot be played.*no_such"):
        list(inspected("no_such").tasks("test"))
    with pytest.raises(UsageError, match="cannot be played"):
        list(verifiers("no_such_taskset").tasks("test"))


@pytest.mark.slow
def test_a_killed_process_has_no_value() -> None:
    made = verifiers(items=1)
    row = next(iter(made.tasks("test")))
    worker = placed_worker("verifiers_worker.py", made.python, made.path)  # type: ignore[attr-defined]
    worker._timeout, before = -1.0, worker._timeout
    try:
        assert play(made, row, lambda _: "plek").outcome == Outcome.ERROR
    finally:
        worker._timeout = before
    assert play(made, row, lambda _: "plek").value == 1.0


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("inspect:gsm8k", "takes module@task"),
        ("inspect:/no/file.py@x", "no file"),
        ("verifiers:", "takes an address"),
        ("inspect:module@", "takes module@task"),
    ],
)
def test_addresses_that_are_none_are_refused(address: str, wanted: str) -> None:
    with pytest.raises(UsageError, match=wanted):
        make_environment(address)


def test_a_scorer_that_always_raises_is_broken_and_one_that_refuses_an_answer_is_not() -> None:
    def broken(answer: str) -> Mapping[str, Any]:
        raise PackageError("no engine")

    def picky(answer: str) -> Mapping[str, Any]:
        return {"value": float(int(answer) == 0)}

    def picking(answer: str) -> Mapping[str, Any]:
        try:
            return picky(answer)
        except ValueError as error:
            raise PackageError(str(error)) from error

    def gone(answer: str) -> Mapping[str, Any]:
        raise EpisodeError("it died")

    def scored(judge: Any, said: str) -> Any:
        episode = OneAnswer([], judge)
        episode.step({"role": "assistant", "content": said})
        return episode.score()

    assert scored(broken, "x").outcome == Outcome.ERROR
    assert (scored(picking, "x").value, scored(picking, "0").value) == (0.0, 1.0)
    with pytest.raises(EpisodeError):
        scored(gone, "x")
