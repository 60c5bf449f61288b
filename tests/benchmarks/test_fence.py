"""What the fence around lm-eval relies on, at the pinned version: this fails when upstream moves."""

import inspect
from importlib import metadata

from holdfast.benchmarks.lm_eval_fence import patches


def test_the_version_is_one_that_was_read() -> None:
    assert metadata.version("lm_eval") in patches.READ_VERSIONS


def test_everything_relied_on_is_there_and_takes_what_it_is_given() -> None:
    for owner, name, parameters in patches.relied_on():
        found = inspect.signature(getattr(owner, name)).parameters
        assert list(parameters) == [one for one in found if one in parameters], (owner.__name__, name, list(found))
