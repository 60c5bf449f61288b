"""Garbage collection kept off, in calls within calls, and afterwards as it was."""

import gc
from collections.abc import Iterator

import pytest

from holdfast.process.uncollected import uncollected


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    gc.enable()


@pytest.mark.parametrize("was", [True, False])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_off_until_the_outermost_ends(was: bool, depth: int) -> None:
    (gc.enable if was else gc.disable)()

    def within(left: int) -> None:
        with uncollected():
            assert not gc.isenabled()
            if left:
                within(left - 1)
            assert not gc.isenabled(), "an inner one does not switch it on again"

    within(depth)
    assert gc.isenabled() is was


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_on_again_after_an_error(error: type[BaseException]) -> None:
    with pytest.raises(error), uncollected(), uncollected():
        raise error
    assert gc.isenabled()
